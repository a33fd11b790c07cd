// Separate debug files and MiniDebugInfo, made by the tools that distributions make them with.
#include "profiler/symbols/debug_file.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <sstream>

#include "profiler/symbols/symbol_file.h"
#include "profiler/symbols/symbolizer.h"
#include "support.h"

namespace weir::profiler {
namespace {

using profile::NoName;

constexpr const char* kProgram = R"(
int shown(int n) { return n * 3; }
__attribute__((noinline, used)) static int hidden(int n) { return n * 5; }
int main(int argc, char** argv) { return shown(argc) + hidden(argc) + (argv == 0); }
)";

// A program in /opt of a root of its own, and where its function `hidden` lies.
struct Program {
  Program() {
    root.write("app.c", kProgram);
    script(
        "mkdir -p opt && clang-19 -O1 -rdynamic -Wl,--build-id=0x0123456789abcdef app.c -o full && "
        "cp full opt/app");
    std::istringstream lines(run("nm " + (root / "full").string() + " | grep ' hidden$'"));
    lines >> std::hex >> address;
    REQUIRE(address != 0);
    std::string image = content_of((root / "full").string(), 1 << 20);
    Elf elf = Elf::read(MemoryBytes(image)).value();
    for (const ElfSegment& segment : elf.segments()) {
      if (segment.type == PT_LOAD && address >= segment.address &&
          address - segment.address < segment.file_size)
        offset = address - segment.address + segment.offset;
    }
  }

  void script(const std::string& commands) {
    std::string output =
        run("cd " + root.path().string() + " && ( set -e; " + commands + " ) 2>&1 || echo FAILED");
    REQUIRE_MESSAGE(output.find("FAILED") == std::string::npos, output);
  }
  NamedFrame name() {
    auto symbolizer = Symbolizer::create(std::make_shared<SymbolFiles>(), {}, Demangle::none);
    return symbolizer->name({.path = "/opt/app", .host_path = (root / "opt/app").string()}, offset);
  }

  tests::TempDir root;
  std::uint64_t address = 0;
  std::uint64_t offset = 0;
};

constexpr const char* kStrip = "objcopy --only-keep-debug full app.debug; strip -o opt/app full; ";
// Debug files that can be told from each other.
constexpr const char* kFirst = "objcopy --redefine-sym hidden=first app.debug first; ";
constexpr const char* kSecond = "objcopy --redefine-sym hidden=second app.debug second; ";
constexpr const char* kMini =
    "objcopy -S --keep-symbol=hidden app.debug mini; xz -k mini; "
    "objcopy --add-section .gnu_debugdata=mini.xz opt/app; ";

TEST_CASE("where the name of a function comes from") {
  struct Row {
    const char* what;
    std::string commands;
    const char* name;
  };
  const Row rows[] = {
      {"the file itself", "", "hidden"},
      {"a debug file by its build id",
       std::string(kStrip) + "mkdir -p usr/lib/debug/.build-id/01; "
                             "mv app.debug usr/lib/debug/.build-id/01/23456789abcdef.debug",
       "hidden"},
      {"a debug file named by the whole build id",
       std::string(kStrip) + "mkdir -p usr/lib/debug/.build-id/01; "
                             "mv app.debug usr/lib/debug/.build-id/01/0123456789abcdef.debug",
       "hidden"},
      {"a debug file beside the program, by .gnu_debuglink",
       std::string(kStrip) + "objcopy --add-gnu-debuglink=app.debug opt/app; mv app.debug opt", "hidden"},
      {"… in .debug",
       std::string(kStrip) + "objcopy --add-gnu-debuglink=app.debug opt/app; mkdir opt/.debug; "
                             "mv app.debug opt/.debug",
       "hidden"},
      {"… in /usr/lib/debug",
       std::string(kStrip) + "objcopy --add-gnu-debuglink=app.debug opt/app; mkdir -p usr/lib/debug/opt; "
                             "mv app.debug usr/lib/debug/opt",
       "hidden"},
      {"the build id goes before .gnu_debuglink",
       std::string(kStrip) + kFirst + kSecond +
           "mkdir -p usr/lib/debug/.build-id/01; mv first usr/lib/debug/.build-id/01/23456789abcdef.debug; "
           "objcopy --add-gnu-debuglink=second opt/app; mv second opt",
       "first"},
      {"beside the program goes before .debug",
       std::string(kStrip) + kFirst +
           "objcopy --add-gnu-debuglink=first opt/app; cp first opt; mkdir opt/.debug; mv first opt/.debug; "
           "true",
       "first"},
      {"a damaged one is passed over for the next",
       std::string(kStrip) + "objcopy --add-gnu-debuglink=app.debug opt/app; mkdir opt/.debug; "
                             "cp app.debug opt/.debug; echo more >> app.debug; mv app.debug opt",
       "hidden"},
      {"MiniDebugInfo", std::string(kStrip) + kMini, "hidden"},
      {"a debug file goes before MiniDebugInfo",
       std::string(kStrip) + kMini + kFirst +
           "mkdir -p usr/lib/debug/.build-id/01; mv first usr/lib/debug/.build-id/01/23456789abcdef.debug",
       "first"},
      {"compressed debug sections do no harm",
       std::string(kStrip) + "objcopy --compress-debug-sections=zlib app.debug; "
                             "objcopy --add-gnu-debuglink=app.debug opt/app; mv app.debug opt",
       "hidden"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    Program program;
    if (row.commands[0] != '\0') program.script(row.commands);
    NamedFrame frame = program.name();
    CHECK(frame.address == program.address);
    CHECK(frame.why == nullptr);
    REQUIRE(frame.lines.size() == 1);
    CHECK(frame.lines[0].function == row.name);
  }
}

TEST_CASE("a stripped function says where its name was looked for") {
  const std::string kNone = "no such file or directory";
  const std::string kById = "it has no .symtab; /usr/lib/debug/.build-id/01/23456789abcdef.debug: " + kNone +
                            "; host:/usr/lib/debug/.build-id/01/23456789abcdef.debug: " + kNone +
                            "; /usr/lib/debug/.build-id/01/0123456789abcdef.debug: " + kNone +
                            "; host:/usr/lib/debug/.build-id/01/0123456789abcdef.debug: " + kNone;
  const std::string kLink = "objcopy --add-gnu-debuglink=app.debug opt/app; ";
  const std::string kNotByLink = "; /opt/.debug/app.debug: " + kNone +
                                 "; /usr/lib/debug/opt/app.debug: " + kNone +
                                 "; host:/usr/lib/debug/opt/app.debug: " + kNone;
  struct Row {
    const char* what;
    std::string commands;
    std::string why;
  };
  const Row rows[] = {
      {"nothing there", kStrip, kById},
      {"no build id and no link", "objcopy --remove-section=.note.gnu.build-id -S full opt/app",
       "it has no .symtab, no build id and no .gnu_debuglink"},
      {"another build id",
       std::string(kStrip) + "mkdir -p usr/lib/debug/.build-id/01; cp app.debug x; "
                             "objcopy --remove-section=.note.gnu.build-id x; "
                             "mv x usr/lib/debug/.build-id/01/23456789abcdef.debug",
       std::string(kById).replace(kById.find(kNone), kNone.size(), "its build id is another one")},
      {"a link to a file that is not there", std::string(kStrip) + kLink,
       kById + "; /opt/app.debug: " + kNone + kNotByLink},
      {"another checksum", std::string(kStrip) + kLink + "echo more >> app.debug; mv app.debug opt",
       kById + "; /opt/app.debug: its checksum is not that of .gnu_debuglink" + kNotByLink},
      {"a link to what is no file", std::string(kStrip) + kLink + "mkfifo opt/app.debug",
       kById + "; /opt/app.debug: not a regular file" + kNotByLink},
      {"a link out of the folder",
       std::string(kStrip) + kLink + "sed -i 's/app[.]debug/a\\/p.debug/' opt/app",
       kById + "; .gnu_debuglink: it names more than a file in a folder"},
      {"broken MiniDebugInfo",
       std::string(kStrip) + "head -c 100 /dev/zero > mini.xz; "
                             "objcopy --add-section .gnu_debugdata=mini.xz opt/app",
       kById + "; .gnu_debugdata: read .gnu_debugdata: not xz data"},
      {"MiniDebugInfo that ends early",
       std::string(kStrip) + "xz -k app.debug; head -c 200 app.debug.xz > mini.xz; "
                             "objcopy --add-section .gnu_debugdata=mini.xz opt/app",
       kById + "; .gnu_debugdata: read .gnu_debugdata: damaged xz data"},
      {"MiniDebugInfo that is no ELF file",
       std::string(kStrip) +
           "echo text > mini; xz mini; objcopy --add-section .gnu_debugdata=mini.xz opt/app",
       kById + "; .gnu_debugdata: not an ELF file: too short"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    Program program;
    program.script(row.commands);
    NamedFrame frame = program.name();
    CHECK(frame.no_name == NoName::stripped);
    CHECK(frame.address == program.address);
    REQUIRE(frame.why != nullptr);
    CHECK(*frame.why == row.why);
  }
}

TEST_CASE("the root of a process, by a path below it") {
  struct Row {
    const char* host_path;
    const char* path;
    const char* root;
  };
  const Row rows[] = {
      {"/proc/12/root/usr/bin/x", "/usr/bin/x", "/proc/12/root"},
      {"/proc/12/exe", "/usr/bin/x", "/proc/12/root"},
      {"/usr/bin/x", "/usr/bin/x", ""},
      {"/somewhere/else", "/usr/bin/x", ""},
  };
  for (const Row& row : rows) CHECK(root_of(row.host_path, row.path) == row.root);
}

}  // namespace
}  // namespace weir::profiler
