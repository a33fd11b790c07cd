#include "profiler/symbols/debug_file.h"

#include "profiler/symbols/elf.h"

namespace weir::profiler {

std::string process_root(std::string_view host_path) {
  constexpr std::string_view kProc = "/proc/";
  constexpr std::string_view kRoot = "/root/";
  if (!host_path.starts_with(kProc)) return {};
  std::size_t root = host_path.find(kRoot, kProc.size());
  return root == std::string_view::npos ? std::string()
                                        : std::string(host_path.substr(0, root + kRoot.size() - 1));
}

Result<Fd> open_debug_file(const std::string& root, std::string_view build_id) {
  bool hex = build_id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  if (build_id.size() < 4 || !hex) return fail("no build id to look for");
  std::string path =
      fmt::format("{}/usr/lib/debug/.build-id/{}/{}.debug", root, build_id.substr(0, 2), build_id.substr(2));
  auto fd = open_regular_file(path);
  if (!fd) return fd;
  auto found = read_build_id(fd->get());
  if (!found || *found != build_id) return fail("{}: not the debug file of {}", path, build_id);
  return fd;
}

}  // namespace weir::profiler
