// RequestGzip: whether a server takes gzipped requests. One that speaks Connect
// says so in its answers; before it has, nothing is gzipped.
#pragma once

#include <cstdint>

#include "runtime/fetcher.h"

namespace weir::pyroscope {

class RequestGzip {
 public:
  bool is_wanted() const { return state_ == State::announced || state_ == State::works; }
  // True when the answer is about the encoding, or may be: the same request must be sent as it is.
  bool learn(const runtime::FetchResponse& answer, bool was_gzipped);

 private:
  enum class State : std::uint8_t { unknown, announced, works, refused };

  State state_ = State::unknown;
  int doubts_ = 0;  // answers that may have been about the encoding
};

}  // namespace weir::pyroscope
