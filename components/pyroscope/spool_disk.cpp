#include "components/pyroscope/spool_disk.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "store/coding.h"

namespace weir::pyroscope {
namespace {

enum Kind : std::uint8_t { kProfile = 1, kDone = 2 };

constexpr std::size_t kNumbersPerRecord = 16384;      // a head holds no more than 256 KiB
constexpr std::uint64_t kUnreadNumbers = 1ull << 32;  // more than what could not be read may have used
constexpr std::uint64_t kRestingBytes = 256u << 10;   // what an empty queue may take

struct ProfileHead {
  WallTime start;
  std::uint64_t profile_bytes = 0, raw_bytes = 0;
  std::string_view service;
  std::uint64_t number = 0;
};

std::string encode_head(const PushRequest& request, std::uint64_t number) {
  store::ByteWriter out;
  out.byte(kProfile);
  out.signed_number(
      std::chrono::duration_cast<std::chrono::nanoseconds>(request.start.time_since_epoch()).count());
  out.number(request.profile_bytes);
  out.number(request.raw_bytes);
  out.text(request.service);
  out.number(number);
  return out.take();
}

ProfileHead read_profile_head(store::ByteReader& in) {
  ProfileHead head;
  head.start =
      WallTime(std::chrono::duration_cast<WallTime::duration>(std::chrono::nanoseconds(in.signed_number())));
  head.profile_bytes = in.number();
  head.raw_bytes = in.number();
  head.service = in.text();
  head.number = in.at_end() ? 0 : in.number();  // 0: as an earlier weir wrote it
  return head;
}

// Where the place stood for what is a number now.
std::uint64_t number_of(std::uint64_t segment, std::uint64_t offset) {
  return segment << 32 | (offset & 0xffffffff);
}

void read_done(store::ByteReader& in, SpoolDisk::Numbers& done) {
  std::vector<std::uint64_t>& numbers = done[std::string(in.text())];
  std::size_t count = in.count(1);
  store::ByteReader places = in;
  for (std::size_t left = count; left > 0; --left) {
    if (std::uint64_t number = in.number(); !in.failed()) numbers.push_back(number);
  }
  if (in.at_end()) return;
  numbers.clear();
  for (; count > 0; --count) {
    std::uint64_t segment = places.number();
    std::uint64_t number = number_of(segment, places.number());
    if (!places.failed()) numbers.push_back(number);
  }
}

// Puts what the records say together. What a later version may have written besides is left out.
class Finder {
 public:
  explicit Finder(std::vector<SpoolDisk::Found>& found) : found_(found) {}

  void visit(store::Place place, std::string_view head) {
    store::ByteReader in(head);
    std::uint8_t kind = in.byte();
    if (kind == kProfile) {
      ProfileHead profile = read_profile_head(in);
      if (in.failed()) return;
      if (profile.number == 0) profile.number = number_of(place.segment, place.offset);
      last_ = std::max(last_, profile.number);
      at_[profile.number] = found_.size();
      found_.push_back(
          {{place, profile.number}, profile.start, profile.profile_bytes, profile.raw_bytes, {}});
    } else if (kind == kDone) {
      SpoolDisk::Numbers done;
      read_done(in, done);
      for (const auto& [key, numbers] : done) {
        for (std::uint64_t number : numbers) mark(key, number);
      }
    }
  }
  // The highest number that was ever used, as far as it matters.
  std::uint64_t last() const { return last_; }

 private:
  void mark(const std::string& key, std::uint64_t number) {
    last_ = std::max(last_, number);
    if (auto it = at_.find(number); it != at_.end()) found_[it->second].done_by.push_back(key);
  }

  std::vector<SpoolDisk::Found>& found_;
  std::unordered_map<std::uint64_t, std::size_t> at_;
  std::uint64_t last_ = 0;
};

}  // namespace

bool SpoolDisk::run(Job& job, Duration patience) {
  std::unique_lock lock(one_job_, patience);
  if (!lock) return false;
  if (!std::exchange(job.is_over, true)) do_job(job);
  return true;
}

void SpoolDisk::do_job(Job& job) {
  if (log_ && !is_there()) {
    log_.reset();
    job.is_gone = true;
    job.error = folder_.string() + ": somebody removed it";
    return;
  }
  if (!log_) open(job);
  if (!log_) return;
  append(job);
  auto written = write_done(job.done);
  job.done_is_written = written.has_value();
  if (!written) job.error = written.error().message;
  // What is needed of what was just found, nobody has said yet.
  if (!job.was_opened) {
    remove_unneeded(job);
    remove_delivered(job);
  }
  job.log = log_;
  job.bytes = log_->bytes();
  job.segments = static_cast<std::uint32_t>(log_->segments().size());
  job.active = log_->active();
}

// Files that were removed can be written to for as long as they are open.
bool SpoolDisk::is_there() const {
  std::error_code error;
  // What cannot be looked at may well be there.
  return std::filesystem::exists(folder_ / "lock", error) || error;
}

void SpoolDisk::open(Job& job) {
  Finder finder(job.found);
  auto log =
      store::SegmentLog::open({.path = folder_, .segment_bytes = segment_bytes_},
                              [&](store::Place place, std::string_view head) { finder.visit(place, head); });
  if (!log) {
    job.error = log.error().message;
    job.found.clear();
    return;
  }
  log_ = *std::move(log);
  next_number_ = std::max(next_number_, finder.last() + 1);
  for (const auto& [segment, why] : log_->unread()) job.unread.push_back(why);
  unread_below_ = job.unread.empty() ? 0 : next_number_;
  if (!job.unread.empty()) next_number_ += kUnreadNumbers;
  numbers_.clear();
  for (const auto& found : job.found) remember(found.entry);
  job.was_opened = true;
  job.set_aside = log_->set_aside();
}

void SpoolDisk::append(Job& job) {
  for (const auto& request : job.append) {
    auto place = log_->append(encode_head(*request, next_number_), request->body);
    if (!place) {
      job.error = place.error().message;
      return;
    }
    job.entries.push_back({*place, next_number_++});
    remember(job.entries.back());
  }
}

// Later segments have higher numbers.
void SpoolDisk::remember(const Entry& entry) {
  auto [it, is_new] = numbers_.try_emplace(entry.place.segment, entry.number, entry.number);
  it->second.last = entry.number;
}

Result<> SpoolDisk::write_done(const Numbers& done) {
  for (const auto& [key, numbers] : done) {
    for (std::size_t from = 0; from < numbers.size(); from += kNumbersPerRecord) {
      std::size_t to = std::min(from + kNumbersPerRecord, numbers.size());
      store::ByteWriter out;
      out.byte(kDone);
      out.text(key);
      out.number(to - from);
      for (std::size_t i = from; i < to; ++i) out.number(numbers[i]);
      if (auto written = log_->append(out.take(), ""); !written) return fail(written.error());
    }
  }
  return {};
}

// Oldest first: what an older segment says is done must not come back when a newer one is gone.
void SpoolDisk::remove_unneeded(const Job& job) {
  bool may_close = unread_below_ == 0;  // or what is said of the unread would be written over and over
  if (may_close && job.none_needed && job.append.empty() && log_->bytes() > kRestingBytes)
    log_->close_active();
  std::vector<std::uint32_t> unneeded;
  for (const auto& [segment, bytes] : log_->segments()) {
    bool is_needed = job.none_needed ? !job.append.empty() : segment >= job.oldest_needed;
    if (!is_needed && segment != log_->active()) unneeded.push_back(segment);
  }
  for (std::uint32_t segment : unneeded) {
    if (unread_below_ != 0 && !save_done_of(segment)) return;
    if (!log_->remove(segment)) return;
    numbers_.erase(segment);
  }
}

// A profile that nobody takes must not keep all that came after it.
void SpoolDisk::remove_delivered(Job& job) {
  for (std::uint32_t segment : job.delivered) {
    if (segment == log_->active() || !save_done_of(segment) || !log_->remove(segment)) continue;
    numbers_.erase(segment);
    job.removed.push_back(segment);
  }
}

// What it says of profiles in other segments.
Result<> SpoolDisk::save_done_of(std::uint32_t segment) {
  Numbers done;
  auto visited = log_->visit_heads(segment, [&](store::Place, std::string_view head) {
    store::ByteReader in(head);
    if (in.byte() == kDone) read_done(in, done);
  });
  if (!visited) return visited;
  auto is_elsewhere = [&](std::uint64_t number) {
    return std::ranges::any_of(numbers_, [&](const auto& entry) {
      return entry.first != segment && number >= entry.second.first && number <= entry.second.last;
    });
  };
  auto own = numbers_.find(segment);
  auto may_be_unread = [&](std::uint64_t number) {
    bool is_own = own != numbers_.end() && number >= own->second.first && number <= own->second.last;
    return number < unread_below_ && !is_own;
  };
  for (auto& [key, numbers] : done) {
    std::erase_if(numbers,
                  [&](std::uint64_t number) { return !is_elsewhere(number) && !may_be_unread(number); });
  }
  return write_done(done);
}

SpoolDisk::Loaded SpoolDisk::read(const store::SegmentLog& log, store::Place place) {
  using enum LoadError::Remedy;
  using store::ReadError;
  auto segment = log.reader(place.segment);
  if (!segment) {
    bool is_gone = segment.error().why != ReadError::Why::refused;
    return std::unexpected(LoadError{{segment.error().message}, is_gone ? none : wait});
  }
  auto content = segment->read(place);
  if (!content) {
    bool is_refused = content.error().why == ReadError::Why::refused;
    return std::unexpected(LoadError{{content.error().message}, is_refused ? few_tries : none});
  }
  store::ByteReader in(content->head);
  bool is_profile = in.byte() == kProfile;
  ProfileHead head = read_profile_head(in);
  if (!is_profile || in.failed())
    return std::unexpected(LoadError{{fmt::format("there is no profile at {}", place.offset)}, none});
  auto request = std::make_shared<PushRequest>();
  request->profile_bytes = head.profile_bytes;
  request->raw_bytes = head.raw_bytes;
  request->service = std::string(head.service);
  request->start = head.start;
  request->body = std::move(content->body);
  return PushRequestPtr(std::move(request));
}

}  // namespace weir::pyroscope
