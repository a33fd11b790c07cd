// Lookup: the addresses of one host name, by c-ares: hosts file and DNS, without
// a thread and without a wait that cannot be given up.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <boost/asio/ip/address.hpp>

#include "base/result.h"
#include "net/asio.h"

namespace weir::net {

class Lookup {
 public:
  explicit Lookup(asio::io_context& context);
  ~Lookup();

  // Once. At least one address, the best first.
  asio::awaitable<Result<std::vector<asio::ip::address>>> run(std::string host);
  void cancel();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace weir::net
