// How a call gets its connection: name, socket, tunnel, TLS.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include "net/call.h"
#include "net/text.h"

namespace weir::net {

namespace {

// A machine that has lost its power says nothing more, and a stream may be quiet for long: the kernel asks,
// and tells us within a minute. Where it cannot, the deadlines are left.
void notice_death(Socket& socket) {
  constexpr int kOn = 1, kQuiet = 30, kPause = 10, kTimes = 3;  // seconds
  int fd = socket.native_handle();
  (void)::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &kOn, sizeof kOn);
  (void)::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &kQuiet, sizeof kQuiet);
  (void)::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &kPause, sizeof kPause);
  (void)::setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &kTimes, sizeof kTimes);
}

}  // namespace

asio::awaitable<Result<>> Call::connect() {
  if (url_.is_unix()) {
    error_code error = co_await open(asio::local::stream_protocol::endpoint(url_.host));
    if (error) co_return fail("connect to {}: {}", url_.host, text_of(error));
    co_return Result<>();
  }
  const Url& first = proxy_.host.empty() ? url_ : proxy_;
  Result<> connected = co_await connect_to(first.host, first.port);
  if (!connected || !url_.is_tls()) co_return connected;
  if (!proxy_.host.empty()) {
    Result<> tunnel = co_await open_tunnel();
    if (!tunnel) co_return tunnel;
  }
  Result<> secured = co_await secure();
  co_return secured;
}

asio::awaitable<Result<>> Call::connect_to(const std::string& host, std::uint16_t port) {
  std::vector<asio::ip::address> addresses;
  error_code not_an_address;
  asio::ip::address literal = asio::ip::make_address(host, not_an_address);
  if (!not_an_address) {
    addresses.push_back(literal);
  } else {
    enter("no address of \"" + host + "\"");
    lookup_ = std::make_unique<Lookup>(shared_.context);
    Result<std::vector<asio::ip::address>> found = co_await lookup_->run(host);
    lookup_.reset();
    if (!found) co_return fail(found.error());
    addresses = *std::move(found);
  }
  enter("not connected");
  std::string failures;
  for (const asio::ip::address& address : addresses) {
    if (aborted_) co_return fail("cancelled");
    // One address that swallows everything must not use up the time of the others.
    if (addresses.size() > 1 && request_.connect_timeout > Duration::zero()) {
      attempt_.arm(request_.connect_timeout / static_cast<int>(addresses.size()));
    }
    asio::ip::tcp::endpoint endpoint(address, port);
    error_code error = co_await open(endpoint);
    attempt_.disarm();
    if (!error) {
      stream_->socket().set_option(asio::ip::tcp::no_delay(true), error);
      notice_death(stream_->socket());
      co_return Result<>();
    }
    if (!failures.empty()) failures += "; ";
    bool late = error == asio::error::operation_aborted;
    failures += fmt::format("connect to {}{}{}:{}: {}", address.is_v6() ? "[" : "", address.to_string(),
                            address.is_v6() ? "]" : "", port, late ? "no answer" : text_of(error));
  }
  co_return fail("{}", failures);
}

asio::awaitable<error_code> Call::open(Socket::endpoint_type endpoint) {
  stream_ = plain_stream(Socket(shared_.context));
  auto [error] = co_await stream_->socket().async_connect(endpoint, kResult);
  co_return error;
}

asio::awaitable<Result<>> Call::open_tunnel() {
  std::string text =
      fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\nUser-Agent: weir\r\n", url_.host_port());
  bool has_own = false;
  for (const auto& [name, value] : request_.proxy.connect_headers) {
    if (equal_ignoring_case(name, "Host") || equal_ignoring_case(name, "User-Agent")) continue;
    has_own |= equal_ignoring_case(name, "Proxy-Authorization");
    text.append(name).append(": ").append(value).append("\r\n");
  }
  if (!proxy_.user_info.empty() && !has_own) {
    text += "Proxy-Authorization: Basic " + base64(proxy_.user_info) + "\r\n";
  }
  enter("no tunnel by the proxy " + proxy_.host_port());
  error_code error = co_await write(text + "\r\n");
  if (error) co_return fail("proxy {}: {}", proxy_.host_port(), text_of(error));
  ResponseReader reader({.without_body = true});
  ReadState state = co_await read(reader);
  if (state != ReadState::done) co_return fail("proxy {}: {}", proxy_.host_port(), read_error_);
  if (int status = reader.response().status; status < 200 || status > 299) {
    co_return fail("proxy {}: it answered {} {} to CONNECT {}", proxy_.host_port(), status,
                   reason_phrase(status), url_.host_port());
  }
  if (!buffer_.empty())
    co_return fail("proxy {}: it sent bytes before the tunnel's first", proxy_.host_port());
  co_return Result<>();
}

asio::awaitable<Result<>> Call::secure() {
  auto wrapped = shared_.tls.wrap(std::move(stream_->socket()), request_.tls, url_.host);
  if (!wrapped) co_return fail(wrapped.error());
  stream_ = *std::move(wrapped);
  enter("no TLS handshake");
  Result<> done = co_await stream_->handshake();
  co_return done;
}

}  // namespace weir::net
