#include "base/file_system.h"

#include <doctest/doctest.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/temp_dir.h"

namespace weir {
namespace {

constexpr uid_t kUser = 12345;
constexpr gid_t kGroup = 12346;
constexpr gid_t kSharedGroup = 12347;

// Writes the file as a plain user who is also in `other_group`.
bool write_as_user(const std::filesystem::path& path, gid_t other_group,
                   std::optional<FileOwner> owner = std::nullopt) {
  pid_t pid = ::fork();
  if (pid == 0) {
    bool is_user = ::setgroups(1, &other_group) == 0 && ::setresgid(kGroup, kGroup, kGroup) == 0 &&
                   ::setresuid(kUser, kUser, kUser) == 0;
    ::_exit(is_user && write_file_atomically(path, "new", owner).has_value() ? 0 : 1);
  }
  int status = -1;
  return ::waitpid(pid, &status, 0) == pid && status == 0;
}

struct stat state_of(const std::filesystem::path& path) {
  struct stat state{};
  REQUIRE(::stat(path.c_str(), &state) == 0);
  return state;
}

TEST_CASE("a file that cannot keep its owner gives no group the rights of another") {
  if (::geteuid() != 0) {
    MESSAGE("SKIP: only root can give a file away");
    return;
  }
  tests::TempDir folder;
  REQUIRE(::chmod(folder.path().c_str(), 0777) == 0);
  std::filesystem::path path = folder / "file";
  for (bool is_member : {false, true}) {
    CAPTURE(is_member);
    REQUIRE(write_file_atomically(path, "old").has_value());
    REQUIRE(::chown(path.c_str(), 0, kSharedGroup) == 0);
    REQUIRE(::chmod(path.c_str(), 06664) == 0);
    REQUIRE(write_as_user(path, is_member ? kSharedGroup : kGroup));
    CHECK(read_file(path).value() == "new");
    CHECK(state_of(path).st_uid == kUser);
    CHECK(state_of(path).st_gid == (is_member ? kSharedGroup : kGroup));
    CHECK((state_of(path).st_mode & 07777) == (is_member ? 0664 : 0604));
    std::filesystem::remove(path);
  }
  // An owner that cannot be is no reason to write nothing.
  CHECK(write_as_user(path, kGroup, FileOwner{.user = 1, .group = 1}));
  CHECK(read_file(path).value() == "new");
  CHECK(state_of(path).st_uid == kUser);
}

TEST_CASE("a file that a config names: what is none, or too much of one, is said at once") {
  tests::TempDir folder;
  std::filesystem::path pipe = folder / "pipe", file = folder / "file";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  REQUIRE(write_file_atomically(file, std::string(100, 'x')).has_value());
  struct Row {
    std::filesystem::path path;
    std::string error;
  };
  const Row rows[] = {
      {pipe, "read " + pipe.string() + ": it is a pipe: name a file"},
      {folder.path(), "read " + folder.path().string() + ": it is a folder: name a file"},
      {"/dev/zero", "read /dev/zero: it is a device: name a file"},
      {file, "read " + file.string() + ": larger than 99 bytes"},
      {folder / "none", "open " + (folder / "none").string() + ": no such file or directory"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.path);
    auto read = read_regular_file(row.path, 99);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().message == row.error);
  }
  CHECK(read_regular_file(file, 100).value() == std::string(100, 'x'));
}

}  // namespace
}  // namespace weir
