#include "components/discovery/process_container.h"

#include <algorithm>

namespace weir::discovery {
namespace {

constexpr std::size_t kIdLength = 64;

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

std::string_view id_in_line(std::string_view line) {
  for (std::size_t at = 0; at + kIdLength <= line.size(); ++at) {
    if (at == 0 || (line[at - 1] != '/' && line[at - 1] != '-')) continue;
    std::string_view id = line.substr(at, kIdLength);
    if (!std::ranges::all_of(id, is_hex)) continue;
    std::string_view after = line.substr(at + kIdLength);
    if (after.empty() || after[0] == '.') return id;
  }
  return {};
}

}  // namespace

std::string container_id_in_cgroup(std::string_view text) {
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    if (auto id = id_in_line(line); !id.empty()) return std::string(id);
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return "";
}

}  // namespace weir::discovery
