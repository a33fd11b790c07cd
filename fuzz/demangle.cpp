// Any name in any mode ends soon and stays within bounds.
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "profiler/symbols/demangle.h"

namespace {

constexpr std::size_t kMaxShown = 64u << 10;
// Far above what the slowest name takes in this build: what is met here has no bound.
constexpr std::chrono::seconds kTooLong{2};

void check(std::string_view name) {
  using namespace weir::profiler;
  for (Demangle mode : {Demangle::none, Demangle::simplified, Demangle::templates, Demangle::full}) {
    auto start = std::chrono::steady_clock::now();
    std::string text = demangle(name, mode);
    if (text.size() > kMaxShown && text != name) std::abort();
    if (std::chrono::steady_clock::now() - start > kTooLong) std::abort();
  }
}

}  // namespace

// Inputs of up to 64 KiB and more: -max_len=70000. The first byte chooses: the bytes as they are, or as
// a name of a kind that the fuzzer need not find by chance.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 6) {
    case 0: check("_Z" + std::string(rest)); break;
    case 1: check("_ZN" + std::string(rest) + "E"); break;
    case 2: check("_R" + std::string(rest)); break;
    case 3: check("_ZN" + std::string(rest) + "17h0123456789abcdefE"); break;
    case 4: check("_Z1fI" + std::string(rest)); break;
    default: check(rest); break;
  }
  return 0;
}
