// Stream: a connection, plain or TLS, over TCP or a unix socket.
#pragma once

#include <array>
#include <memory>
#include <string>

#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>

#include "base/result.h"
#include "net/asio.h"

namespace weir::net {

using Socket = asio::generic::stream_protocol::socket;

struct Moved {
  error_code error;
  std::size_t bytes = 0;
};

// The second may be empty, and goes when the first has gone.
using TwoBuffers = std::array<asio::const_buffer, 2>;

class Stream {
 public:
  virtual ~Stream() = default;
  virtual asio::awaitable<Result<>> handshake() = 0;
  virtual asio::awaitable<Moved> read_some(asio::mutable_buffer buffer) = 0;
  virtual asio::awaitable<Moved> write_some(TwoBuffers buffers) = 0;
  virtual Socket& socket() = 0;

  // What is under way ends with an error.
  void close() {
    error_code ignored;
    socket().close(ignored);
  }
};

std::unique_ptr<Stream> plain_stream(Socket socket);

// "connection refused", "connection closed".
std::string text_of(error_code error);

}  // namespace weir::net
