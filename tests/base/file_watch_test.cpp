#include "base/file_watch.h"

#include <doctest/doctest.h>
#include <poll.h>

#include <fstream>
#include <functional>

#include "tests/support/temp_dir.h"

namespace weir {
namespace {

namespace fs = std::filesystem;
using Change = FileWatch::Change;
using tests::write_file;

// The kernel queues events before the call that causes them returns.
Change change_after(FileWatch& watch, const std::function<void()>& act) {
  watch.drain();
  act();
  pollfd state{.fd = watch.fd(), .events = POLLIN, .revents = 0};
  ::poll(&state, 1, 0);
  return watch.drain();
}

TEST_CASE("what happens to a file, and what it says") {
  tests::TempDir folder;
  write_file(folder / "config", "1");
  write_file(folder / "other", "1");
  auto watch = FileWatch::open(folder / "config");
  REQUIRE(watch.has_value());
  auto change = [&](const std::function<void()>& act) { return change_after(*watch, act); };

  CHECK(change([&] { write_file(folder / "config", "2"); }) == Change::written);
  CHECK(change([&] { write_file(folder / "other", "2"); }) == Change::none);
  CHECK(change([&] { fs::rename(folder / "other", folder / "config"); }) == Change::written);
  CHECK(change([&] { write_file(folder / "config", "still watched"); }) == Change::written);
  CHECK(change([&] { fs::rename(folder / "config", folder / "config~"); }) == Change::removed);
  CHECK(change([&] { write_file(folder / "config~", "x"); }) == Change::none);
  CHECK(change([&] { fs::create_hard_link(folder / "config~", folder / "config"); }) == Change::written);
  CHECK(change([&] { fs::remove(folder / "config"); }) == Change::removed);
  std::ofstream half;
  CHECK(change([&] { half.open(folder / "config"); }) == Change::none);
  CHECK(change([&] {
          half << "whole";
          half.close();
        }) == Change::written);
}

TEST_CASE("symbolic links are followed, and followed again when they move") {
  tests::TempDir folder;
  for (const char* version : {"v1", "v2"}) {
    fs::create_directory(folder / version);
    write_file(folder / version / "config", version);
  }
  fs::create_directory(folder / "mounted");
  fs::create_symlink("../v1", folder / "mounted/..data");
  fs::create_symlink("..data/config", folder / "mounted/config");
  auto watch = FileWatch::open(folder / "mounted/config");
  REQUIRE(watch.has_value());
  auto change = [&](const std::function<void()>& act) { return change_after(*watch, act); };

  CHECK(change([&] { write_file(folder / "v1/config", "in place"); }) == Change::written);
  CHECK(change([&] { write_file(folder / "v2/config", "not ours yet"); }) == Change::none);
  CHECK(change([&] { fs::create_symlink("../v2", folder / "mounted/tmp"); }) == Change::none);
  CHECK(change([&] { fs::rename(folder / "mounted/tmp", folder / "mounted/..data"); }) == Change::written);
  CHECK(change([&] { write_file(folder / "v2/config", "ours now"); }) == Change::written);
}

TEST_CASE("a folder, also one that comes later") {
  tests::TempDir folder;
  auto watch = FileWatch::open(folder / "conf");
  REQUIRE(watch.has_value());
  auto change = [&](const std::function<void()>& act) { return change_after(*watch, act); };

  CHECK(change([&] { fs::create_directory(folder / "conf"); }) == Change::written);
  CHECK(change([&] { write_file(folder / "conf/a.river", "x"); }) == Change::written);
  CHECK(change([&] { fs::remove(folder / "conf/a.river"); }) == Change::removed);
  CHECK(change([&] { fs::remove(folder / "conf"); }) == Change::removed);
  CHECK(change([&] { fs::create_directory(folder / "conf"); }) == Change::written);
  CHECK(change([&] { write_file(folder / "conf/b.river", "x"); }) == Change::written);
}

}  // namespace
}  // namespace weir
