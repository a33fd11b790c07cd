// Any request is profiles or a refusal that says why. The first byte chooses what it is taken for.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "components/pyroscope/received.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  constexpr std::size_t kLargest = 4096;  // what is larger only takes longer
  if (size == 0 || size > kLargest) return -1;
  profile::MemoryBudget budget(1 << 20);
  std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  net::Request request{
      .method = "POST", .target = "/ingest?name=shop.cpu%7Ba=b%7D", .headers = {}, .body = text};
  pyroscope::Received received;
  switch (data[0] % 6) {
    case 0: request.headers.set("Content-Type", "application/proto"); break;
    case 1: request.headers.set("Content-Type", "application/json"); break;
    case 2: request.target += "&format=pprof"; break;
    case 3: request.headers.set("Content-Type", "multipart/form-data; boundary=b"); break;
    case 4: request.target += "&format=lines"; break;
    default:
      // The name and the rest of the query.
      request.target = "/ingest?" + text.substr(0, text.find('\n'));
      request.body = "a;b 1";
  }
  received = data[0] % 6 < 2 ? pyroscope::read_push(request, {}, budget)
                             : pyroscope::read_ingest(request, {}, budget);
  if (!received) {
    if (received.error().reason.empty() || received.error().message.empty()) std::abort();
    return 0;
  }
  for (const profile::Profile& profile : *received) {
    if (profile.labels.get("service_name").empty() || profile.labels.get("__name__").empty()) std::abort();
    for (const profile::Sample& sample : profile.samples)
      if (sample.stack >= profile.stacks.size()) std::abort();
    // Whoever adds them up does so without asking.
    if (profile.duration < Duration::zero()) std::abort();
    (void)(profile.start + std::chrono::duration_cast<WallTime::duration>(profile.duration));
  }
  return 0;
}
