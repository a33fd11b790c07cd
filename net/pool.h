// Pool: connections of the client between two requests.
#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "net/asio.h"
#include "net/stream.h"

namespace weir::net {

// On the client's thread.
class Pool {
 public:
  explicit Pool(asio::io_context& context) : sweep_(context) {}

  // `key` says everything that makes connections alike. Null when there is none.
  std::unique_ptr<Stream> take(std::string_view key);
  void put(std::string key, std::unique_ptr<Stream> stream);
  void clear();

 private:
  struct Idle {
    std::string key;
    std::unique_ptr<Stream> stream;
    std::chrono::steady_clock::time_point since;
  };
  void sweep_later();

  asio::steady_timer sweep_;
  std::deque<Idle> idle_;  // oldest first
};

}  // namespace weir::net
