#include "components/discovery/process_scan.h"

#include <dirent.h>
#include <fcntl.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>
#include <memory>
#include <unordered_map>

#include "base/fd.h"
#include "base/file_system.h"
#include "base/number.h"
#include "base/utf8.h"
#include "components/discovery/container_label.h"
#include "profiler/process/container_id.h"

namespace weir::discovery {
namespace {

constexpr std::size_t kReadLimit = 1 << 20;  // of one file of /proc
// A command line may have megabytes; nobody reads more of it than its beginning.
constexpr std::size_t kCommandlineLimit = 64u << 10;

struct Listed {
  std::uint32_t pid;
  std::uint64_t inode;
};

Result<std::vector<Listed>> list_pids(const std::filesystem::path& proc) {
  std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(proc.c_str()), &::closedir);
  if (!directory) return fail_errno(errno, "list {}", proc.string());
  std::vector<Listed> pids;
  while (dirent* entry = ::readdir(directory.get())) {
    auto pid = whole_number<std::uint32_t>(entry->d_name).value_or(0);
    if (pid != 0) pids.push_back({pid, entry->d_ino});
  }
  return pids;
}

// From the text of /proc/PID/cgroup, lines of "number:controllers:path".
std::string container_id_in(std::string_view text) {
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    std::size_t first = line.find(':');
    std::size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    if (auto id = profiler::container_id(line.substr(second + 1)); !id.empty()) return id;
  }
  return "";
}

struct Beginning {
  std::string text;
  int error_number = 0;
};

Beginning read_beginning(const std::filesystem::path& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return {.error_number = errno};
  std::string text(kCommandlineLimit, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    ssize_t n = ::read(fd.get(), text.data() + size, text.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return {.error_number = errno};
    if (n == 0) break;
    size += static_cast<std::size_t>(n);
  }
  text.resize(size);
  return {.text = std::move(text)};
}

// Reads one process. What has gone meanwhile, and a kernel thread (which has no
// exe), is no error.
class Reader {
 public:
  explicit Reader(const ScanRequest& request)
      : proc_(request.proc), facts_(request.facts), reads_(*request.reads) {}

  FoundProcess read(std::uint32_t pid) {
    pid_ = pid;
    directory_ = proc_ / std::to_string(pid);
    labels_.clear();
    error_.clear();
    labels_.emplace_back(kPidLabel, std::to_string(pid));
    bool complete = (!facts_.exe || read_link("exe", "__meta_process_exe")) &&
                    (!facts_.cwd || read_link("cwd", "__meta_process_cwd")) &&
                    (!facts_.commandline || read_commandline()) &&
                    (!(facts_.username || facts_.uid) || read_user()) &&
                    (!(facts_.container_id || facts_.cgroup_path) || read_cgroup());
    if (!complete) return {.target = nullptr, .error = std::move(error_)};
    return {.target = Target::make(std::move(labels_)), .error = std::move(error_)};
  }

 private:
  bool read_link(std::string_view file, std::string_view label) {
    std::array<char, PATH_MAX> path;
    std::filesystem::path link = directory_ / file;
    ssize_t length = ::readlink(link.c_str(), path.data(), path.size());
    if (length < 0) return failed(errno, link);
    labels_.emplace_back(label, utf8_text({path.data(), static_cast<std::size_t>(length)}));
    return true;
  }

  // Lies in the process' own memory: the kernel may have to wait for whoever gives that out.
  bool read_commandline() {
    auto read = reads_.run(profiler::risk_of_process(pid_),
                           [path = directory_ / "cmdline"] { return read_beginning(path); });
    if (!read) {
      error_ = fmt::format("read {}: {}", (directory_ / "cmdline").string(), read.error().message);
      return true;  // all else can be known of it
    }
    if (read->error_number != 0) return failed(read->error_number, directory_ / "cmdline");
    std::string text = std::move(read->text);
    while (text.ends_with('\0')) text.pop_back();
    std::ranges::replace(text, '\0', ' ');
    labels_.emplace_back("__meta_process_commandline", utf8_text(text));
    return true;
  }

  bool read_user() {
    auto text = read_text("status");
    if (!text) return false;
    std::size_t at = text->find("\nUid:\t");
    if (at == std::string::npos) return false;
    at += 6;
    std::string uid = text->substr(at, text->find_first_of("\t\n", at) - at);
    if (facts_.username) labels_.emplace_back("__meta_process_username", user_name(uid));
    if (facts_.uid) labels_.emplace_back("__meta_process_uid", uid);
    return true;
  }

  bool read_cgroup() {
    auto text = read_text("cgroup");
    if (!text) return false;
    if (facts_.container_id) labels_.emplace_back(kContainerIdLabel, container_id_in(*text));
    if (!facts_.cgroup_path) return true;
    while (text->ends_with('\n')) text->pop_back();
    std::ranges::replace(*text, '\n', '|');
    labels_.emplace_back("__meta_process_cgroup_path", utf8_text(*text));
    return true;
  }

  std::optional<std::string> read_text(std::string_view file) {
    auto text = read_file(directory_ / file, kReadLimit);
    if (text) return *std::move(text);
    // A process that ends while it is read is no error.
    if (::access((directory_ / "stat").c_str(), F_OK) == 0) error_ = text.error().message;
    return std::nullopt;
  }

  bool failed(int error_number, const std::filesystem::path& path) {
    if (error_number != ENOENT && error_number != ESRCH) {
      error_ = fail_errno(error_number, "read {}", path.string()).error().message;
    }
    return false;
  }

  const std::string& user_name(const std::string& uid) {
    auto [it, fresh] = user_names_.try_emplace(uid);
    if (!fresh) return it->second;
    std::array<char, 4096> buffer;
    passwd entry{};
    passwd* found = nullptr;
    unsigned number = 0;
    std::from_chars(uid.data(), uid.data() + uid.size(), number);
    if (::getpwuid_r(number, &entry, buffer.data(), buffer.size(), &found) == 0 && found) {
      it->second = found->pw_name;
    }
    return it->second;
  }

  const std::filesystem::path& proc_;
  const ProcessFacts& facts_;
  profiler::WatchedReads& reads_;
  std::uint32_t pid_ = 0;
  std::filesystem::path directory_;
  std::vector<Target::Label> labels_;
  std::string error_;
  std::unordered_map<std::string, std::string> user_names_;
};

}  // namespace

Result<FoundProcesses> scan_processes(const ScanRequest& request, const FoundProcesses& before) {
  auto pids = list_pids(request.proc);
  if (!pids) return std::unexpected(pids.error());
  Reader reader(request);
  FoundProcesses found;
  for (auto [pid, inode] : *pids) {
    auto known = before.find(pid);
    // The directory of another process, to which the number was given away, is another one.
    if (known != before.end() && known->second.inode != inode) known = before.end();
    // One that was new at the last scan may have been between fork and exec.
    if (request.depth == ScanDepth::news && known != before.end() && known->second.settled &&
        !request.programs.contains(pid)) {
      found.emplace(pid, known->second);
      continue;
    }
    FoundProcess process = reader.read(pid);
    process.inode = inode;
    process.settled = known != before.end();
    bool same = known != before.end() && process.target && known->second.target &&
                *process.target == *known->second.target;
    if (same) process.target = known->second.target;
    found.emplace(pid, std::move(process));
  }
  return found;
}

}  // namespace weir::discovery
