#include "tests/profiler/root/libdw_walk.h"

#if __has_include(<elfutils/libdwfl.h>)
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>

#include "bpf/cpu_sample.h"

namespace weir::profiler::test {

namespace {

constexpr int kRegisters = 17;
constexpr int kIp = 16;

// What is in the files that the process maps, and no debug files from elsewhere.
int no_debug_file(Dwfl_Module*, void**, const char*, Dwarf_Addr, const char*, const char*, GElf_Word,
                  char**) {
  return -1;
}

const Dwfl_Callbacks kFiles = {.find_elf = dwfl_linux_proc_find_elf,
                               .find_debuginfo = no_debug_file,
                               .section_address = nullptr,
                               .debuginfo_path = nullptr};

}  // namespace

struct LibdwProcess::Impl {
  pid_t pid = 0;
  Dwfl* dwfl = nullptr;
  const Snapshot* snapshot = nullptr;  // during a walk
  LibdwWalk walk;

  ~Impl() {
    if (dwfl) dwfl_end(dwfl);
  }
};

namespace {

using Impl = LibdwProcess::Impl;

// The one thread of all snapshots.
pid_t next_thread(Dwfl*, void* impl, void** thread) {
  if (*thread != nullptr) return 0;
  *thread = impl;
  return static_cast<Impl*>(impl)->pid;
}

bool read_memory(Dwfl*, Dwarf_Addr address, Dwarf_Word* result, void* impl) {
  auto& self = *static_cast<Impl*>(impl);
  const Snapshot& snapshot = *self.snapshot;
  if (address < snapshot.start || snapshot.limit() < sizeof *result ||
      address > snapshot.limit() - sizeof *result) {
    self.walk.unreadable = address;
    return false;
  }
  const auto* bytes = reinterpret_cast<const char*>(snapshot.words.data());
  std::memcpy(result, bytes + (address - snapshot.start), sizeof *result);
  return true;
}

bool set_registers(Dwfl_Thread* thread, void* impl) {
  const Registers& registers = static_cast<Impl*>(impl)->snapshot->registers;
  std::array<Dwarf_Word, kRegisters> values{};
  std::ranges::copy(registers.all, values.begin());
  values[kIp] = registers.ip;
  return dwfl_thread_state_registers(thread, 0, kRegisters, values.data());
}

const Dwfl_Thread_Callbacks kThreads = {.next_thread = next_thread,
                                        .get_thread = nullptr,
                                        .memory_read = read_memory,
                                        .set_initial_registers = set_registers,
                                        .detach = nullptr,
                                        .thread_detach = nullptr};

int take_frame(Dwfl_Frame* state, void* impl) {
  LibdwWalk& walk = static_cast<Impl*>(impl)->walk;
  LibdwFrame frame;
  // Asking whether it is exact makes libdw go on to the next frame.
  walk.unreadable = 0;
  if (!dwfl_frame_pc(state, &frame.ip, &frame.exact)) return DWARF_CB_ABORT;
  walk.frames.push_back(frame);
  return walk.frames.size() == CPU_SAMPLE_MAX_FRAMES ? DWARF_CB_ABORT : DWARF_CB_OK;
}

// -1: an expression of several steps.
int cfa_register(Dwarf_Frame* frame) {
  Dwarf_Op* ops = nullptr;
  std::size_t count = 0;
  if (dwarf_frame_cfa(frame, &ops, &count) != 0 || count != 1) return -1;
  if (ops[0].atom == DW_OP_bregx) return static_cast<int>(ops[0].number);
  return ops[0].atom >= DW_OP_breg0 && ops[0].atom <= DW_OP_breg31 ? ops[0].atom - DW_OP_breg0 : -1;
}

}  // namespace

LibdwProcess::LibdwProcess(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

LibdwProcess::~LibdwProcess() = default;

Result<std::unique_ptr<LibdwProcess>> LibdwProcess::open(std::uint32_t pid) {
  auto impl = std::make_unique<Impl>();
  impl->pid = static_cast<pid_t>(pid);
  impl->dwfl = dwfl_begin(&kFiles);
  if (!impl->dwfl) return fail("begin with libdw: {}", dwfl_errmsg(-1));
  if (dwfl_linux_proc_report(impl->dwfl, impl->pid) != 0 ||
      dwfl_report_end(impl->dwfl, nullptr, nullptr) != 0)
    return fail("show the mappings of process {} to libdw: {}", pid, dwfl_errmsg(-1));
  if (!dwfl_attach_state(impl->dwfl, nullptr, impl->pid, &kThreads, impl.get()))
    return fail("show the threads of process {} to libdw: {}", pid, dwfl_errmsg(-1));
  return std::unique_ptr<LibdwProcess>(new LibdwProcess(std::move(impl)));
}

LibdwWalk LibdwProcess::walk(const Snapshot& snapshot) {
  impl_->snapshot = &snapshot;
  impl_->walk = {};
  impl_->walk.at_start = dwfl_getthread_frames(impl_->dwfl, impl_->pid, take_frame, impl_.get()) == 0;
  impl_->snapshot = nullptr;
  return std::move(impl_->walk);
}

LibdwPlace LibdwProcess::place_of(std::uint64_t address) {
  LibdwPlace place;
  Dwfl_Module* module = dwfl_addrmodule(impl_->dwfl, address);
  if (!module) return place;
  place.module = dwfl_module_info(module, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr);
  Dwarf_Addr bias = 0;
  Dwarf_CFI* cfi = dwfl_module_eh_cfi(module, &bias);
  place.offset = address - bias;
  Dwarf_Frame* frame = nullptr;
  place.has_rule = cfi && dwarf_cfi_addrframe(cfi, place.offset, &frame) == 0;
  if (place.has_rule) place.cfa_register = cfa_register(frame);
  std::free(frame);
  return place;
}

}  // namespace weir::profiler::test

#endif
