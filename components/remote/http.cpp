#include "components/remote/http.h"

#include <utility>

#include "components/wording.h"
#include "net/text.h"
#include "net/url.h"

namespace weir::remote {
namespace {

constexpr std::size_t kMostBytes = 16u << 20;

}  // namespace

void Http::Arguments::check(lang::Problems& problems) const {
  if (auto parsed = net::parse_url(url); !parsed) {
    problems.add("url", parsed.error().message);
  } else if (parsed->is_unix()) {
    problems.add("url", "only http:// and https:// can be asked");
  }
  if (poll_timeout >= poll_frequency) {
    problems.add("poll_timeout", "poll_timeout must be less than poll_frequency");
  }
  if (!net::valid_header_name(method)) {
    problems.add("method", fmt::format("\"{}\" is not a method", method));
  }
  for (const auto& [name, value] : headers) {
    if (net::valid_header_name(name) && net::valid_header_value(value)) continue;
    problems.add("headers", fmt::format("\"{}\" cannot be sent as a header", name));
  }
}

Http::Http(runtime::Context& ctx, Arguments args)
    : ctx_(ctx), args_(std::move(args)), poll_(ctx, [this](auto answer) { answered(answer); }) {}

void Http::start() {
  HttpPoll::Settings settings{.request = {.method = args_.method,
                                          .url = args_.url,
                                          .own_headers = {args_.headers.begin(), args_.headers.end()},
                                          .body = args_.body,
                                          .total_timeout = args_.poll_timeout,
                                          .max_body_bytes = kMostBytes},
                              .client = args_.client ? *args_.client : HttpClientArguments(),
                              .pause = args_.poll_frequency,
                              .is_secret = args_.is_secret};
  poll_.start(std::move(settings));
}

void Http::apply(Arguments args) {
  args_ = std::move(args);
  start();
}

void Http::answered(const Result<runtime::FetchResponse>& answer) {
  if (!answer) {
    Duration wait = poll_.again_after_failure();
    ++info_.failures;
    if (info_.error != answer.error().message) {
      ctx_.log().warn("there is no content", {{"error", answer.error().message}});
    }
    info_.error = answer.error().message;
    ctx_.publish_debug_info(info_);
    return ctx_.set_health(
        runtime::HealthState::unhealthy,
        fmt::format("{}; {}weir tries again in {}", info_.error,
                    info_.answers > 0 ? "the last content stays; " : "", rough_text(wait)));
  }
  poll_.again_after_success();
  info_.error.clear();
  ++info_.answers;
  info_.bytes = answer->body.size();
  ctx_.publish(Exports{.content = {.text = answer->body, .is_secret = args_.is_secret}});
  ctx_.publish_debug_info(info_);
  ctx_.set_health(runtime::HealthState::healthy,
                  bytes_text(info_.bytes) + if_none(info_.bytes, "the answer is empty"));
}

}  // namespace weir::remote

template weir::runtime::ComponentType weir::runtime::component_type<weir::remote::Http>();
