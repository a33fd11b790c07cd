#include "profiler/process/file_access.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temp_dir.h"

namespace weir::profiler {

namespace {

namespace fs = std::filesystem;
using weir::tests::TempDir;

void write(const fs::path& path, std::string_view text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

std::string text_of(int fd) {
  std::string text(64, '\0');
  ssize_t size = ::pread(fd, text.data(), text.size(), 0);
  text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  return text;
}

}  // namespace

TEST_CASE("a walk inside a root") {
  TempDir dir;
  fs::path root = dir.path() / "root";
  write(root / "usr/lib/x", "inside");
  write(dir.path() / "x", "outside");
  fs::create_symlink("usr/lib", root / "lib");
  fs::create_symlink("/usr/lib/x", root / "absolute");
  fs::create_symlink("../../../../x", root / "up");
  fs::create_symlink("loop", root / "loop");
  fs::create_symlink("../lib/../../../lib/x", root / "usr/zigzag");
  fs::create_symlink(dir.path() / "x", root / "host");
  write(root / "x", "the root's own");
  struct Row {
    const char* path;
    const char* text;  // null: fails
  };
  const Row rows[] = {
      {"/usr/lib/x", "inside"},
      {"/lib/x", "inside"},
      {"/lib/../lib/./x", "inside"},
      {"//usr///lib/x", "inside"},
      {"/absolute", "inside"},
      {"/usr/zigzag", "inside"},
      {"/../../x", "the root's own"},
      {"/up", "the root's own"},
      {"/host", nullptr},
      {"/loop", nullptr},
      {"/nothing", nullptr},
      {"/usr/lib/x/y", nullptr},
      {"/", nullptr},
  };
  Fd at(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  for (const Row& row : rows) {
    CAPTURE(std::string(row.path));
    auto place = walk_in_root(at.get(), row.path);
    CHECK(place.has_value() == (row.text != nullptr));
    if (!place || row.text == nullptr) continue;
    Fd fd(::open(("/proc/self/fd/" + std::to_string(place->get())).c_str(), O_RDONLY | O_CLOEXEC));
    CHECK(text_of(fd.get()) == row.text);
  }
}

TEST_CASE("only regular files are opened") {
  TempDir dir;
  fs::path fifo = dir.path() / "fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  write(dir.path() / "file", "text");
  auto pid = static_cast<std::uint32_t>(::getpid());
  for (std::uint32_t reader : {0u, pid}) {
    CAPTURE(reader);
    auto file = open_in_root(reader, (dir.path() / "file").string());
    REQUIRE(file);
    CHECK(text_of(file->get()) == "text");
    auto refused = open_in_root(reader, fifo.string());
    REQUIRE(!refused);
    CHECK(refused.error().message == "open " + fifo.string() + ": not a regular file");
    CHECK(!open_in_root(reader, "/dev/null"));
    CHECK(!open_in_root(reader, dir.path().string()));
    CHECK(!open_in_root(reader, "relative"));
    auto kernel = open_in_root(reader, "/proc/version");
    REQUIRE(!kernel);
    CHECK(kernel.error().message == "open /proc/version: a file of the kernel's own");
  }
  CHECK(open_regular_file("/proc/" + std::to_string(pid) + "/root" + (dir.path() / "file").string()));
  CHECK(open_program(pid));
}

}  // namespace weir::profiler
