#include "net/message_reader.h"

#include <boost/beast/http/basic_parser.hpp>
#include <optional>

namespace weir::net {

namespace {

namespace http = boost::beast::http;
using boost::beast::string_view;
using boost::system::error_code;

std::string_view to_std(string_view text) {
  return {text.data(), text.size()};
}

// What both kinds of message have in common.
template <bool isRequest>
class Reader : public http::basic_parser<isRequest> {
 public:
  ReadState feed(std::string_view data, std::size_t& used) {
    used = 0;
    while (!this->is_done()) {
      bool had_head = this->is_header_done();
      error_code error;
      used += this->put(boost::asio::const_buffer(data.data() + used, data.size() - used), error);
      if (error == http::error::need_more) return ReadState::need_more;
      if (error) return failed(error);
      if (!had_head && this->is_header_done() && !this->is_done()) return ReadState::head_done;
      if (used == data.size() && !this->is_done()) return ReadState::need_more;
    }
    return ReadState::done;
  }

  ReadState failed(error_code error) {
    failure = ReadFailure::malformed;
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
      failure = ReadFailure::header_too_big;
    }
    if (error == http::error::body_limit || too_big) failure = ReadFailure::body_too_big;
    reason = failure == ReadFailure::header_too_big ? "the head is larger than the limit"
             : failure == ReadFailure::body_too_big ? "the body is larger than the limit"
                                                    : error.message();
    return ReadState::failed;
  }

  ReadFailure failure = ReadFailure::none;
  std::string reason;
  Headers headers;
  std::string body;
  std::size_t body_limit_bytes = 0;
  std::function<void(std::string_view)> on_data;
  bool too_big = false;

 protected:
  void on_field_impl(http::field, string_view name, string_view value, error_code&) override {
    headers.add(to_std(name), to_std(value));
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code& error) override {
    if (on_data || !length) return;
    if (*length > body_limit_bytes) {
      too_big = true;
      error = http::error::body_limit;
      return;
    }
    // A length is only a promise: no more than a piece is taken on its word.
    constexpr std::uint64_t kTrusted = 64 << 10;
    body.reserve(static_cast<std::size_t>(std::min(*length, kTrusted)));
  }
  std::size_t on_body_impl(string_view data, error_code& error) override {
    take(to_std(data), error);
    return data.size();
  }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view data, error_code& error) override {
    take(to_std(data), error);
    return data.size();
  }
  void on_finish_impl(error_code&) override {}

 private:
  void take(std::string_view data, error_code& error) {
    if (on_data) {
      if (!data.empty()) on_data(data);
      return;
    }
    if (data.size() > body_limit_bytes - body.size()) {
      too_big = true;
      error = http::error::body_limit;
      return;
    }
    body.append(data);
  }
};

}  // namespace

struct RequestReader::Impl final : Reader<true> {
  Request request;
  bool is_1_1 = false;

  void on_request_impl(http::verb, string_view method, string_view target, int version,
                       error_code&) override {
    request.method = to_std(method);
    request.target = to_std(target);
    is_1_1 = version >= 11;
  }
  void on_response_impl(int, string_view, int, error_code&) override {}
};

RequestReader::RequestReader(std::size_t max_header_bytes, std::size_t max_body_bytes)
    : impl_(std::make_unique<Impl>()) {
  impl_->header_limit(static_cast<std::uint32_t>(max_header_bytes));
  impl_->body_limit(max_body_bytes);
  impl_->body_limit_bytes = max_body_bytes;
}

RequestReader::~RequestReader() = default;

ReadState RequestReader::feed(std::string_view data, std::size_t& used) {
  ReadState state = impl_->feed(data, used);
  if (impl_->is_header_done() && !impl_->headers.all().empty()) {
    if (impl_->request.headers.all().empty()) impl_->request.headers = std::move(impl_->headers);
    impl_->headers = {};  // trailers
  }
  if (state == ReadState::done) impl_->request.body = std::move(impl_->body);
  return state;
}

std::size_t RequestReader::body_bytes() const {
  return impl_->body.size() + impl_->request.body.size();
}

Request& RequestReader::request() {
  return impl_->request;
}
bool RequestReader::keep_alive() const {
  return impl_->keep_alive();
}
bool RequestReader::is_http_1_1() const {
  return impl_->is_1_1;
}
ReadFailure RequestReader::failure() const {
  return impl_->failure;
}
const std::string& RequestReader::reason() const {
  return impl_->reason;
}

struct ResponseReader::Impl final : Reader<false> {
  ClientResponse response;

  void on_request_impl(http::verb, string_view, string_view, int, error_code&) override {}
  void on_response_impl(int status, string_view, int, error_code&) override { response.status = status; }
};

ResponseReader::ResponseReader(Options options) : impl_(std::make_unique<Impl>()) {
  impl_->header_limit(static_cast<std::uint32_t>(options.max_header_bytes));
  // One that is too large by its own word is not waited for.
  if (options.on_data) impl_->body_limit(boost::none);
  if (!options.on_data) impl_->body_limit(options.max_body_bytes);
  impl_->skip(options.without_body);
  impl_->body_limit_bytes = options.max_body_bytes;
  impl_->on_data = std::move(options.on_data);
}

ResponseReader::~ResponseReader() = default;

ReadState ResponseReader::feed(std::string_view data, std::size_t& used) {
  ReadState state = impl_->feed(data, used);
  if (impl_->is_header_done() && !impl_->headers.all().empty()) {
    if (impl_->response.headers.all().empty()) impl_->response.headers = std::move(impl_->headers);
    impl_->headers = {};  // trailers
  }
  if (state == ReadState::done) impl_->response.body = std::move(impl_->body);
  return state;
}

ReadState ResponseReader::finish() {
  if (!impl_->got_some()) {
    impl_->reason = "the connection was closed before a response";
    return ReadState::failed;
  }
  error_code error;
  impl_->put_eof(error);
  if (error) {
    impl_->reason = "the connection was closed in the middle of the response";
    return ReadState::failed;
  }
  impl_->response.body = std::move(impl_->body);
  return ReadState::done;
}

ClientResponse& ResponseReader::response() {
  return impl_->response;
}
bool ResponseReader::keep_alive() const {
  return impl_->keep_alive();
}
const std::string& ResponseReader::reason() const {
  return impl_->reason;
}

}  // namespace weir::net
