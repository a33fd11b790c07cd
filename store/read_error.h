// Why something of a log could not be read. What was only refused can be read later: nothing is given up for
// it. Given up is what was seen to be damaged, or is not there any more.
#pragma once

#include <expected>

#include "base/result.h"

namespace weir::store {

struct ReadError : Error {
  enum class Why {
    refused,    // by the file system, now: no descriptor left, no permission, an I/O error
    gone,       // there is no such file
    damaged,    // the bytes are not those that were written
    nonsense,   // they are, and still mean nothing to us
    too_large,  // they are, and what they mean is more than we take at once
  };
  Why why = Why::refused;
};

template <class T>
using ReadResult = std::expected<T, ReadError>;

template <class... Args>
std::unexpected<ReadError> fail_read(ReadError::Why why, fmt::format_string<Args...> format, Args&&... args) {
  return std::unexpected(ReadError{{fmt::format(format, std::forward<Args>(args)...)}, why});
}

// For who asks no more than whether it can be had.
using weir::fail;
inline std::unexpected<Error> fail(const ReadError& error) {
  return fail("{}", error.message);
}

inline std::unexpected<ReadError> fail_read(ReadError error) {
  return std::unexpected(std::move(error));
}

}  // namespace weir::store
