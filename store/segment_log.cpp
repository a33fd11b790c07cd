#include "store/segment_log.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "store/segment_file.h"

namespace weir::store {
namespace {

constexpr std::string_view kSuffix = ".segment";
constexpr std::string_view kAside = ".corrupt";
constexpr std::string_view kNew = ".new";  // of a segment that takes the place of another when it is whole
constexpr std::size_t kNumberDigits = 10;

// "0000000042.segment" is 42; 0 when it is no segment.
std::uint32_t number_of(const std::string& name) {
  if (name.size() != kNumberDigits + kSuffix.size() || !name.ends_with(kSuffix)) return 0;
  std::uint32_t number = 0;
  auto [end, error] = std::from_chars(name.data(), name.data() + kNumberDigits, number);
  return error == std::errc{} && end == name.data() + kNumberDigits ? number : 0;
}

Result<> write_all(int fd, std::uint64_t offset, std::string_view data) {
  while (!data.empty()) {
    ssize_t n = ::pwrite(fd, data.data(), data.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(errno, "write");
    data.remove_prefix(static_cast<std::size_t>(n));
    offset += static_cast<std::uint64_t>(n);
  }
  return {};
}

Result<std::uint64_t> size_of(int fd) {
  struct stat st{};
  if (::fstat(fd, &st) != 0) return fail_errno(errno, "stat");
  return static_cast<std::uint64_t>(st.st_size);
}

std::string_view header_bytes(const SegmentHeader& header) {
  return {reinterpret_cast<const char*>(&header), sizeof header};
}

std::uint64_t inode_of(int fd) {
  struct stat st{};
  return ::fstat(fd, &st) == 0 ? st.st_ino : 0;
}

void sync_folder(const std::filesystem::path& folder) {
  Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd) ::fsync(fd.get());
}

// The first free name of "x.corrupt", "x.corrupt.1", …
std::filesystem::path aside_name(const std::filesystem::path& file) {
  std::filesystem::path name = file;
  name += kAside;
  std::error_code error;
  for (int i = 1; std::filesystem::exists(name, error); ++i) {
    name = file;
    name += fmt::format("{}.{}", kAside, i);
  }
  return name;
}

bool is_too_large(std::string_view head, std::string_view body) {
  return head.empty() || head.size() > kMaxHead || body.size() > kMaxBody;
}

Error too_large(std::string_view head, std::string_view body) {
  return fail("append a record of {} and {} bytes: too large", head.size(), body.size()).error();
}

struct WrittenSegment {
  std::uint64_t size = sizeof(SegmentHeader);
  std::vector<std::pair<Place, std::string>> heads;
};

// Writes a whole segment; what fails leaves no file.
Result<WrittenSegment> write_segment(const std::filesystem::path& to, std::uint32_t number,
                                     const SegmentLog::Fill& fill) {
  Fd fd(::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
  if (!fd) return fail_errno(errno, "create {}", to.string());
  WrittenSegment segment;
  Result<> written = write_all(fd.get(), 0, header_bytes(SegmentHeader{}));
  if (written) {
    written = fill([&](std::string_view head, std::string_view body) -> Result<> {
      if (is_too_large(head, body)) return fail(too_large(head, body));
      std::string data = make_record_front(head, body).append(body);
      auto ok = write_all(fd.get(), segment.size, data);
      Place place{number, static_cast<std::uint32_t>(segment.size), static_cast<std::uint32_t>(data.size())};
      segment.heads.emplace_back(place, std::string(head));
      segment.size += data.size();
      return ok;
    });
  }
  if (written && ::fsync(fd.get()) != 0) written = fail_errno(errno, "sync");
  if (written) return segment;
  ::unlink(to.c_str());
  return fail("{}: {}", to.string(), written.error().message);
}

// Whether any of its bytes is; fails when not all can be read.
Result<bool> is_damaged(int fd) {
  auto size = size_of(fd);
  if (!size) return fail(size.error());
  auto header = check_header(fd);
  if (!header) return fail(header.error());
  ScanResult scan = scan_segment(fd, 0, *size, Verify::all, [](Place, std::string_view) {});
  if (scan.refused != 0) return fail("{}", errno_text(scan.refused));
  return *header == HeaderState::not_ours || scan.bad_at != 0;
}

// Copies the sound records of a segment.
Result<> copy_sound(int from, const SegmentLog::Append& append) {
  auto size = size_of(from);
  if (!size) return fail(size.error());
  Result<> copied;
  auto copy = [&](Place place, std::string_view) {
    if (!copied) return;
    auto record = read_record(from, place);
    copied = record ? append(record->head, record->body) : fail(record.error());
  };
  ScanResult scan = scan_segment(from, 0, *size, Verify::all, copy);
  if (copied && scan.refused != 0) return fail("{}", errno_text(scan.refused));
  return copied;
}

// The segment's name is *.corrupt from now on, and its sound records take its own; at no time is neither
// there. Gives the new name.
Result<std::filesystem::path> set_aside(const std::filesystem::path& segment,
                                        const std::filesystem::path& sound) {
  std::filesystem::path aside = aside_name(segment);
  // Not every file system has links.
  bool is_linked = ::link(segment.c_str(), aside.c_str()) == 0;
  if (!is_linked && ::rename(segment.c_str(), aside.c_str()) != 0)
    return fail_errno(errno, "rename {}", segment.string());
  if (::rename(sound.c_str(), segment.c_str()) == 0) return aside;
  auto error = fail_errno(errno, "rename {}", sound.string());
  (void)(is_linked ? ::unlink(aside.c_str()) : ::rename(aside.c_str(), segment.c_str()));
  return error;
}

}  // namespace

std::filesystem::path SegmentLog::file(std::uint32_t segment) const {
  return options_.path / fmt::format("{:010}{}", segment, kSuffix);
}

void SegmentLog::set_size(std::uint32_t segment, std::uint64_t bytes) {
  std::uint64_t& size = sizes_[segment];
  bytes_ += bytes - size;
  size = bytes;
}

void SegmentLog::forget(std::uint32_t segment) {
  set_size(segment, 0);
  sizes_.erase(segment);
}

Result<std::unique_ptr<SegmentLog>> SegmentLog::open(Options options, const Visit& visit) {
  std::unique_ptr<SegmentLog> log(new SegmentLog(std::move(options)));
  if (auto ok = log->make_folder(); !ok) return fail(ok.error());
  std::error_code error;
  std::vector<std::uint32_t> numbers;
  for (std::filesystem::directory_iterator entry(log->options_.path, error), end; !error && entry != end;
       entry.increment(error)) {
    std::string name = entry->path().filename().string();
    if (std::uint32_t number = number_of(name)) numbers.push_back(number);
    // Left by a crash: what it was to replace is still there.
    if (name.ends_with(kNew) && number_of(name.substr(0, name.size() - kNew.size())) != 0)
      ::unlink(entry->path().c_str());
  }
  if (error) return fail("list {}: {}", log->options_.path.string(), error.message());
  std::sort(numbers.begin(), numbers.end());
  if (!numbers.empty()) {
    log->newest_at_open_ = numbers.back();
    log->next_number_ = numbers.back() + 1;
  }
  for (std::uint32_t number : numbers) log->load_or_note(number, visit);
  return log;
}

void SegmentLog::read_unread(const Visit& visit) {
  for (const auto& [segment, why] : std::exchange(unread_, {})) load_or_note(segment, visit);
}

void SegmentLog::load_or_note(std::uint32_t segment, const Visit& visit) {
  if (auto ok = load(segment, visit); !ok) unread_[segment] = ok.error().message;
}

// Makes the folder when it is missing, and locks it.
Result<> SegmentLog::make_folder() {
  std::error_code error;
  std::filesystem::create_directories(options_.path, error);
  if (error) return fail("create {}: {}", options_.path.string(), error.message());
  std::filesystem::path lock = options_.path / "lock";
  Fd fd(::open(lock.c_str(), O_RDONLY | O_CREAT | O_CLOEXEC, 0640));
  if (!fd) return fail_errno(errno, "open {}", lock.string());
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
    return fail("lock {}: another process uses this folder", options_.path.string());
  lock_ = std::move(fd);
  return {};
}

// Fails when it cannot be read now.
Result<> SegmentLog::load(std::uint32_t segment, const Visit& visit) {
  std::filesystem::path path = file(segment);
  bool newest = segment == newest_at_open_;
  Fd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  // What is there can be shown all the same.
  bool read_only = !fd && (errno == EROFS || errno == EACCES || errno == EPERM);
  if (read_only) fd = Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd && errno == ENOENT) return {};  // somebody has moved it away meanwhile
  if (!fd) return fail_errno(errno, "open {}", path.string());
  auto size = size_of(fd.get());
  if (!size) return fail("{}: {}", path.string(), size.error().message);
  auto header = check_header(fd.get());
  if (!header) return fail("read {}: {}", path.string(), header.error().message);
  if (*header == HeaderState::later_version) {
    set_aside_.push_back(path.string() + ": left alone: written by a later version of weir");
    return {};
  }
  if (newest && *size < sizeof(SegmentHeader)) {  // cut while it was begun: holds nothing
    ::unlink(path.c_str());
    return {};
  }

  // What stands in the newest one may have been written when the power went.
  std::vector<std::pair<Place, std::string>> records;
  ScanResult scan = scan_segment(
      fd.get(), segment, *size, newest ? Verify::all : Verify::heads,
      [&](Place place, std::string_view head) { records.emplace_back(place, std::string(head)); });
  if (scan.refused != 0) return fail_errno(scan.refused, "read {}", path.string());
  bool is_torn = scan.bad_at != 0 && newest && !scan.good_after;
  if (*header == HeaderState::not_ours || (scan.bad_at != 0 && !is_torn)) {
    auto salvaged = salvage(segment, visit);
    return salvaged ? Result<>() : fail(salvaged.error());
  }
  if (is_torn && !read_only && ::ftruncate(fd.get(), static_cast<off_t>(scan.good_end)) != 0)
    return fail_errno(errno, "cut the torn end of {}", path.string());
  set_size(segment, scan.good_end);
  // What is written now has no place in a file that says it is of an earlier version.
  bool goes_on = newest && *header == HeaderState::good && segment + 1 == next_number_;
  if (goes_on && !read_only) active_number_ = segment;
  for (const auto& [place, head] : records) visit(place, head);
  return {};
}

Result<bool> SegmentLog::salvage(std::uint32_t segment, const Visit& visit) {
  std::filesystem::path path = file(segment);
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  bool is_gone = !fd && errno == ENOENT;
  if (!fd && !is_gone) return fail_errno(errno, "open {}", path.string());
  if (is_gone) {
    if (segment == active_number_) close_active();
    forget(segment);
    return true;
  }
  auto damaged = is_damaged(fd.get());
  if (!damaged) return fail("read {}: {}", path.string(), damaged.error().message);
  if (!*damaged) return false;
  std::filesystem::path sound = path;
  sound += kNew;
  auto written = write_segment(sound, segment, [&](const Append& to) { return copy_sound(fd.get(), to); });
  if (!written)
    return fail("{} is corrupt; keep its sound records: {}", path.string(), written.error().message);
  auto aside = store::set_aside(path, sound);
  if (!aside) {
    ::unlink(sound.c_str());
    return fail(aside.error());
  }
  sync_folder(options_.path);
  if (segment == active_number_) close_active();
  set_aside_.push_back(aside->string() + ": corrupt; its sound records were kept");
  set_size(segment, written->size);
  for (const auto& [place, head] : written->heads) visit(place, head);
  return true;
}

Result<> SegmentLog::rewrite(std::uint32_t segment, const Fill& fill, const Visit& visit) {
  std::filesystem::path path = file(segment);
  std::filesystem::path fresh = path;
  fresh += kNew;
  auto written = write_segment(fresh, segment, fill);
  if (!written) return fail(written.error());
  if (::rename(fresh.c_str(), path.c_str()) != 0) {
    auto error = fail_errno(errno, "rename {}", fresh.string());
    ::unlink(fresh.c_str());
    return error;
  }
  sync_folder(options_.path);
  set_size(segment, written->size);
  for (const auto& [place, head] : written->heads) visit(place, head);
  return {};
}

bool SegmentLog::would_begin() {
  leave_if_gone();
  auto size = sizes_.find(active_number_);
  return active_number_ == 0 || torn_ || size == sizes_.end() || size->second >= options_.segment_bytes;
}

void SegmentLog::close_active() {
  // What the disk refuses here shows as a torn segment at the next open.
  if (active_) (void)::fdatasync(active_.get());
  active_.reset();
  active_number_ = 0;
  torn_ = false;
}

Result<> SegmentLog::begin_segment() {
  close_active();
  std::filesystem::path path = file(next_number_);
  auto create = [&] { return Fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640)); };
  Fd fd = create();
  if (!fd && errno == ENOENT) {  // somebody has removed the folder
    if (auto ok = make_folder(); !ok) return ok;
    fd = create();
  }
  if (!fd) return fail_errno(errno, "create {}", path.string());
  if (auto ok = write_all(fd.get(), 0, header_bytes(SegmentHeader{})); !ok) {
    ::unlink(path.c_str());
    return fail("{}: {}", path.string(), ok.error().message);
  }
  sync_folder(options_.path);
  active_inode_ = inode_of(fd.get());
  active_ = std::move(fd);
  active_number_ = next_number_++;
  set_size(active_number_, sizeof(SegmentHeader));
  return {};
}

// What is written to a file that somebody has removed, or moved, is written to nowhere.
void SegmentLog::leave_if_gone() {
  struct stat st{};
  if (!active_) return;
  bool is_there = ::stat(file(active_number_).c_str(), &st) == 0 ? st.st_ino == active_inode_
                                                                 : errno != ENOENT && errno != ENOTDIR;
  if (is_there) return;
  forget(active_number_);
  close_active();
}

// All of it or nothing.
Result<> SegmentLog::write_at_end(std::string_view data) {
  std::uint64_t end = sizes_[active_number_];
  auto written = write_all(active_.get(), end, data);
  if (written && options_.sync == Sync::each && ::fdatasync(active_.get()) != 0)
    written = fail_errno(errno, "sync");
  if (written) return {};
  torn_ = ::ftruncate(active_.get(), static_cast<off_t>(end)) != 0;
  return fail("{}: {}", file(active_number_).string(), written.error().message);
}

Result<> SegmentLog::open_active() {
  if (would_begin()) return begin_segment();
  if (active_) return {};
  std::filesystem::path path = file(active_number_);
  active_ = Fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!active_) {
    auto error = fail_errno(errno, "open {}", path.string());
    active_number_ = 0;  // the next record begins another one
    return error;
  }
  active_inode_ = inode_of(active_.get());
  return {};
}

Result<Place> SegmentLog::append(std::string_view head, std::string_view body) {
  Record record{head, body};
  auto places = append_all({&record, 1});
  if (!places) return fail(places.error());
  return places->front();
}

Result<std::vector<Place>> SegmentLog::append_all(std::span<const Record> records) {
  for (const auto& [head, body] : records)
    if (is_too_large(head, body)) return fail(too_large(head, body));
  if (auto ok = open_active(); !ok) return fail(ok.error());
  std::uint64_t end = sizes_[active_number_];
  std::string data;
  std::vector<Place> places;
  for (const auto& [head, body] : records) {
    std::size_t from = data.size();
    data.append(make_record_front(head, body)).append(body);
    places.push_back({active_number_, static_cast<std::uint32_t>(end + from),
                      static_cast<std::uint32_t>(data.size() - from)});
  }
  if (auto ok = write_at_end(data); !ok) return fail(ok.error());
  set_size(active_number_, end + data.size());
  return places;
}

ReadResult<SegmentReader> SegmentLog::reader(std::uint32_t segment) const {
  std::filesystem::path path = file(segment);
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd) return SegmentReader(std::move(fd), std::move(path));
  auto why = errno == ENOENT ? ReadError::Why::gone : ReadError::Why::refused;
  return fail_read(why, "open {}: {}", path.string(), errno_text(errno));
}

ReadResult<LogContent> SegmentReader::read(Place place) const {
  auto content = read_record(fd_.get(), place);
  if (content) return content;
  return fail_read(content.error().why, "read {} at {}: {}", path_.string(), place.offset,
                   content.error().message);
}

ReadResult<LogContent> SegmentLog::read(Place place) const {
  auto segment = reader(place.segment);
  if (!segment) return fail_read(segment.error());
  return segment->read(place);
}

Result<> SegmentLog::visit_heads(std::uint32_t segment, const Visit& visit) const {
  std::filesystem::path path = file(segment);
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno(errno, "open {}", path.string());
  auto size = size_of(fd.get());
  if (!size) return fail(size.error());
  ScanResult scan = scan_segment(fd.get(), segment, *size, Verify::heads, visit);
  if (scan.refused != 0) return fail_errno(scan.refused, "read {}", path.string());
  return {};
}

bool SegmentLog::remove(std::uint32_t segment) {
  if (::unlink(file(segment).c_str()) != 0 && errno != ENOENT) return false;
  forget(segment);
  return true;
}

}  // namespace weir::store
