#include "cli/profile_file.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <vector>

#include "base/fd.h"
#include "base/file_system.h"
#include "base/number.h"
#include "cli/signals.h"
#include "cli/terminal.h"
#include "profile/flame.h"
#include "profile/pprof.h"
#include "profile/text_formats.h"

namespace weir::cli {
namespace {

constexpr std::size_t kLargest = 1u << 30;  // of a profile, unpacked

struct Ending {
  std::string_view text;
  FileForm form;
};
constexpr Ending kEndings[] = {
    {".pb.gz", FileForm::pprof_gzip}, {".pprof", FileForm::pprof_gzip},
    {".pb", FileForm::pprof},         {".folded", FileForm::folded},
    {".html", FileForm::html},        {".speedscope.json", FileForm::speedscope},
    {".collapsed", FileForm::folded},
};

// Who called sudo: the file and the browser are theirs.
struct Caller {
  FileOwner owner;
  std::string name, home;
  std::vector<gid_t> groups;
};

std::uint32_t number(std::string_view text) {
  return whole_number<std::uint32_t>(text).value_or(0);
}

std::optional<Caller> caller() {
  if (::geteuid() != 0) return std::nullopt;
  Caller found{.owner = {number(environment_variable("SUDO_UID")), number(environment_variable("SUDO_GID"))}};
  if (found.owner.user == 0 || found.owner.group == 0) return std::nullopt;
  found.groups = {found.owner.group};
  const passwd* entry = ::getpwuid(found.owner.user);
  if (!entry) return found;
  found.name = entry->pw_name;
  found.home = entry->pw_dir;
  int count = 256;
  found.groups.resize(static_cast<std::size_t>(count));
  if (::getgrouplist(entry->pw_name, found.owner.group, found.groups.data(), &count) < 0) count = 256;
  found.groups.resize(static_cast<std::size_t>(count));
  return found;
}

// Of what is no file: a pipe, a terminal, /dev/null.
Result<> write_into(const std::filesystem::path& path, std::string_view content) {
  Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) return fail_errno(errno, "open {}", path.string());
  return write_all(fd, path, content);
}

bool is_other_than_file(const std::filesystem::path& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
}

// What sudo does not keep, or has of root's: a browser looks there for the user's windows and settings.
std::vector<std::string> browser_environment(const Caller& who) {
  std::string runtime = fmt::format("/run/user/{}", who.owner.user);
  std::vector<std::string> own{"HOME=" + who.home, "USER=" + who.name, "LOGNAME=" + who.name,
                               "XDG_RUNTIME_DIR=" + runtime};
  auto add = [&](std::string_view name, std::string_view file, const std::string& value) {
    bool is_set = !environment_variable(name).empty();
    if (!is_set && ::access(fmt::format("{}/{}", runtime, file).c_str(), F_OK) == 0)
      own.push_back(fmt::format("{}={}", name, value));
  };
  add("DBUS_SESSION_BUS_ADDRESS", "bus", fmt::format("unix:path={}/bus", runtime));
  add("WAYLAND_DISPLAY", "wayland-0", "wayland-0");
  std::vector<std::string> all = own;
  for (char** entry = environ; *entry; ++entry) {
    std::string_view set(*entry);
    std::string_view name = set.substr(0, set.find('=') + 1);
    bool is_ours = std::ranges::any_of(own, [&](const std::string& one) { return one.starts_with(name); });
    if (!is_ours && !name.starts_with("SUDO_")) all.emplace_back(set);
  }
  return all;
}

[[noreturn]] void become_browser(const char* path, const Caller* who, char* const* entries) {
  Signals::reset();
  bool is_theirs = !who || (::setgroups(who->groups.size(), who->groups.data()) == 0 &&
                            ::setgid(who->owner.group) == 0 && ::setuid(who->owner.user) == 0);
  const char* words[] = {"xdg-open", path, nullptr};
  if (is_theirs) ::execvpe("xdg-open", const_cast<char* const*>(words), entries);  // NOLINT
  ::_exit(127);
}

}  // namespace

Result<FileForm> form_of(std::string_view path) {
  for (const Ending& ending : kEndings) {
    if (path.ends_with(ending.text)) return ending.form;
  }
  return fail(
      "\"{}\": the name of the file says its form: .html, .pb.gz (pprof), .folded or .speedscope.json", path);
}

Result<> check_writable(const std::filesystem::path& path) {
  std::filesystem::path folder = path.parent_path().empty() ? "." : path.parent_path();
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode))
    return fail("{} is a folder", path.string());
  if (is_other_than_file(path)) return {};
  if (::access(folder.c_str(), W_OK | X_OK) != 0) return fail_errno(errno, "write to {}", folder.string());
  return {};
}

std::string encode(const profile::Profile& profile, FileForm form, const web::FlameFacts& facts) {
  switch (form) {
    case FileForm::pprof_gzip: return profile::encode_pprof_gzip(profile);
    case FileForm::pprof: return profile::encode_pprof(profile);
    case FileForm::folded: return profile::encode_folded(profile);
    case FileForm::speedscope: return profile::encode_speedscope(profile, facts.title);
    case FileForm::html: break;
  }
  profile::FlameTree tree;
  tree.add(profile);
  tree.finish(kMostNodes);
  return web::flame_file(tree, facts);
}

Result<> write_profile_file(const std::filesystem::path& path, std::string_view content) {
  if (is_other_than_file(path)) return write_into(path, content);
  auto who = caller();
  return write_file_atomically(path, content, who ? std::optional(who->owner) : std::nullopt);
}

Result<profile::Profile> read_profile_file(const std::filesystem::path& path) {
  auto content = read_file(path, kLargest);
  if (!content) return fail(content.error());
  bool is_gzip = content->starts_with("\x1f\x8b");
  auto pprof = profile::decode_pprof(*content, kLargest);
  if (pprof) return pprof;
  // Text has no bytes that a message has at its start.
  auto folded =
      is_gzip ? Result<profile::Profile>(fail(pprof.error())) : profile::decode_folded(*content, kLargest);
  if (folded) return folded;
  bool is_text = !is_gzip && content->find('\0') == std::string::npos;
  return fail("read {}: neither pprof ({}) nor folded stacks ({})", path.string(), pprof.error().message,
              is_text ? folded.error().message : "it is no text");
}

Result<> open_in_browser(const std::filesystem::path& path) {
  std::string name = std::filesystem::absolute(path);
  auto who = caller();
  // Made before the fork: afterwards nothing may be allocated.
  std::vector<std::string> environment;
  if (who) environment = browser_environment(*who);
  std::vector<char*> entries;
  for (std::string& entry : environment) entries.push_back(entry.data());
  entries.push_back(nullptr);
  std::signal(SIGCHLD, SIG_DFL);
  pid_t pid = ::fork();
  if (pid < 0) return fail_errno(errno, "start xdg-open");
  if (pid == 0) become_browser(name.c_str(), who ? &*who : nullptr, who ? entries.data() : environ);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return fail("xdg-open could not show it: open {} in a browser", name);
}

}  // namespace weir::cli
