#include "profiler/cpu_buffers.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>

namespace weir::profiler {

namespace {

// Takes one buffer's records.
void drain_one(cpu_sample_buffer& buffer, const CpuBuffers::Take& take) {
  std::uint64_t written = __atomic_load_n(&buffer.written, __ATOMIC_ACQUIRE);
  std::uint64_t taken = buffer.taken;
  // The program changes it only while all is taken, and then there is nothing to do.
  std::uint64_t begin = buffer.begin;
  while (taken != written) {
    const std::uint64_t at = taken - begin, left = written - taken;
    if (at > sizeof buffer.data || left > sizeof buffer.data - at) {
      take(buffer.data, 0);
      break;
    }
    const auto* head = reinterpret_cast<const cpu_sample*>(buffer.data + at);
    std::uint64_t size = left < sizeof *head ? left : (std::uint64_t{head->size} + 7) / 8 * 8;
    if (size < sizeof *head || size > left) {
      take(head, left);
      break;
    }
    take(head, size);
    taken += size;
  }
  __atomic_store_n(&buffer.taken, written, __ATOMIC_RELEASE);
}

}  // namespace

std::uint32_t CpuBuffers::entries_for(const std::vector<int>& cpus) {
  return static_cast<std::uint32_t>(std::ranges::max(cpus)) + 1;
}

Result<CpuBuffers> CpuBuffers::open(int map, std::uint32_t entries) {
  void* at = mmap(nullptr, entries * sizeof(cpu_sample_buffer), PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
  if (at == MAP_FAILED) return fail_errno(errno, "map the buffers of {} CPUs", entries);
  CpuBuffers buffers;
  buffers.buffers_ = static_cast<cpu_sample_buffer*>(at);
  buffers.count_ = entries;
  return buffers;
}

CpuBuffers::~CpuBuffers() {
  if (buffers_) munmap(buffers_, count_ * sizeof *buffers_);
}

void CpuBuffers::drain(const Take& take) {
  for (std::uint32_t i = 0; i < count_; ++i) drain_one(buffers_[i], take);
}

}  // namespace weir::profiler
