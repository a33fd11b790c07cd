// SampleBuffers: takes the records out of the kernel program's buffers, one for each CPU (struct
// cpu_sample_buffer).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "base/result.h"
#include "bpf/cpu_sample.h"

namespace weir::profiler {

// Not thread-safe.
class SampleBuffers {
 public:
  using Take = std::function<void(const void* record, std::size_t size)>;

  // As many entries as the map has buffers for CPUs that can be online.
  static std::uint32_t entries();

  SampleBuffers() = default;
  ~SampleBuffers();
  SampleBuffers(const SampleBuffers&) = delete;
  SampleBuffers& operator=(const SampleBuffers&) = delete;

  // The map `buffers` of a program that is loaded, with so many entries.
  Result<> map(int fd, std::uint32_t count);
  // Calls `take` for each record there is, CPU by CPU, with its bytes. Once with what is left of a buffer
  // that does not hold what the contract says, so that it is counted.
  void drain(const Take& take);

 private:
  cpu_sample_buffer* buffers_ = nullptr;
  std::uint32_t count_ = 0;
};

}  // namespace weir::profiler
