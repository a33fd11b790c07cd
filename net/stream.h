// Stream: a connection of the client, plain or TLS, over TCP or a unix socket.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>

#include "base/result.h"
#include "net/asio.h"
#include "net/http.h"

namespace weir::net {

using Socket = asio::generic::stream_protocol::socket;

struct Moved {
  error_code error;
  std::size_t bytes = 0;
};

class Stream {
 public:
  virtual ~Stream() = default;
  virtual asio::awaitable<Result<>> handshake() = 0;
  virtual asio::awaitable<Moved> read_some(asio::mutable_buffer buffer) = 0;
  virtual asio::awaitable<Moved> write_some(asio::const_buffer buffer) = 0;
  virtual Socket& socket() = 0;

  // What is under way ends with an error.
  void close() {
    error_code ignored;
    socket().close(ignored);
  }
};

std::unique_ptr<Stream> plain_stream(Socket socket);

// Makes TLS streams. A context (the trusted certificates, above all) costs time and
// memory: each is made when first needed and kept.
class TlsContexts {
 public:
  TlsContexts();
  ~TlsContexts();

  // Files that the options name are read now, so that rotated ones take effect.
  Result<std::unique_ptr<Stream>> wrap(Socket socket, const TlsOptions& options, const std::string& host);

 private:
  struct Context;
  Result<std::shared_ptr<Context>> context(const TlsOptions& options);

  std::map<std::string, std::shared_ptr<Context>> contexts_;
};

// "connection refused", "connection closed".
std::string text_of(error_code error);

}  // namespace weir::net
