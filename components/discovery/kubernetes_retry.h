// How soon to ask an API server again that did not answer as it should.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>

#include "base/clock.h"
#include "components/backoff.h"

namespace weir::discovery {

// A server that is away is looked for every second: that costs nobody much, and what happened meanwhile
// is known at once when it is back. One that is coming up refuses for some seconds, and is asked as
// often. One that goes on to refuse, or that does work in vain for us, is asked less and less often.
class KubernetesRetry {
 public:
  enum class Trouble { connection, refusal, in_vain };

  Duration after(Trouble trouble, MonoTime now, Duration at_least) {
    if (trouble == Trouble::connection) reset();
    if (trouble == Trouble::refusal && since_ == MonoTime()) since_ = now;
    bool is_coming_up = trouble == Trouble::refusal && now - since_ < kComingUp;
    Duration wait = trouble == Trouble::connection || is_coming_up ? some_of(kSoon) : later_.next();
    at_least = std::min(at_least, kMost);
    // As many as were sent away at one moment come back at many.
    return at_least > wait ? at_least + some_of(kSoon) : wait;
  }
  // The server does what it should.
  void reset() {
    since_ = MonoTime();
    later_.reset();
  }

 private:
  static constexpr Duration kSoon = std::chrono::seconds(1);
  static constexpr Duration kMost = std::chrono::minutes(1);
  static constexpr Duration kComingUp = std::chrono::seconds(15);

  Duration some_of(Duration most) {
    return Duration(std::uniform_int_distribution<std::int64_t>(most.count() / 2, most.count())(random_));
  }

  MonoTime since_;  // it has been refusing
  Backoff later_{kSoon, kMost};
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace weir::discovery
