#include "net/session.h"

#include <array>
#include <mutex>
#include <optional>

#include "net/text.h"
#include "net/url.h"

namespace weir::net {

namespace {

constexpr std::size_t kHeadPiece = 2 << 10;
constexpr std::size_t kBodyPiece = 16 << 10;

// Where a handler's answer waits for the session, or the session for it.
struct ReplySlot {
  std::mutex mutex;
  bool answered = false;
  Response response;
  asio::steady_timer* waiting = nullptr;  // the server's thread only
};

Response refusal(const RequestReader& reader) {
  switch (reader.failure()) {
    case ReadFailure::header_too_big: return Response::text(431, "request: " + reader.reason() + "\n");
    case ReadFailure::body_too_big: return Response::text(413, "request: " + reader.reason() + "\n");
    default: return Response::text(400, "malformed request: " + reader.reason() + "\n");
  }
}

Response too_busy() {
  Response response =
      Response::text(503, "too many large requests are on their way: try again in a second\n");
  response.headers.set("Retry-After", "1");
  return response;
}

}  // namespace

Session::Session(Service& service, asio::ip::tcp::socket socket)
    : service_(service), socket_(std::move(socket)), watch_(socket_.get_executor(), [this] { close(); }) {
  error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

void Session::close() {
  error_code ignored;
  socket_.close(ignored);
  if (waiting_reply_) waiting_reply_->cancel();
}

asio::awaitable<void> Session::serve() {
  bool keep = true;
  while (keep) {
    RequestReader reader(service_.options.max_header_bytes, service_.options.max_body_bytes);
    Held held(service_);
    Input input = co_await read_request(reader, held);
    if (input == Input::gone) co_return;
    Response response;
    if (input == Input::bad_request) {
      response = refusal(reader);
    } else if (input == Input::too_busy) {
      response = too_busy();
    } else {
      response = co_await answer(reader.request(), reader.is_http_1_1());
    }
    keep = input == Input::request && reader.keep_alive() && !service_.stopping && response.status != 400;
    AfterReply after = keep ? AfterReply::keep_alive : AfterReply::close;
    bool sent = co_await send(response, reader.request().method, after);
    if (!sent) co_return;
  }
  co_await linger();
}

asio::awaitable<void> Session::refuse() {
  bool sent = co_await send(Response::text(503, "too many connections\n"), "GET", AfterReply::close);
  if (sent) co_await linger();
}

asio::awaitable<Session::Input> Session::read_request(RequestReader& reader, Held& held) {
  const Server::Options& options = service_.options;
  // An empty line before a request is tolerated (RFC 9112, 2.2).
  if (buffer_.starts_with("\r\n")) buffer_.erase(0, 2);
  idle_ = buffer_.empty();
  // The server may have begun to stop while the answer before this was on its way.
  if (idle_ && service_.stopping) co_return Input::gone;
  watch_.arm(idle_ && !first_ ? options.idle_timeout : options.header_timeout);
  first_ = false;
  std::size_t piece = kHeadPiece;
  for (;;) {
    if (!buffer_.empty()) {
      std::size_t used = 0;
      ReadState state = reader.feed(buffer_, used);
      buffer_.erase(0, used);
      if (!held.grow_to(reader.body_bytes())) co_return Input::too_busy;
      if (state == ReadState::done) break;
      if (state == ReadState::failed) co_return Input::bad_request;
      if (state == ReadState::head_done) {
        watch_.arm(options.idle_timeout);
        piece = kBodyPiece;
        if (equal_ignoring_case(reader.request().headers.get("Expect"), "100-continue")) {
          bool written = co_await write("HTTP/1.1 100 Continue\r\n\r\n", {});
          if (!written) co_return Input::gone;
        }
        continue;
      }
    }
    bool more = co_await read_more(piece);
    if (!more) co_return Input::gone;
    if (std::exchange(idle_, false)) watch_.arm(options.header_timeout);
  }
  idle_ = false;
  watch_.disarm();
  if (buffer_.empty() && buffer_.capacity() > 2 * kHeadPiece) buffer_.shrink_to_fit();
  co_return Input::request;
}

asio::awaitable<bool> Session::read_more(std::size_t bytes) {
  std::size_t old_size = buffer_.size();
  buffer_.resize(old_size + bytes);
  auto [error, n] = co_await socket_.async_read_some(asio::buffer(buffer_.data() + old_size, bytes), kResult);
  buffer_.resize(old_size + n);
  co_return !error;
}

Response Session::check(Request& request, bool is_http_1_1) const {
  std::size_t hosts = 0;
  for (const auto& [name, value] : request.headers.all()) hosts += equal_ignoring_case(name, "Host") ? 1 : 0;
  if (hosts > 1 || (hosts == 0 && is_http_1_1)) {
    return Response::text(400, "malformed request: exactly one Host header is required\n");
  }
  std::string host(request.headers.get("Host"));
  if (!request.target.starts_with('/') && request.target != "*") {
    // The form that is meant for proxies, which a server must understand too.
    auto url = parse_url(request.target);
    if (!url || url->is_unix()) return Response::text(400, "malformed request: unusable target\n");
    request.target = url->target;
    host = url->authority();
  }
  if (!host.empty() && !service_.hosts.allows(host)) {
    return Response::text(421, fmt::format("host \"{}\" is not one this server answers to\n", host));
  }
  return {};
}

asio::awaitable<Response> Session::answer(Request& request, bool is_http_1_1) {
  Response wrong = check(request, is_http_1_1);
  if (wrong.status != 200) co_return wrong;
  Response response = co_await call_handler(request);
  co_return response;
}

asio::awaitable<Response> Session::call_handler(const Request& request) {
  auto slot = std::make_shared<ReplySlot>();
  Reply reply = [slot, gate = service_.gate](Response response) {
    {
      std::lock_guard lock(slot->mutex);
      if (std::exchange(slot->answered, true)) return false;
      slot->response = std::move(response);
    }
    gate->dispatch([slot] {
      if (slot->waiting) slot->waiting->cancel();
    });
    return true;
  };
  std::string failure;
  try {
    service_.handler(request, std::move(reply));
  } catch (const std::exception& error) {
    failure = error.what();
    if (failure.empty()) failure = "unknown";
  }
  if (!failure.empty()) co_return Response::text(500, "internal error: " + failure + "\n");

  auto answered = [&] {
    std::lock_guard lock(slot->mutex);
    return slot->answered;
  };
  if (!answered()) {
    asio::steady_timer timer(socket_.get_executor(), service_.options.reply_timeout);
    slot->waiting = waiting_reply_ = &timer;
    co_await timer.async_wait(kResult);
    slot->waiting = waiting_reply_ = nullptr;
  }
  std::lock_guard lock(slot->mutex);
  if (!std::exchange(slot->answered, true)) {
    co_return Response::text(503,
                             "no answer within " + format_duration(service_.options.reply_timeout) + "\n");
  }
  co_return std::move(slot->response);
}

asio::awaitable<bool> Session::send(const Response& response, std::string_view method, AfterReply after) {
  std::string head = response_head(response, after);
  bool sent = co_await write(head, method == "HEAD" ? std::string_view() : response_body(response));
  co_return sent;
}

asio::awaitable<bool> Session::write(std::string_view head, std::string_view body) {
  while (!head.empty() || !body.empty()) {
    // Per piece, so that a slow reader of something big is served, a stuck one is not.
    watch_.arm(service_.options.idle_timeout);
    std::array<asio::const_buffer, 2> buffers{asio::buffer(head.data(), head.size()),
                                              asio::buffer(body.data(), body.size())};
    auto [error, n] = co_await socket_.async_write_some(buffers, kResult);
    if (error) co_return false;
    std::size_t of_head = std::min(n, head.size());
    head.remove_prefix(of_head);
    body.remove_prefix(n - of_head);
  }
  co_return true;
}

// Closing while the peer still sends would reset the connection and take the
// answer with it; so say we are done and read on for a moment.
asio::awaitable<void> Session::linger() {
  error_code error;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, error);
  if (error) co_return;
  watch_.arm(std::chrono::seconds(1));
  constexpr std::size_t kMost = 16 << 20;
  for (std::size_t total = 0; total < kMost;) {
    buffer_.clear();
    bool more = co_await read_more(kBodyPiece);
    if (!more) break;
    total += buffer_.size();
  }
}

}  // namespace weir::net
