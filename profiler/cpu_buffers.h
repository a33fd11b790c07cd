// CpuBuffers: takes records out of the kernel program's buffers, one for each CPU (struct cpu_sample_buffer).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "base/result.h"
#include "bpf/cpu_sample.h"

namespace weir::profiler {

// Not thread-safe.
class CpuBuffers {
 public:
  using Take = std::function<void(const void* record, std::size_t size)>;

  // How many entries the map needs to have one for each of these CPUs.
  static std::uint32_t entries_for(const std::vector<int>& cpus);

  // `map` is the map `buffers` of a loaded program, which has so many entries.
  static Result<CpuBuffers> open(int map, std::uint32_t entries);

  CpuBuffers() = default;
  CpuBuffers(CpuBuffers&& other) noexcept
      : buffers_(std::exchange(other.buffers_, nullptr)), count_(std::exchange(other.count_, 0)) {}
  CpuBuffers& operator=(CpuBuffers&& other) noexcept {
    std::swap(buffers_, other.buffers_);
    std::swap(count_, other.count_);
    return *this;
  }
  ~CpuBuffers();

  // Calls `take` for each record there is, CPU by CPU, with its bytes. What does not hold what the contract
  // says is given out as one record, so that it is counted, however many it was.
  void drain(const Take& take);

 private:
  cpu_sample_buffer* buffers_ = nullptr;
  std::uint32_t count_ = 0;
};

}  // namespace weir::profiler
