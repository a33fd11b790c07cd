// Unwind tables from .eh_frame: bytes of it and rows a second.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <string>

#include "base/own_usage.h"
#include "profiler/symbols/bytes.h"
#include "profiler/symbols/elf.h"
#include "profiler/unwind/table.h"

namespace weir::profiler {
namespace {

constexpr std::size_t kLimit = 256u << 20;

struct Opened {
  Fd fd;
  FileBytes bytes;
  Elf elf;
};

Result<Opened> open_file(const std::string& path) {
  auto fd = open_regular_file(path);
  if (!fd) return fail(fd.error());
  auto bytes = FileBytes::of(fd->get());
  if (!bytes) return fail(bytes.error());
  auto elf = Elf::read(*bytes);
  if (!elf) return fail(elf.error());
  return Opened{std::move(*fd), *bytes, std::move(*elf)};
}

void build_table(benchmark::State& state, const std::string& path) {
  auto file = open_file(path);
  if (!file) return state.SkipWithError(file.error().message.c_str());
  const ElfSection* section = file->elf.section_named(".eh_frame");
  if (section == nullptr) return state.SkipWithError("no .eh_frame");
  std::size_t rows = 0;
  std::size_t rules = 0;
  std::size_t bytes = 0;
  for (auto _ : state) {
    auto table = read_eh_frame(file->elf, file->bytes, kLimit);
    if (!table) return state.SkipWithError(table.error().message.c_str());
    rows = table->rows();
    rules = table->distinct.size();
    bytes = table->bytes();
  }
  auto iterations = static_cast<std::int64_t>(state.iterations());
  state.SetBytesProcessed(iterations * static_cast<std::int64_t>(section->size));
  state.SetItemsProcessed(iterations * static_cast<std::int64_t>(rows));
  state.counters["rows"] = static_cast<double>(rows);
  state.counters["rules"] = static_cast<double>(rules);
  state.counters["bytes"] = static_cast<double>(bytes);
}

}  // namespace
}  // namespace weir::profiler

int main(int argc, char** argv) {
  // As in the program: memory that was freed has to be had from the kernel again.
  weir::limit_malloc();
  for (const char* path :
       {"/usr/lib/llvm-19/lib/libLLVM.so.1", "/usr/lib/llvm-14/lib/libLLVM-14.so.1", "/usr/bin/node",
        "/usr/lib/chromium/chromium", "/usr/bin/python3.11", "/lib/x86_64-linux-gnu/libc.so.6",
        "/usr/lib/x86_64-linux-gnu/libstdc++.so.6", "/usr/lib/x86_64-linux-gnu/libcrypto.so.3"}) {
    if (::access(path, R_OK) != 0) continue;
    std::string name(path);
    name = name.substr(name.rfind('/') + 1);
    benchmark::RegisterBenchmark(name.c_str(), weir::profiler::build_table, path)
        ->Unit(benchmark::kMillisecond);
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
