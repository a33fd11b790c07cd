// What an answer of a server means for the profiles that were sent.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/duration.h"
#include "base/result.h"
#include "runtime/fetcher.h"

namespace weir::pyroscope {

struct PushAnswer {
  enum class Kind : std::uint8_t {
    taken,
    unreachable,  // nobody answered, or somebody before the server did: says nothing about the profiles
    failed,       // the server failed; it does so, too, where it cannot read what it got
    slow_down,    // too much at once
    held,         // nothing will be taken before somebody changes credentials, address or server
    too_large,    // smaller ones may be taken
    out_of_window,
    refused,
  };
  Kind kind = Kind::taken;
  std::string reason;  // "network", "http_503"
  std::string error;   // for a person
  Duration wait{};     // what the server asks for

  static PushAnswer of(const Result<runtime::FetchResponse>& answer, WallTime now);
};

}  // namespace weir::pyroscope
