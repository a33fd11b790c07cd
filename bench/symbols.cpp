// Symbol tables: time to load, bytes for each symbol, time of a lookup.
#include <benchmark/benchmark.h>
#include <cxxabi.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "profiler/symbols/bytes.h"
#include "profiler/symbols/demangle.h"
#include "profiler/symbols/elf.h"
#include "profiler/symbols/kallsyms.h"
#include "profiler/symbols/symbol_table.h"

namespace weir::profiler {
namespace {

constexpr std::size_t kLimit = 64u << 20;

struct Loaded {
  Elf elf;
  SymbolTable symbols;
};

Result<Loaded> load(const std::string& path) {
  auto fd = open_regular_file(path);
  if (!fd) return fail(fd.error());
  auto bytes = own_file_bytes(std::move(*fd));
  if (!bytes) return fail(bytes.error());
  auto elf = Elf::read(**bytes);
  if (!elf) return fail(elf.error());
  auto symbols = SymbolTable::read({{{&*elf, *bytes}}}, kLimit);
  if (!symbols) return fail(symbols.error());
  return Loaded{std::move(*elf), std::move(*symbols)};
}

void load_file(benchmark::State& state, const std::string& path) {
  std::size_t symbols = 0;
  std::size_t bytes = 0;
  for (auto _ : state) {
    auto loaded = load(path);
    if (!loaded) return state.SkipWithError(loaded.error().message.c_str());
    symbols = loaded->symbols.size();
    bytes = loaded->symbols.bytes();
  }
  state.counters["symbols"] = static_cast<double>(symbols);
  state.counters["symbols/s"] =
      benchmark::Counter(static_cast<double>(symbols), benchmark::Counter::kIsIterationInvariantRate);
  state.counters["bytes/symbol"] = static_cast<double>(bytes) / static_cast<double>(symbols);
}

void find_symbol(benchmark::State& state, const std::string& path) {
  auto loaded = load(path);
  if (!loaded) return state.SkipWithError(loaded.error().message.c_str());
  std::uint64_t start = 0;
  std::uint64_t size = 0;
  for (const ElfSegment& segment : loaded->elf.segments()) {
    if ((segment.flags & 1) != 0 && segment.memory_size > size) {
      start = segment.address;
      size = segment.memory_size;
    }
  }
  std::mt19937_64 random(1);
  std::vector<std::uint64_t> places(1 << 16);
  for (std::uint64_t& place : places) place = start + random() % size;
  std::size_t at = 0;
  for (auto _ : state) benchmark::DoNotOptimize(loaded->symbols.find(places[at++ & 0xffff]));
}

void read_name(benchmark::State& state, const std::string& path) {
  auto loaded = load(path);
  if (!loaded) return state.SkipWithError(loaded.error().message.c_str());
  std::uint32_t at = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(loaded->symbols.name(at));
    at = (at + 1) % static_cast<std::uint32_t>(loaded->symbols.size());
  }
}

void load_kernel(benchmark::State& state) {
  for (auto _ : state) {
    Fd fd(::open("/proc/kallsyms", O_RDONLY | O_CLOEXEC));
    auto symbols = KernelSymbols::read(fd.get());
    if (!symbols) return state.SkipWithError(symbols.error().message.c_str());
    state.counters["symbols"] = static_cast<double>(symbols->size());
    state.counters["bytes/symbol"] =
        static_cast<double>(symbols->bytes()) / static_cast<double>(symbols->size());
  }
}

void demangle_name(benchmark::State& state, const char* name) {
  for (auto _ : state) benchmark::DoNotOptimize(demangle(name, Demangle::full));
}

// Some thousand C++ names from all over a file.
std::vector<std::string> mangled_names(const std::string& path) {
  constexpr std::size_t kNames = 4096;
  std::vector<std::string> names;
  auto loaded = load(path);
  if (!loaded) return names;
  std::size_t step = std::max<std::size_t>(loaded->symbols.size() / kNames, 1);
  for (std::size_t i = 0; i < loaded->symbols.size(); i += step) {
    std::string name(loaded->symbols.name(static_cast<std::uint32_t>(i)));
    if (name.starts_with("_Z")) names.push_back(std::move(name));
  }
  return names;
}

template <class Demangler>
void demangle_file(benchmark::State& state, const std::string& path, Demangler demangler) {
  std::vector<std::string> names = mangled_names(path);
  if (names.empty()) return state.SkipWithError("no C++ names");
  std::size_t at = 0;
  for (auto _ : state) {
    demangler(names[at]);
    at = (at + 1) % names.size();
  }
}

void bench_demangling(const std::string& path, const std::string& file) {
  auto ours = [](Demangle mode) {
    return [mode](const std::string& name) { benchmark::DoNotOptimize(demangle(name, mode)); };
  };
  auto runtime_own = [](const std::string& name) {
    int status = 0;
    char* text = abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status);
    benchmark::DoNotOptimize(text);
    std::free(text);
  };
  auto add = [&](const std::string& what, auto demangler) {
    benchmark::RegisterBenchmark(("demangle/" + file + "/" + what).c_str(),
                                 [=](benchmark::State& state) { demangle_file(state, path, demangler); });
  };
  add("full", ours(Demangle::full));
  add("simplified", ours(Demangle::simplified));
  add("libstdc++", runtime_own);
}

}  // namespace
}  // namespace weir::profiler

int main(int argc, char** argv) {
  using namespace weir::profiler;
  for (const char* path : {"/usr/bin/node", "/usr/lib/llvm-19/lib/libLLVM.so.1", "/usr/bin/python3.11",
                           "/lib/x86_64-linux-gnu/libc.so.6"}) {
    if (::access(path, R_OK) != 0) continue;
    std::string name(path);
    name = name.substr(name.rfind('/') + 1);
    benchmark::RegisterBenchmark(("load/" + name).c_str(), load_file, path)->Unit(benchmark::kMillisecond);
    benchmark::RegisterBenchmark(("find/" + name).c_str(), find_symbol, path);
    benchmark::RegisterBenchmark(("name/" + name).c_str(), read_name, path);
  }
  benchmark::RegisterBenchmark("load/kallsyms", load_kernel)->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark("demangle/vector", demangle_name, "_ZNSt6vectorIiSaIiEE9push_backERKi");
  for (const char* path :
       {"/usr/lib/x86_64-linux-gnu/libstdc++.so.6", "/usr/lib/llvm-19/lib/libclang-cpp.so.19.1",
        "/usr/lib/llvm-19/lib/libLLVM.so.1"}) {
    std::string name(path);
    if (::access(path, R_OK) == 0) bench_demangling(name, name.substr(name.rfind('/') + 1));
  }
  benchmark::RegisterBenchmark("demangle/plain", demangle_name, "do_something");
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
