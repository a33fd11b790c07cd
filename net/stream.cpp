#include "net/stream.h"

#include <boost/asio/ssl/error.hpp>

#include "net/text.h"

namespace weir::net {

namespace {

class PlainStream final : public Stream {
 public:
  explicit PlainStream(Socket socket) : socket_(std::move(socket)) {}

  asio::awaitable<Result<>> handshake() override { co_return Result<>(); }
  asio::awaitable<Moved> read_some(asio::mutable_buffer buffer) override {
    auto [error, n] = co_await socket_.async_read_some(buffer, kResult);
    co_return Moved{error, n};
  }
  asio::awaitable<Moved> write_some(TwoBuffers buffers) override {
    auto [error, n] = co_await socket_.async_write_some(buffers, kResult);
    co_return Moved{error, n};
  }
  Socket& socket() override { return socket_; }

 private:
  Socket socket_;
};

}  // namespace

std::unique_ptr<Stream> plain_stream(Socket socket) {
  return std::make_unique<PlainStream>(std::move(socket));
}

std::string text_of(error_code error) {
  if (error == asio::error::eof || error == asio::ssl::error::stream_truncated) return "connection closed";
  if (error.category() == boost::system::system_category()) return errno_text(error.value());
  return to_lower(error.message());
}

}  // namespace weir::net
