#include "cli/profile_file.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>

#include "base/fd.h"
#include "base/file_system.h"
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

// Who called sudo: the file and the browser are theirs. uid 0 when nobody did.
struct Caller {
  uid_t uid = 0;
  gid_t gid = 0;
};

std::uint32_t number(std::string_view text) {
  std::uint32_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : 0;
}

Caller caller() {
  if (::geteuid() != 0) return {};
  Caller found{number(environment_variable("SUDO_UID")), number(environment_variable("SUDO_GID"))};
  return found.uid != 0 && found.gid != 0 ? found : Caller{};
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

[[noreturn]] void become_browser(const char* path, Caller who) {
  Signals::reset();
  bool is_theirs =
      who.uid == 0 || (::setgroups(0, nullptr) == 0 && ::setgid(who.gid) == 0 && ::setuid(who.uid) == 0);
  if (is_theirs) ::execlp("xdg-open", "xdg-open", path, nullptr);
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
  if (auto written = write_file_atomically(path, content); !written) return written;
  Caller who = caller();
  if (who.uid != 0) (void)!::lchown(path.c_str(), who.uid, who.gid);
  return {};
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
  Caller who = caller();
  pid_t pid = ::fork();
  if (pid < 0) return fail_errno(errno, "start xdg-open");
  if (pid == 0) become_browser(name.c_str(), who);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return fail("xdg-open could not show it: open {} in a browser", name);
}

}  // namespace weir::cli
