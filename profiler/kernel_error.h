// What to do about a kernel that refuses a BPF program or a perf event.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace weir::profiler {

// Keeps what libbpf prints on this thread while it lives: the only place where it says why.
class LibbpfMessages {
 public:
  LibbpfMessages();
  ~LibbpfMessages();
  LibbpfMessages(const LibbpfMessages&) = delete;
  LibbpfMessages& operator=(const LibbpfMessages&) = delete;

  std::string_view text() const { return text_; }
  void add(std::string_view text);

 private:
  std::string text_;
  LibbpfMessages* outer_;
};

Error bpf_error(int error_number, std::string_view what, std::string_view messages);
Error perf_error(int error_number, int cpu);

}  // namespace weir::profiler
