#include "net/call.h"

#include <sys/un.h>

#include "net/message_writer.h"
#include "net/proxy.h"
#include "net/text.h"

namespace weir::net {

namespace {

constexpr int kMaxRedirects = 10;
constexpr std::size_t kPiece = 16 << 10;
constexpr std::size_t kMostDiscarded = 1 << 20;

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// The same server, or that server by TLS from now on.
bool keeps_server(const Url& from, const Url& to) {
  if (from.origin() == to.origin()) return true;
  bool is_upgrade = from.scheme == "http" && to.is_tls() && from.port == 80 && to.port == 443;
  return from.host == to.host && is_upgrade;
}

// May be sent a second time when the first got no answer (RFC 9110, 9.2.2).
bool is_idempotent(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE" || method == "OPTIONS";
}

}  // namespace

Call::Call(ClientShared& shared, std::shared_ptr<Ticket> ticket, ClientRequest request)
    : shared_(shared),
      ticket_(std::move(ticket)),
      request_(std::move(request)),
      phase_(shared.context.get_executor(), [this] { expire(); }),
      total_(shared.context.get_executor(),
             [this] {
               phase_name_ = "not finished";
               phase_limit_ = request_.total_timeout;
               expire();
             }),
      attempt_(shared.context.get_executor(),
               [this] {
                 if (stream_) stream_->close();
               }),
      token_wait_(shared.context) {
  ticket_->call = this;
}

Call::~Call() {
  ticket_->call = nullptr;
}

void Call::abort() {
  aborted_ = true;
  if (stream_) stream_->close();
  if (lookup_) lookup_->cancel();
  token_wait_.cancel();
}

void Call::arm(Duration limit, std::string_view what) {
  phase_name_ = what;
  phase_limit_ = limit;
  if (limit <= Duration::zero()) return phase_.disarm();
  phase_.arm(limit);
}

void Call::expire() {
  ticket_->done(
      fail("{} {}: {} within {}", request_.method, first_url_, phase_name_, format_duration(phase_limit_)));
  abort();
}

asio::awaitable<void> Call::run() {
  if (!ticket_->is_open()) co_return;
  auto prepared = prepare();
  if (!prepared) {
    ticket_->done(fail(prepared.error()));
    co_return;
  }
  if (request_.total_timeout > Duration::zero()) total_.arm(request_.total_timeout);
  Result<ClientResponse> result = co_await perform();
  phase_.disarm();
  if (!result) result = fail("{} {}: {}", request_.method, first_url_, result.error().message);
  ticket_->done(std::move(result));
}

Result<> Call::prepare() {
  auto url = parse_url(request_.url);
  if (!url) return fail(url.error());
  url_ = *std::move(url);
  if (url_.is_unix()) {
    url_.target = request_.unix_target.empty() ? "/" : request_.unix_target;
    if (!url_.target.starts_with('/') || !valid_header_value(url_.target) || url_.target.contains(' ')) {
      return fail("url \"{}\": \"{}\" cannot be the path of a request", request_.url, url_.target);
    }
    if (url_.host.size() >= sizeof(sockaddr_un::sun_path)) {
      return fail("url \"{}\": a socket's path is at most {} bytes", request_.url,
                  sizeof(sockaddr_un::sun_path) - 1);
    }
  }
  // For messages; without what is secret in it.
  first_url_ = url_.origin() + url_.target;
  if (!valid_header_name(request_.method))
    return fail("{}: \"{}\" is no method", first_url_, request_.method);
  for (const auto& [name, value] : request_.own_headers.all()) request_.headers.add(name, value);
  for (const auto& [name, value] : request_.headers.all()) {
    if (!valid_header_name(name)) return fail("{}: \"{}\" cannot be a header's name", first_url_, name);
    if (!valid_header_value(value)) {
      return fail("{}: the value of header {} holds a control character", first_url_, name);
    }
  }
  // Undoing compression takes the whole body; a streamed one is passed on as it comes.
  asked_for_gzip_ = !ticket_->streams && !request_.headers.has("Accept-Encoding");
  if (asked_for_gzip_) request_.headers.set("Accept-Encoding", "gzip");
  if (auto proxy = prepare_proxy(); !proxy) return fail("{}: {}", first_url_, proxy.error().message);
  return {};
}

Result<> Call::prepare_proxy() {
  auto proxy = choose_proxy(request_.proxy, shared_.environment, url_);
  if (!proxy) return fail(proxy.error());
  proxy_ = proxy->value_or(Url());
  for (const auto& [name, value] : request_.proxy.connect_headers) {
    if (valid_header_name(name) && valid_header_value(value)) continue;
    return fail("\"{}\" cannot be sent to a proxy as a header", name);
  }
  return {};
}

asio::awaitable<Result<ClientResponse>> Call::perform() {
  for (int redirects = 0;; ++redirects) {
    if (auto ok = co_await authorize(); !ok) co_return fail(ok.error());
    Result<ClientResponse> response = co_await exchange();
    if (response && is_token_refused(*response)) {
      token_renewed_ = true;
      shared_.tokens.refuse(*request_.oauth2, token_);
      if (auto ok = co_await authorize(); !ok) co_return fail(ok.error());
      response = co_await exchange();
    }
    if (!response || !is_followed(*response)) co_return response;
    if (redirects == kMaxRedirects) co_return fail("stopped after {} redirects", kMaxRedirects);
    auto next = follow(*response);
    if (!next) co_return fail(next.error());
  }
}

asio::awaitable<Result<>> Call::authorize() {
  if (!request_.oauth2) co_return Result<>();
  Result<std::string> token = co_await shared_.tokens.get(*request_.oauth2, token_wait_);
  if (!token) co_return fail(token.error());
  token_ = *std::move(token);
  request_.headers.set("Authorization", token_);
  co_return Result<>();
}

asio::awaitable<Result<ClientResponse>> Call::exchange() {
  if (aborted_) co_return fail("cancelled");
  stream_ = shared_.pool.take(pool_key());
  for (;;) {
    reused_ = stream_ != nullptr;
    answered_ = false;
    if (!stream_) {
      arm(request_.connect_timeout, "not connected");
      auto connected = co_await connect();
      if (!connected) co_return fail(connected.error());
    }
    Result<ClientResponse> response = co_await talk();
    if (response) co_return response;
    stream_.reset();
    // The server closed the connection while our request was on its way.
    bool again = reused_ && !answered_ && !aborted_ && is_idempotent(request_.method);
    if (!again) co_return response;
  }
}

asio::awaitable<error_code> Call::write(std::string_view text) {
  while (!text.empty()) {
    Moved moved = co_await stream_->write_some({asio::buffer(text.data(), text.size())});
    if (moved.error) co_return moved.error;
    text.remove_prefix(moved.bytes);
    if (!text.empty()) arm(request_.idle_timeout, "request not taken");
  }
  co_return error_code();
}

std::string Call::head() const {
  bool by_proxy = !proxy_.host.empty() && !url_.is_tls();
  if (!by_proxy) return request_head(request_, url_, url_.target);
  std::string text = request_head(request_, url_, "http://" + url_.authority() + url_.target);
  if (!proxy_.user_info.empty()) {
    text.insert(text.size() - 2, "Proxy-Authorization: Basic " + base64(proxy_.user_info) + "\r\n");
  }
  return text;
}

asio::awaitable<Result<ClientResponse>> Call::talk() {
  if (aborted_) co_return fail("cancelled");
  buffer_.clear();
  in_body_ = false;
  arm(request_.idle_timeout, "request not taken");
  std::string text = head();
  // Small bodies go with the head, in one packet and one TLS record.
  bool together = request_.body.size() <= kPiece;
  if (together) text += request_.body;
  error_code error = co_await write(text);
  if (!error && !together) error = co_await write(request_.body);
  // A server may refuse and close before it has read everything; its answer counts.
  arm(request_.header_timeout, "no response");
  Result<ClientResponse> response = co_await receive(error);
  co_return response;
}

asio::awaitable<Result<ClientResponse>> Call::receive(error_code write_error) {
  for (;;) {
    bool wanted = true;
    ResponseReader::Options options{.max_body_bytes = request_.max_body_bytes,
                                    .without_body = request_.method == "HEAD"};
    if (ticket_->streams) {
      options.on_data = [this, &wanted](std::string_view piece) {
        if (wanted) return ticket_->data(piece);
        discarded_ += piece.size();
        if (discarded_ > kMostDiscarded) stream_->close();
      };
    }
    ResponseReader reader(std::move(options));
    ReadState state = co_await read(reader);
    if (state == ReadState::failed) {
      co_return fail("{}", write_error && !answered_ ? text_of(write_error) : read_error_);
    }
    int status = reader.response().status;
    if (status >= 100 && status < 200 && status != 101) continue;  // more is to come
    wanted = !is_followed(reader.response()) && !is_token_refused(reader.response());
    if (wanted) ticket_->head(reader.response());
    in_body_ = true;
    arm(request_.idle_timeout, "no more of the body");
    if (state == ReadState::head_done) state = co_await read(reader);
    if (state == ReadState::failed) co_return fail("{}", read_error_);
    if (reader.keep_alive() && buffer_.empty() && !write_error && status != 101) {
      shared_.pool.put(pool_key(), std::move(stream_));
    }
    stream_.reset();
    buffer_ = {};
    co_return finished(std::move(reader.response()));
  }
}

// Until the reader has its head, its end, or has failed.
asio::awaitable<ReadState> Call::read(ResponseReader& reader) {
  for (;;) {
    if (!buffer_.empty()) {
      std::size_t used = 0;
      ReadState state = reader.feed(buffer_, used);
      buffer_.erase(0, used);
      if (state == ReadState::failed) read_error_ = "malformed response: " + reader.reason();
      if (state != ReadState::need_more) co_return state;
    }
    std::size_t old_size = buffer_.size();
    buffer_.resize(old_size + kPiece);
    Moved moved = co_await stream_->read_some(asio::buffer(buffer_.data() + old_size, kPiece));
    buffer_.resize(old_size + moved.bytes);
    if (moved.bytes > 0) answered_ = true;
    if (moved.error == asio::error::eof) {
      ReadState state = reader.finish();
      read_error_ = reader.reason();
      co_return state;
    }
    if (moved.error) {
      read_error_ = text_of(moved.error);
      co_return ReadState::failed;
    }
    if (in_body_) arm(request_.idle_timeout, "no more of the body");
  }
}

Result<ClientResponse> Call::finished(ClientResponse response) {
  bool compressed = equal_ignoring_case(response.headers.get("Content-Encoding"), "gzip");
  if (!asked_for_gzip_ || !compressed || response.body.empty()) return response;
  auto body = gunzip(response.body, request_.max_body_bytes);
  if (!body) return fail("{}", body.error().message);
  response.body = *std::move(body);
  response.headers.remove("Content-Encoding");
  response.headers.remove("Content-Length");
  return response;
}

bool Call::is_followed(const ClientResponse& response) const {
  return request_.follow_redirects && is_redirect(response.status) && response.headers.has("Location");
}

// A token may be withdrawn before it expires: worth one more try with a new one.
bool Call::is_token_refused(const ClientResponse& response) const {
  return request_.oauth2 && !token_renewed_ && response.status == 401;
}

// What was meant for one server is not for another.
void Call::leave_server(const Url& next) {
  for (const char* name : {"Authorization", "Cookie", "Host"}) request_.headers.remove(name);
  for (const auto& [name, value] : request_.own_headers.all()) request_.headers.remove(name);
  request_.oauth2.reset();
  if (next.host != url_.host) request_.tls.server_name.clear();
}

Result<> Call::follow(const ClientResponse& response) {
  std::string location(response.headers.get("Location"));
  auto next = resolve_url(url_, location);
  if (!next) return fail("redirect: {}", next.error().message);
  if (next->origin() != url_.origin() && (url_.is_unix() || next->is_unix())) {
    return fail("a redirect from {} to {} is not followed", url_.origin(), next->origin());
  }
  if (!keeps_server(url_, *next)) {
    leave_server(*next);
  } else if (next->user_info.empty()) {
    next->user_info = url_.user_info;
  }
  bool to_get = response.status == 303 ||
                ((response.status == 301 || response.status == 302) && request_.method == "POST");
  if (to_get && request_.method != "HEAD" && request_.method != "GET") {
    request_.method = "GET";
    request_.body.clear();
    for (const char* name : {"Content-Type", "Content-Encoding"}) request_.headers.remove(name);
  }
  url_ = *std::move(next);
  return prepare_proxy();
}

std::string Call::pool_key() const {
  std::string key = url_.origin();
  if (!proxy_.host.empty()) key += "|" + proxy_.user_info + "@" + proxy_.origin();
  if (!url_.is_tls()) return key;
  for (const auto& [name, value] : request_.proxy.connect_headers) {
    key.append("|").append(name).append(":").append(value);
  }
  const TlsOptions& tls = request_.tls;
  for (const std::string* part : {&tls.ca_pem, &tls.ca_file, &tls.cert_pem, &tls.cert_file, &tls.key_pem,
                                  &tls.key_file, &tls.server_name, &tls.min_version}) {
    key += "|" + *part;
  }
  return key + (tls.insecure_skip_verify ? "|unverified" : "|verified");
}

}  // namespace weir::net
