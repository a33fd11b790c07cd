// What the TLS contexts of client and server have in common. For tls.cpp and
// tls_server.cpp only.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "base/result.h"
#include "net/stream.h"

namespace weir::net::tls {

namespace ssl = asio::ssl;

// The text itself, or what its file holds.
Result<std::string> pem_of(const std::string& pem, const std::string& file, std::string_view what);

// OpenSSL's number; `fallback` for "". What is older than TLS 1.2 is raised to it: it has been
// withdrawn (RFC 8996).
Result<int> version_number(std::string_view name, std::string_view what, int fallback);

// Whose certificates are believed: without any the system's.
Result<> trust(ssl::context& context, const std::string& ca);

// Own certificate and key, both or neither.
Result<> identify(ssl::context& context, const std::string& cert, const std::string& key);

// The text of the last OpenSSL error, for what is not an error_code.
std::string last_error();

// Of either side; what only one does it does before.
class TlsStream : public Stream {
 public:
  TlsStream(Socket socket, std::shared_ptr<ssl::context> context)
      : context_(std::move(context)), stream_(std::move(socket), *context_) {}

  asio::awaitable<Moved> read_some(asio::mutable_buffer buffer) override {
    auto [error, n] = co_await stream_.async_read_some(buffer, kResult);
    // Many peers close without saying so in TLS. Whether the message is whole is
    // for its framing to say, but one that only ends with the connection may have been cut.
    co_return Moved{error, n};
  }
  asio::awaitable<Moved> write_some(TwoBuffers buffers) override {
    auto [error, n] = co_await stream_.async_write_some(buffers, kResult);
    co_return Moved{error, n};
  }
  Socket& socket() override { return stream_.next_layer(); }

 protected:
  SSL* handle() { return stream_.native_handle(); }
  ssl::stream<Socket>& stream() { return stream_; }

 private:
  std::shared_ptr<ssl::context> context_;
  ssl::stream<Socket> stream_;
};

}  // namespace weir::net::tls
