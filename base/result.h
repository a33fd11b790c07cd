// Result<T>: how everything a user, a file, the network or the kernel can make
// fail is reported. Messages say what failed, on which object and why, in
// lower case and without a full stop: "open /x: permission denied".
#pragma once

#include <cerrno>
#include <cstring>
#include <expected>
#include <string>
#include <utility>

#include <fmt/core.h>

namespace weir {

struct Error {
  std::string message;

  bool operator==(const Error&) const = default;
};

template <class T = void>
using Result = std::expected<T, Error>;

// return fail("open {}: {}", path, why);
template <class... Args>
std::unexpected<Error> fail(fmt::format_string<Args...> format, Args&&... args) {
  return std::unexpected(Error{fmt::format(format, std::forward<Args>(args)...)});
}

inline std::unexpected<Error> fail(Error error) {
  return std::unexpected(std::move(error));
}

// The text of an errno value, in lower case like our own messages.
std::string errno_text(int error_number);

// return fail_errno(errno, "open {}", path);  ->  "open /x: permission denied"
template <class... Args>
std::unexpected<Error> fail_errno(int error_number, fmt::format_string<Args...> format, Args&&... args) {
  return std::unexpected(
      Error{fmt::format(format, std::forward<Args>(args)...) + ": " + errno_text(error_number)});
}

}  // namespace weir
