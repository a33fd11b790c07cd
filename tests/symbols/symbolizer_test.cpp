#include "profiler/symbols/symbolizer.h"

#include <doctest/doctest.h>
#include <sys/auxv.h>
#include <sys/stat.h>

#include <cstdlib>
#include <sstream>

#include "profiler/symbols/elf.h"
#include "support.h"

extern "C" __attribute__((noinline, used)) int weir_symbols_test_function(int n) {
  return n * 3;
}

namespace weir::profiler {
namespace {

using profile::NoName;

ModuleFile module_at(const std::string& path) {
  ModuleFile module;
  module.path = path;
  module.host_path = path;
  return module;
}

std::unique_ptr<Symbolizer> symbolizer_with(SessionLimits limits = {}) {
  return Symbolizer::create(std::make_shared<SymbolFiles>(), limits, Demangle::none);
}

// Where an address of this process lies in its file.
std::uint64_t own_offset(const void* place) {
  auto pc = reinterpret_cast<std::uint64_t>(place);
  std::string maps = content_of("/proc/self/maps", 1 << 20);
  for (std::size_t at = 0; at < maps.size(); at = maps.find('\n', at) + 1) {
    unsigned long start = 0;
    unsigned long end = 0;
    unsigned long offset = 0;
    std::sscanf(maps.c_str() + at, "%lx-%lx %*s %lx", &start, &end, &offset);
    if (pc >= start && pc < end) return pc - start + offset;
  }
  return 0;
}

TEST_CASE("a function of this program, by its place in the file") {
  auto symbolizer = symbolizer_with();
  ModuleFile self = module_at("/proc/" + std::to_string(::getpid()) + "/exe");
  std::uint64_t offset = own_offset(reinterpret_cast<const void*>(&weir_symbols_test_function));
  for (int round = 0; round < 2; ++round) {
    NamedFrame frame = symbolizer->name(self, offset + 1);
    REQUIRE(frame.lines.size() == 1);
    CHECK(frame.lines[0].function == "weir_symbols_test_function");
    CHECK(frame.no_name == NoName::named);
  }
  REQUIRE(symbolizer->files().size() == 1);
  CHECK(symbolizer->files()[0].symbols > 100);
  CHECK(symbolizer->files()[0].error == "");
}

TEST_CASE("the vdso is named from our own") {
  if (::getauxval(AT_SYSINFO_EHDR) == 0) {
    std::printf("SKIP: the vdso is named from our own: there is none\n");
    return;
  }
  auto symbolizer = symbolizer_with();
  ModuleFile vdso;
  vdso.path = "[vdso]";
  std::size_t named = 0;
  for (std::uint64_t offset = 0; offset < 0x2000; offset += 16) {
    NamedFrame frame = symbolizer->name(vdso, offset);
    if (frame.no_name == NoName::named && frame.lines[0].function.ends_with("clock_gettime")) ++named;
  }
  CHECK(named > 0);
}

TEST_CASE("the kernel, also as a module") {
  auto symbolizer = symbolizer_with();
  ModuleFile kernel;
  kernel.path = "[kernel]";
  NamedFrame none = symbolizer->name(kernel, 0x1000);
  CHECK(none.lines.empty());
  CHECK(none.no_name != NoName::named);
  REQUIRE(symbolizer->files().size() == 1);
  CHECK(symbolizer->files()[0].file == "[kernel]");
  std::istringstream text(run("grep -m1 ' T schedule$' /proc/kallsyms"));
  std::uint64_t address = 0;
  text >> std::hex >> address;
  if (address == 0) return;
  NamedFrame frame = symbolizer->name_kernel(address + 1);
  REQUIRE(frame.lines.size() == 1);
  CHECK(frame.lines[0].function == "schedule");
}

TEST_CASE("why a frame has no name") {
  tests::TempDir folder;
  auto symbolizer = symbolizer_with();
  std::string good = folder.write("good", make_image({{"f", 0x401000, 16}}));
  NamedFrame gap = symbolizer->name(module_at(good), 0x1100);
  CHECK(gap.no_name == NoName::stripped);
  CHECK(gap.address == 0x401100);

  std::string stripped = folder.write("stripped", make_image({}));
  CHECK(symbolizer->name(module_at(stripped), 0x1100).no_name == NoName::stripped);
  std::string text = folder.write("text", "#!/bin/sh\n");
  CHECK(symbolizer->name(module_at(text), 0).no_name == NoName::unreadable);
  CHECK(symbolizer->name(module_at(folder.path().string()), 0).no_name == NoName::unreadable);
  CHECK(symbolizer->name(module_at((folder / "none").string()), 0).no_name == NoName::unreadable);
  std::string fifo = (folder / "fifo").string();
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  CHECK(symbolizer->name(module_at(fifo), 0).no_name == NoName::unreadable);

  ModuleFile gone = module_at("/usr/bin/app");
  gone.host_path = "";
  CHECK(symbolizer->name(gone, 0x99).no_name == NoName::process_gone);
  gone.host_path = "/proc/4194305/root/usr/bin/app";  // above the largest pid
  CHECK(symbolizer->name(gone, 0x99).no_name == NoName::process_gone);

  ModuleFile replaced = module_at(good);
  replaced.build_id = "ffff";
  CHECK(symbolizer->name(replaced, 0x1000).no_name == NoName::unreadable);
  CHECK(symbolizer->files().at(2).error == "the file was replaced: its build id is not that of the mapping");
}

TEST_CASE("libc of this machine has its internal names where its debug file is installed") {
  std::string path = distribution_files().back();
  for (const std::string& file : distribution_files())
    if (file.ends_with("libc.so.6")) path = file;
  auto symbolizer = symbolizer_with();
  (void)symbolizer->name(module_at(path), 0x1000);
  REQUIRE(symbolizer->files().size() == 1);
  std::size_t symbols = symbolizer->files()[0].symbols;
  MESSAGE(path << ": " << symbols << " symbols");
  bool stripped = symbolizer->files()[0].error.starts_with("it has no .symtab");
  CHECK(symbols > (stripped ? 1000 : 3000));
}

TEST_CASE("files with the same build id are read once; a failure is one path's own") {
  tests::TempDir folder;
  auto symbolizer = symbolizer_with();
  ModuleFile first = module_at(folder.write("first", make_image({{"f", 0x401000, 16}})));
  first.build_id = "0102030405060708090a0b0c0d0e0f1011121314";
  ModuleFile elsewhere = first;
  elsewhere.host_path = (folder / "none").string();
  CHECK(symbolizer->name(elsewhere, 0x1000).no_name == NoName::unreadable);
  CHECK(symbolizer->name(first, 0x1000).lines.at(0).function == "f");
  elsewhere.host_path = "";
  CHECK(symbolizer->name(elsewhere, 0x1000).lines.at(0).function == "f");
}

class CountedReads final : public WatchedReads {
 public:
  WatchedReadsStats stats() const override { return {}; }
  int count = 0;

 private:
  Result<> run_erased(const ReadRisk&, std::function<void()> work) override {
    ++count;
    work();
    return {};
  }
};

TEST_CASE("names that are asked for together are read together") {
  tests::TempDir folder;
  auto reads = std::make_shared<CountedReads>();
  auto symbolizer = Symbolizer::create(std::make_shared<SymbolFiles>(reads), {}, Demangle::none);
  std::vector<std::string> names;
  for (int i = 0; i < 100; ++i) names.push_back("f" + std::to_string(i));
  std::vector<ImageSymbol> symbols;
  std::vector<std::uint64_t> offsets;
  for (std::uint64_t i = 0; i < 100; ++i) {
    symbols.push_back({names[i].c_str(), 0x401000 + 16 * i, 16});
    // Twice in the same function.
    offsets.push_back(0x1000 + 16 * i);
    offsets.push_back(0x1001 + 16 * i);
  }
  ModuleFile module = module_at(folder.write("many", make_image(symbols)));
  symbolizer->prepare(module, offsets);
  // The file itself, and its names in two parts.
  CHECK(reads->count == 3);
  for (std::size_t i = 0; i < offsets.size(); ++i)
    CHECK(symbolizer->name(module, offsets[i]).lines.at(0).function == names[i / 2]);
  symbolizer->prepare(module, offsets);
  CHECK(reads->count == 3);
}

TEST_CASE("a file changed under us gives no wrong name") {
  tests::TempDir folder;
  auto symbolizer = symbolizer_with();
  ModuleFile module =
      module_at(folder.write("f", make_image({{"first", 0x401000, 16}, {"second", 0x401010, 16}})));
  CHECK(symbolizer->name(module, 0x1000).lines.at(0).function == "first");
  folder.write("f", std::string(100, 'x'));
  CHECK(symbolizer->name(module, 0x1010).no_name == NoName::unreadable);
}

TEST_CASE("limits hold: the files used longest ago go first") {
  tests::TempDir folder;
  SessionLimits limits;
  limits.build_id_files = 2;
  limits.same_files = 0;
  limits.cache_rounds = 1;
  auto symbolizer = symbolizer_with(limits);
  std::vector<ModuleFile> modules;
  for (const char* name : {"a", "b", "c"})
    modules.push_back(module_at(folder.write(name, make_image({{name, 0x401000, 16}}))));
  for (const ModuleFile& module : modules) CHECK(symbolizer->name(module, 0x1000).no_name == NoName::named);
  // What was used in the last window stays, whatever the number.
  symbolizer->end_window();
  CHECK(symbolizer->files().size() == 3);
  CHECK(symbolizer->name(modules[2], 0x1000).no_name == NoName::named);
  symbolizer->end_window();
  symbolizer->end_window();
  auto files = symbolizer->files();
  REQUIRE(files.size() == 2);
  CHECK(files[0].file == modules[2].path);
  CHECK(files[1].file == modules[1].path);
  limits.build_id_files = 1;
  symbolizer->set_limits(limits);
  symbolizer->end_window();
  CHECK(symbolizer->files().size() == 1);

  std::vector<ImageSymbol> many;
  for (std::uint64_t i = 0; i < 200; ++i) many.push_back({"f", 0x401000 + i * 16, 16});
  limits.symbol_bytes = 1000;
  symbolizer->set_limits(limits);
  CHECK(symbolizer->name(module_at(folder.write("many", make_image(many))), 0x1000).no_name ==
        NoName::evicted);
}

TEST_CASE("demangling follows the mode at once") {
  tests::TempDir folder;
  auto symbolizer = Symbolizer::create(std::make_shared<SymbolFiles>(), {}, Demangle::full);
  ModuleFile module = module_at(folder.write("f", make_image({{"_ZN3foo3barEi", 0x401000, 16}})));
  CHECK(symbolizer->name(module, 0x1000).lines.at(0).function == "foo::bar(int)");
  symbolizer->set_demangle(Demangle::simplified);
  CHECK(symbolizer->name(module, 0x1000).lines.at(0).function == "foo::bar");
}

}  // namespace
}  // namespace weir::profiler
