// Our rows of the distribution's files beside those of elfutils' libdw.
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "profiler/symbols/elf.h"
#include "profiler/unwind/table.h"

#if __has_include(<elfutils/libdw.h>)
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <gelf.h>

namespace weir::profiler {
namespace {

constexpr int kRbp = 6;
constexpr int kRsp = 7;
constexpr int kR9 = 9;
constexpr int kRip = 16;

struct CloseElf {
  void operator()(::Elf* elf) const { elf_end(elf); }
};
struct CloseCfi {
  void operator()(Dwarf_CFI* cfi) const { dwarf_cfi_end(cfi); }
};
struct FreeFrame {
  void operator()(Dwarf_Frame* frame) const { std::free(frame); }
};
using Frame = std::unique_ptr<Dwarf_Frame, FreeFrame>;
using Ops = std::span<const Dwarf_Op>;

std::string number(std::int64_t value) {
  return (value < 0 ? "" : "+") + std::to_string(value);
}

std::string name_of(std::uint64_t reg) {
  if (reg == kRsp) return "rsp";
  if (reg == kRbp) return "rbp";
  return "r" + std::to_string(reg);
}

bool is_breg(const Dwarf_Op& op) {
  return (op.atom >= DW_OP_breg0 && op.atom <= DW_OP_breg31) || op.atom == DW_OP_bregx;
}

std::string breg_text(const Dwarf_Op& op) {
  if (op.atom == DW_OP_bregx) return name_of(op.number) + number(static_cast<std::int64_t>(op.number2));
  return name_of(op.atom - DW_OP_breg0) + number(static_cast<std::int64_t>(op.number));
}

// How libdw finds a CFA, in words that ours are brought to as well.
std::string cfa_text(Ops ops) {
  if (ops.empty()) return "none";
  if (is_breg(ops[0])) {
    if (ops.size() == 1) return breg_text(ops[0]);
    if (ops.size() == 2 && ops[1].atom == DW_OP_plus_uconst && ops[0].atom != DW_OP_bregx)
      return breg_text(ops[0]) + number(static_cast<std::int64_t>(ops[1].number));
    if (ops.size() == 2 && ops[1].atom == DW_OP_deref) return "*(" + breg_text(ops[0]) + ")+0";
    if (ops.size() == 3 && ops[1].atom == DW_OP_deref && ops[2].atom == DW_OP_plus_uconst)
      return "*(" + breg_text(ops[0]) + ")" + number(static_cast<std::int64_t>(ops[2].number));
    if (ops.size() == 7 && ops[1].atom == DW_OP_breg9 && ops[1].number == 0 && ops[2].atom == DW_OP_lit8 &&
        ops[3].atom == DW_OP_mul && ops[5].atom == DW_OP_deref)
      return "*(" + breg_text(ops[0]) + "+8*r9)" + number(static_cast<std::int64_t>(ops[6].number));
    if (ops.size() == 9 && ops[1].atom == DW_OP_breg16 && ops[5].atom == DW_OP_ge)
      return "plt" + number(ops[4].atom - DW_OP_lit0);
  }
  return "another expression";
}

// Where libdw finds a saved register.
std::string saved_text(Dwarf_Frame* frame, int reg) {
  Dwarf_Op memory[3];
  Dwarf_Op* ops = nullptr;
  std::size_t count = 0;
  if (dwarf_frame_register(frame, reg, memory, &ops, &count) != 0) return "error";
  if (count == 0) return ops == nullptr ? "same" : "undefined";
  Ops all(ops, count);
  bool from_cfa = all[0].atom == DW_OP_call_frame_cfa;
  if (from_cfa && count == 1) return "[cfa+0]";
  if (from_cfa && count == 2 && all[1].atom == DW_OP_plus_uconst)
    return "[cfa" + number(static_cast<std::int64_t>(all[1].number)) + "]";
  if (from_cfa && count == 2 && all[1].atom == DW_OP_stack_value) return "cfa+0";
  if (from_cfa && count == 2 && is_breg(all[1])) return "[" + breg_text(all[1]) + "]";
  if (is_breg(all[0]) && count == 1) return "[" + breg_text(all[0]) + "]";
  if (all[0].atom == DW_OP_regx && count == 1) return "in " + name_of(all[0].number);
  return all.back().atom == DW_OP_stack_value ? "a value" : "another expression";
}

struct Said {
  std::string cfa, fp;
  bool operator==(const Said&) const = default;
};

Said said_by_rule(const unwind_rule& rule) {
  Said said;
  auto deref = [&](std::uint64_t reg) {
    return "*(" + name_of(reg) + number(rule.cfa_offset >> 8) + ")" + number(rule.cfa_offset & 0xff);
  };
  switch (rule.cfa) {
    case UNWIND_CFA_INVALID: return {"none", ""};
    case UNWIND_CFA_END: return {"end", ""};
    case UNWIND_CFA_SIGNAL: return {"signal", ""};
    case UNWIND_CFA_SP: said.cfa = "rsp" + number(rule.cfa_offset); break;
    case UNWIND_CFA_FP: said.cfa = "rbp" + number(rule.cfa_offset); break;
    case UNWIND_CFA_SP_DEREF: said.cfa = deref(kRsp); break;
    case UNWIND_CFA_FP_DEREF: said.cfa = deref(kRbp); break;
    case UNWIND_CFA_PLT: said.cfa = "plt" + number(rule.cfa_offset); break;
    case UNWIND_CFA_INDEXED_DEREF + kR9:
      said.cfa = "*(rsp" + number(rule.cfa_offset >> 8) + "+8*r9)" + number(rule.cfa_offset & 0xff);
      break;
    default:
      if (rule.cfa >= UNWIND_CFA_RETURN_REGISTER)
        said.cfa =
            "rsp" + number(rule.cfa_offset) + " from " + name_of(rule.cfa - UNWIND_CFA_RETURN_REGISTER);
      else
        said.cfa = rule.cfa < UNWIND_CFA_REGISTER_DEREF
                       ? name_of(rule.cfa - UNWIND_CFA_REGISTER) + number(rule.cfa_offset)
                       : deref(rule.cfa - UNWIND_CFA_REGISTER_DEREF);
  }
  switch (rule.fp) {
    case UNWIND_FP_SAME: said.fp = "same"; break;
    case UNWIND_FP_AT_CFA: said.fp = "[cfa" + number(rule.fp_offset) + "]"; break;
    case UNWIND_FP_AT_FP: said.fp = "[rbp" + number(rule.fp_offset) + "]"; break;
    default: said.fp = "unknown";
  }
  return said;
}

// The same of libdw's frame. `unsayable` gets the reason why eight bytes cannot say it.
Said said_by_libdw(Dwarf_Frame* frame, bool is_signal, std::string& unsayable) {
  Dwarf_Op* ops = nullptr;
  std::size_t count = 0;
  if (dwarf_frame_cfa(frame, &ops, &count) != 0) return {"error", ""};
  Said said{cfa_text({ops, count}), saved_text(frame, kRbp)};
  std::string ra = saved_text(frame, kRip);
  std::string sp = saved_text(frame, kRsp);
  if (ra == "undefined") return {"end", ""};
  if (is_signal && said.cfa == "*(rsp+160)+0") return {"signal", ""};
  if (said.cfa == "another expression") unsayable = "the CFA is another expression";
  bool in_register = ra.starts_with("in r") && said.cfa.starts_with("rsp");
  if (in_register)
    said.cfa += " from" + ra.substr(2);
  else if (ra != "[cfa-8]")
    unsayable = "the return address is at " + ra;
  if (sp != "cfa+0") unsayable = "the stack pointer is " + sp;
  if (!unsayable.empty()) return {"none", ""};
  if (said.fp != "same" && !said.fp.starts_with("[cfa") && !said.fp.starts_with("[rbp")) {
    unsayable = "rbp is " + said.fp;
    said.fp = "unknown";
  }
  return said;
}

struct Comparison {
  std::size_t rows = 0;  // of libdw
  std::map<std::string, std::size_t> unsayable;
  std::map<std::string, std::size_t> kinds;  // rows of each kind of ours
  std::size_t different = 0;
  std::string first_differences;
};

std::string kind_of(const unwind_rule& rule) {
  constexpr const char* kNames[] = {"invalid",  "end",      "sp",  "fp",    "fp chain",
                                    "sp deref", "fp deref", "plt", "signal"};
  if (rule.cfa >= UNWIND_CFA_RETURN_REGISTER) return "return register";
  if (rule.cfa >= UNWIND_CFA_INDEXED_DEREF) return "indexed deref";
  if (rule.cfa >= UNWIND_CFA_REGISTER_DEREF) return "register deref";
  return rule.cfa >= UNWIND_CFA_REGISTER ? "register" : kNames[rule.cfa];
}

// All our rows that begin in one of libdw's, and the one that holds at its start.
void compare_row(const UnwindTable& table, Dwarf_Addr start, Dwarf_Addr end, const Said& expected,
                 Comparison& result) {
  auto first = std::upper_bound(table.starts.begin(), table.starts.end(), start - table.base);
  auto check = [&](std::uint64_t address) {
    unwind_rule rule = table.find(address);
    ++result.kinds[kind_of(rule)];
    Said ours = said_by_rule(rule);
    if (ours == expected) return;
    if (++result.different > 5) return;
    char line[256];
    std::snprintf(line, sizeof line, "%#lx: ours %s, %s; libdw %s, %s\n", static_cast<unsigned long>(address),
                  ours.cfa.c_str(), ours.fp.c_str(), expected.cfa.c_str(), expected.fp.c_str());
    result.first_differences += line;
  };
  check(start);
  for (auto at = first; at != table.starts.end() && table.base + *at < end; ++at) check(table.base + *at);
}

// Every row of libdw from a function's start to the next one's, then the gap
// between them.
void compare_function(Dwarf_CFI* cfi, const UnwindTable& table, Dwarf_Addr start, Dwarf_Addr next,
                      Comparison& result) {
  constexpr Dwarf_Addr kPadding = 16;
  Dwarf_Addr at = start;
  while (at < next) {
    Dwarf_Frame* raw = nullptr;
    if (dwarf_cfi_addrframe(cfi, at, &raw) != 0) break;
    Frame frame(raw);
    Dwarf_Addr from = 0;
    Dwarf_Addr to = 0;
    bool is_signal = false;
    dwarf_frame_info(frame.get(), &from, &to, &is_signal);
    std::string unsayable;
    Said expected = said_by_libdw(frame.get(), is_signal, unsayable);
    ++result.rows;
    if (!unsayable.empty()) ++result.unsayable[unsayable];
    compare_row(table, at, std::min(to, next), expected, result);
    at = std::max(to, at + 1);
  }
  if (at < next && next - at >= kPadding) compare_row(table, at, next, {"none", ""}, result);
}

// Where functions start, from the sorted table of .eh_frame_hdr; its pairs are four-byte
// distances from the header in every file that a linker of ours makes.
std::vector<Dwarf_Addr> function_starts(const Elf& elf, const Bytes& bytes) {
  std::vector<Dwarf_Addr> starts;
  for (const ElfSegment& segment : elf.segments()) {
    if (segment.type != PT_GNU_EH_FRAME) continue;
    std::uint8_t encodings[4] = {};
    std::uint32_t count = 0;
    REQUIRE(bytes.read_all(segment.offset, encodings, sizeof encodings));
    REQUIRE(encodings[3] == 0x3b);
    REQUIRE(bytes.read_all(segment.offset + 8, &count, sizeof count));
    std::vector<std::int32_t> pairs(std::size_t{count} * 2);
    REQUIRE(bytes.read_all(segment.offset + 12, pairs.data(), pairs.size() * sizeof pairs[0]));
    for (std::size_t i = 0; i < pairs.size(); i += 2)
      starts.push_back(segment.address + static_cast<Dwarf_Addr>(std::int64_t{pairs[i]}));
  }
  return starts;
}

void print(const std::string& path, const Comparison& result) {
  std::printf("%s: %zu rows of libdw", path.c_str(), result.rows);
  for (const auto& [kind, count] : result.kinds) std::printf(", %s %zu", kind.c_str(), count);
  std::printf("\n");
  for (const auto& [why, count] : result.unsayable)
    std::printf("    not sayable: %s: %zu\n", why.c_str(), count);
}

void compare(const std::string& path) {
  CAPTURE(path);
  auto fd = open_regular_file(path);
  REQUIRE(fd.has_value());
  auto bytes = FileBytes::of(fd->get());
  auto elf = Elf::read(*bytes);
  REQUIRE(elf.has_value());
  auto table = read_unwind_table(*elf, *bytes, 256u << 20);
  REQUIRE(table.has_value());

  elf_version(EV_CURRENT);
  std::unique_ptr<::Elf, CloseElf> file(elf_begin(fd->get(), ELF_C_READ_MMAP, nullptr));
  REQUIRE(file != nullptr);
  std::unique_ptr<Dwarf_CFI, CloseCfi> cfi(dwarf_getcfi_elf(file.get()));
  REQUIRE(cfi != nullptr);
  std::vector<Dwarf_Addr> starts = function_starts(*elf, *bytes);
  REQUIRE(!starts.empty());
  Comparison result;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    Dwarf_Addr next = i + 1 < starts.size() ? starts[i + 1] : UINT64_MAX;
    compare_function(cfi.get(), *table, starts[i], next, result);
  }
  print(path, result);
  CHECK(result.rows > 0);
  INFO(result.first_differences);
  CHECK(result.different == 0);
}

TEST_CASE("rows are those of libdw") {
  for (const char* path : {
           "/lib64/ld-linux-x86-64.so.2",
           "/lib/x86_64-linux-gnu/libc.so.6",
           "/lib/x86_64-linux-gnu/libm.so.6",
           "/usr/lib/x86_64-linux-gnu/libstdc++.so.6",
           "/usr/lib/x86_64-linux-gnu/libcrypto.so.3",
           "/usr/bin/python3.11",
           WEIR_WORKLOADS "/callbacks",
           WEIR_WORKLOADS "/shares_no_frame_pointers",
       }) {
    if (::access(path, R_OK) == 0) compare(path);
  }
  // Any other file, to see it by hand.
  if (const char* more = std::getenv("WEIR_UNWIND_FILE")) compare(more);
}

}  // namespace
}  // namespace weir::profiler

#else

TEST_CASE("rows are those of libdw") {
  std::printf("SKIP: rows are those of libdw: built without libdw-dev\n");
}

#endif
