#include "profiler/process/container_id.h"

#include <algorithm>

namespace weir::profiler {

namespace {

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_long_id(std::string_view text) {
  return text.size() == 64 && std::ranges::all_of(text, is_hex);
}

// Hex digits, a dash, a number: "0123456789abcdef0123456789abcdef-1234567890".
bool is_task_id(std::string_view text) {
  constexpr std::size_t kHex = 32;
  return text.size() > kHex + 1 && text.size() <= kHex + 21 && text[kHex] == '-' &&
         std::ranges::all_of(text.substr(0, kHex), is_hex) &&
         std::ranges::all_of(text.substr(kHex + 1), is_digit);
}

// Of one path element, such as "cri-containerd-ID.scope" or "kubepods.slice:cri-containerd:ID".
std::string_view id_of_element(std::string_view element) {
  constexpr std::string_view kSeparators = "-:";
  auto last = element.find_last_of(kSeparators);
  std::size_t begin = last == std::string_view::npos ? 0 : last + 1;
  std::size_t size = element.substr(begin).find('.');
  if (is_long_id(element.substr(begin, size))) return element.substr(begin, size);
  if (begin < 2) return {};
  // The number of a task is behind a dash of its own.
  auto before = element.find_last_of(kSeparators, last - 1);
  begin = before == std::string_view::npos ? 0 : before + 1;
  std::string_view task = element.substr(begin, element.substr(begin).find('.'));
  return is_task_id(task) ? task : std::string_view{};
}

}  // namespace

std::string container_id(std::string_view path) {
  // The innermost: a container may run containers, and may make groups of its own below its own.
  while (!path.empty()) {
    auto slash = path.rfind('/');
    std::string_view element = slash == std::string_view::npos ? path : path.substr(slash + 1);
    if (auto id = id_of_element(element); !id.empty()) return std::string(id);
    if (slash == std::string_view::npos) break;
    path = path.substr(0, slash);
  }
  return "";
}

}  // namespace weir::profiler
