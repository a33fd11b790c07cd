// ProcStat: what stands in /proc/PID/stat, by the numbers of proc(5).
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

namespace weir {

class ProcStat {
 public:
  static constexpr int kParent = 4, kFlags = 9, kUserTime = 14, kSystemTime = 15, kThreads = 20,
                       kStartTime = 22;  // times in ticks

  // Looks into the text, which outlives it.
  static std::optional<ProcStat> parse(std::string_view text);

  std::uint32_t pid() const { return pid_; }
  std::string_view comm() const { return comm_; }  // any bytes
  char state() const { return rest_[0]; }
  // From the third on; nothing when the text ends before it.
  template <class T>
  std::optional<T> number(int field) const {
    T value{};
    std::string_view from = from_field(field);
    bool is_number = std::from_chars(from.data(), from.data() + from.size(), value).ec == std::errc();
    return is_number ? std::optional(value) : std::nullopt;
  }

 private:
  std::string_view from_field(int field) const;

  std::uint32_t pid_ = 0;
  std::string_view comm_;
  std::string_view rest_;  // from the third field on
};

}  // namespace weir
