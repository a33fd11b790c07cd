#include "profiler/symbols/vdso.h"

#include <charconv>
#include <string>
#include <utility>

#include "base/file_system.h"

namespace weir::profiler {

namespace {

constexpr std::uint64_t kMost = 1u << 20;

}  // namespace

Result<std::unique_ptr<Bytes>> read_vdso() {
  auto maps = read_file("/proc/self/maps");
  if (!maps) return fail(maps.error());
  std::string_view text = *maps;
  std::size_t name = text.find(kVdso);
  if (name == std::string_view::npos) return fail("this kernel maps no vdso");
  std::size_t line = text.rfind('\n', name);
  line = line == std::string_view::npos ? 0 : line + 1;
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  auto first = std::from_chars(text.data() + line, text.data() + name, start, 16);
  auto second = std::from_chars(first.ptr + 1, text.data() + name, end, 16);
  if (first.ec != std::errc{} || second.ec != std::errc{} || end <= start || end - start > kMost)
    return fail("read the vdso: /proc/self/maps is not as expected");
  auto* image = reinterpret_cast<const char*>(start);  // NOLINT(performance-no-int-to-ptr)
  return std::make_unique<OwnedBytes>(std::string(image, end - start));
}

}  // namespace weir::profiler
