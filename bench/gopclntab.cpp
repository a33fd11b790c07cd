// Go's table of functions: time to load, to name a place, to make rows.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cstdlib>
#include <random>
#include <string>

#include "profiler/symbols/bytes.h"
#include "profiler/symbols/elf.h"
#include "profiler/symbols/gopclntab.h"
#include "profiler/unwind/table.h"

namespace weir::profiler {
namespace {

constexpr std::size_t kLimit = 256u << 20;

struct Opened {
  std::shared_ptr<const Bytes> bytes;
  Elf elf;
};

Result<Opened> open(const std::string& path) {
  auto fd = open_regular_file(path);
  if (!fd) return fail(fd.error());
  auto bytes = own_file_bytes(std::move(*fd));
  if (!bytes) return fail(bytes.error());
  auto elf = Elf::read(**bytes);
  if (!elf) return fail(elf.error());
  return Opened{*bytes, std::move(*elf)};
}

void count(benchmark::State& state, const char* what, std::size_t each) {
  state.counters[what] =
      benchmark::Counter(static_cast<double>(each), benchmark::Counter::kIsIterationInvariantRate);
}

void load(benchmark::State& state, const std::string& path) {
  auto opened = open(path);
  if (!opened) return state.SkipWithError(opened.error().message.c_str());
  std::size_t functions = 0;
  for (auto _ : state) {
    auto table = GoTable::read(opened->elf, *opened->bytes, kLimit);
    if (!table) return state.SkipWithError(table.error().message.c_str());
    functions = table->size();
    state.counters["bytes/function"] = static_cast<double>(table->bytes()) / static_cast<double>(functions);
  }
  count(state, "functions/s", functions);
}

void name(benchmark::State& state, const std::string& path) {
  auto opened = open(path);
  if (!opened) return state.SkipWithError(opened.error().message.c_str());
  auto table = GoTable::read(opened->elf, *opened->bytes, kLimit);
  if (!table || table->size() == 0) return state.SkipWithError("no table");
  std::mt19937_64 random(1);
  std::uint64_t begin = table->start(0);
  std::uint64_t size = table->end(static_cast<std::uint32_t>(table->size() - 1)) - begin;
  for (auto _ : state) benchmark::DoNotOptimize(table->lines(begin + random() % size, *opened->bytes));
}

void rows(benchmark::State& state, const std::string& path) {
  auto opened = open(path);
  if (!opened) return state.SkipWithError(opened.error().message.c_str());
  std::size_t made = 0;
  for (auto _ : state) {
    auto table = read_go_frames(opened->elf, *opened->bytes, kLimit);
    if (!table) return state.SkipWithError(table.error().message.c_str());
    made = table->rows();
    state.counters["rules"] = static_cast<double>(table->distinct.size());
  }
  state.counters["rows"] = static_cast<double>(made);
  count(state, "rows/s", made);
}

}  // namespace
}  // namespace weir::profiler

int main(int argc, char** argv) {
  using namespace weir::profiler;
  const char* chosen = std::getenv("GO_PROGRAM");
  for (const char* path : {chosen, "/usr/local/go/bin/go", "/usr/bin/containerd", "/usr/bin/dockerd"}) {
    if (path == nullptr || ::access(path, R_OK) != 0) continue;
    std::string program(path);
    std::string file = program.substr(program.rfind('/') + 1);
    benchmark::RegisterBenchmark(("load/" + file).c_str(), load, program)->Unit(benchmark::kMillisecond);
    benchmark::RegisterBenchmark(("name/" + file).c_str(), name, program)->Unit(benchmark::kMicrosecond);
    benchmark::RegisterBenchmark(("rows/" + file).c_str(), rows, program)->Unit(benchmark::kMillisecond);
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
