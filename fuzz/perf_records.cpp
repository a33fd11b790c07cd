// Any bytes are records of a perf event's ring or not; whatever they say, the process table takes it.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "profiler/process/perf_records.h"
#include "profiler/process/table.h"
#include "profiler/sampler.h"
#include "profiler/symbols/build_id.h"

namespace {

void check_mappings(const weir::profiler::Process& process) {
  std::uint64_t last = 0;
  for (const auto& mapping : process.mappings.all()) {
    if (mapping.start < last || mapping.limit <= mapping.start) std::abort();
    last = mapping.limit;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::profiler;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  ProcessTable table(ProcessTableLimits{.entries = 64});
  parse_perf_records(bytes, [&](ProcessEvent event) {
    // Files that happen to exist here are not to be opened.
    if (auto* map = std::get_if<MapEvent>(&event.what); map && map->build_id.empty()) map->build_id = "ab";
    table.apply(event);
    if (const auto* process = table.find(event.pid)) check_mappings(*process);
  });

  SampleView sample;
  if (parse_sample(data, size, sample)) {
    std::uint64_t sum = 0;
    for (std::uint32_t i = 0; i < sample.user_frames; ++i) sum += sample.user[i];
    for (std::uint32_t i = 0; i < sample.kernel_frames; ++i) sum += sample.kernel[i];
    volatile std::uint64_t sink = sum;
    (void)sink;
  }
  (void)parse_cpu_list(bytes);
  (void)build_id_in_notes(bytes);
  return 0;
}
