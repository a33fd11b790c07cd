#include "tests/go/programs.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "tests/support/temp_dir.h"

namespace weir::profiler::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kNames[] = {"go_busy", "go_busy_stripped", "go_busy_cgo", "go_busy_cgo_pie_stripped"};

}  // namespace

// With each release of Go that was once fetched as a module, in the four formats as far as they reach.
static std::vector<std::string> by_older_releases() {
  std::vector<std::string> found;
  std::string cache = run("go env GOMODCACHE 2>/dev/null");
  if (cache.empty()) return found;
  cache.pop_back();
  std::error_code error;
  const std::string source = fmt::format("{}/go_busy/main.go", WEIR_WORKLOAD_SOURCES);
  for (const auto& entry : fs::directory_iterator(cache + "/golang.org", error)) {
    std::string name = entry.path().filename();
    if (!name.starts_with("toolchain@") || !name.ends_with(".linux-amd64")) continue;
    std::string release = name.substr(name.find("-go") + 1);
    std::string program = fmt::format("{}/go_busy-{}", WEIR_WORKLOADS, release);
    if (!fs::exists(program) || fs::last_write_time(program) < fs::last_write_time(source)) {
      run(fmt::format(
          "cd {}/go_busy && CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS=-buildvcs=false {}/bin/go build "
          "-trimpath -o {} . 2>&1",
          WEIR_WORKLOAD_SOURCES, entry.path().string(), program));
    }
    if (fs::exists(program)) found.push_back(program);
  }
  return found;
}

std::string run(const std::string& command, const std::string& input) {
  std::string full = command;
  tests::TempDir folder;
  if (!input.empty()) full += " < " + folder.write("input", input).string();
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(::popen(full.c_str(), "r"), &::pclose);
  std::string output;
  char chunk[65536];
  while (std::size_t n = std::fread(chunk, 1, sizeof chunk, pipe.get())) output.append(chunk, n);
  return output;
}

Program open_program(const std::string& path) {
  auto fd = open_regular_file(path);
  REQUIRE_MESSAGE(fd, path);
  auto bytes = own_file_bytes(std::move(*fd));
  REQUIRE(bytes);
  auto elf = Elf::read(**bytes);
  REQUIRE(elf);
  auto table = GoTable::read(*elf, **bytes, 64u << 20);
  REQUIRE(table);
  REQUIRE_MESSAGE(table->size() > 0, path);
  return {path, *bytes, std::move(*elf), std::move(*table)};
}

std::vector<std::string> go_programs(const char* test) {
  std::vector<std::string> found;
  for (const char* name : kNames) {
    std::string path = std::string(WEIR_WORKLOADS) + "/" + name;
    if (::access(path.c_str(), R_OK) == 0) found.push_back(path);
  }
  for (std::string& program : by_older_releases()) found.push_back(std::move(program));
  if (found.empty()) std::printf("SKIP: %s: there is no Go to build a program with\n", test);
  return found;
}

}  // namespace weir::profiler::test
