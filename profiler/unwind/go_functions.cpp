#include "profiler/unwind/go_functions.h"

#include <algorithm>
#include <array>

namespace weir::profiler {
namespace {

struct Named {
  std::string_view function;
  GoWalk walk;
};

constexpr std::array kNamed = {
    // Started by the kernel or by C code.
    Named{"_rt0_amd64", GoWalk::begins},
    Named{"_rt0_amd64_linux", GoWalk::begins},
    Named{"runtime.rt0_go", GoWalk::begins},
    Named{"runtime.mstart", GoWalk::begins},
    Named{"runtime.goexit", GoWalk::begins},
    // Until Go 1.16 the table has no flag for these.
    Named{"runtime.systemstack", GoWalk::switches},
    Named{"runtime.asmcgocall", GoWalk::switches},
    Named{"runtime.cgocallback", GoWalk::switches},
    Named{"runtime.cgocallback_gofunc", GoWalk::switches},
    Named{"runtime.morestack", GoWalk::switches},
    Named{"runtime.gogo", GoWalk::switches},
    Named{"runtime.nanotime", GoWalk::switches},
    Named{"runtime.nanotime1", GoWalk::switches},
    Named{"runtime.walltime", GoWalk::switches},
    Named{"runtime.walltime1", GoWalk::switches},
    Named{"runtime.mcall", GoWalk::switches_away},
    // The runtime's own walk ends at a handler; the kernel's frame leads to what it interrupted.
    Named{"runtime.sigtramp", GoWalk::ordinary},
    Named{"runtime.cgoSigtramp", GoWalk::ordinary},
    Named{"runtime.sigreturn", GoWalk::signal},
    Named{"runtime.sigreturn__sigaction", GoWalk::signal},
};

// x86-64 instructions, by their bytes.
constexpr std::uint8_t kWide = 0x48;          // prefix: 64 bits; its low three bits extend the registers
constexpr std::uint8_t kExtendsReg = 0x04;    // … the one in the middle of the third byte
constexpr std::uint8_t kExtendsOther = 0x01;  // … the one at its end
constexpr std::uint8_t kLoad = 0x8b;          // register in the middle ← the other
constexpr std::uint8_t kStore = 0x89;         // the other ← register in the middle
constexpr std::uint8_t kStackPointer = 4;

bool writes_stack_pointer(std::uint8_t prefix, std::uint8_t opcode, std::uint8_t operands) {
  if ((prefix & 0xf8) != kWide) return false;
  unsigned middle = operands >> 3 & 7;
  unsigned other = operands & 7;
  bool registers = operands >> 6 == 3;
  if (opcode == kLoad) return (prefix & kExtendsReg) == 0 && middle == kStackPointer;
  if (opcode == kStore) return registers && (prefix & kExtendsOther) == 0 && other == kStackPointer;
  return false;
}

}  // namespace

GoWalk go_walk_of(std::string_view function, std::uint8_t flags) {
  auto named =
      std::find_if(kNamed.begin(), kNamed.end(), [&](const Named& n) { return n.function == function; });
  if (named != kNamed.end()) return named->walk;
  if ((flags & kGoTopFrame) != 0) return GoWalk::begins;
  return (flags & kGoWritesStackPointer) != 0 ? GoWalk::switches : GoWalk::ordinary;
}

std::optional<std::uint32_t> find_stack_switch(std::span<const std::uint8_t> code) {
  for (std::size_t i = 0; i + 2 < code.size(); ++i)
    if (writes_stack_pointer(code[i], code[i + 1], code[i + 2])) return static_cast<std::uint32_t>(i);
  return std::nullopt;
}

}  // namespace weir::profiler
