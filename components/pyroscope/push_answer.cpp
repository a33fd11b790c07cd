#include "components/pyroscope/push_answer.h"

#include <algorithm>
#include <ctime>
#include <optional>
#include <string_view>

#include <fmt/core.h>

#include "base/number.h"
#include "components/pyroscope/push.pb.h"

namespace weir::pyroscope {
namespace {

using Kind = PushAnswer::Kind;

constexpr Duration kLongestRetryAfter = std::chrono::minutes(10);
constexpr std::size_t kShownBody = 200;  // bytes of an error answer

// "Sun, 06 Nov 1994 08:49:37 GMT", the form that is left of three.
std::optional<WallTime> http_date(const std::string& text) {
  std::tm time{};
  const char* end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &time);
  if (end == nullptr || *end != '\0') return std::nullopt;
  constexpr std::time_t kLatest = 1ll << 33;  // of the year 2242: what a clock in nanoseconds still holds
  return std::chrono::system_clock::from_time_t(std::clamp<std::time_t>(::timegm(&time), 0, kLatest));
}

// Of a date, too, the server's clock is asked how far away it is, where it says what that shows.
Duration retry_after(const runtime::FetchResponse& response, WallTime now) {
  std::string text(response.header("Retry-After"));
  Duration wait{};
  if (auto seconds = whole_number<std::int64_t>(text)) {
    wait = std::chrono::seconds(std::min<std::int64_t>(*seconds, 86400));
  } else if (auto date = http_date(text)) {
    wait = *date - http_date(std::string(response.header("Date"))).value_or(now);
  }
  return std::clamp<Duration>(wait, Duration::zero(), kLongestRetryAfter);
}

bool says(std::string_view text, std::string_view word) {
  return text.find(word) != std::string_view::npos;
}

// The server names its limits in words only.
Kind kind_of_refusal(std::string_view body) {
  if (says(body, "ingestion window") || says(body, "ingestion_window")) return Kind::out_of_window;
  bool limit = says(body, "limit") || says(body, "exceed") || says(body, "too large") || says(body, "max");
  bool of_profile = says(body, "size") || says(body, "samples") || says(body, "large") || says(body, "bytes");
  return limit && of_profile && !says(body, "label") ? Kind::too_large : Kind::refused;
}

Kind kind_of(int status, std::string_view body) {
  switch (status) {
    case 400:
    case 422: return kind_of_refusal(body);
    case 413: return Kind::too_large;
    case 408: return Kind::failed;
    case 429: return Kind::slow_down;
    case 409:
    case 412:
    case 431: return Kind::refused;
    default: break;
  }
  // Another success, or a redirect that is not followed, comes from something before the server.
  if (status < 400) return Kind::unreachable;
  return status >= 500 ? Kind::failed : Kind::held;
}

}  // namespace

PushAnswer PushAnswer::of(const Result<runtime::FetchResponse>& answer, WallTime now) {
  if (!answer) return {Kind::unreachable, "network", answer.error().message, {}};
  if (answer->status == 200) {
    if (push::v1::PushResponse().ParseFromString(answer->body)) return {};
    return {Kind::unreachable, "not_understood", "the server's answer is not that of a Pyroscope server", {}};
  }
  std::string body = answer->body.substr(0, kShownBody);
  while (!body.empty() && (body.back() == '\n' || body.back() == ' ')) body.pop_back();
  return {kind_of(answer->status, answer->body.substr(0, 4096)), fmt::format("http_{}", answer->status),
          fmt::format("the server answered {}{}{}", answer->status, body.empty() ? "" : ": ", body),
          retry_after(*answer, now)};
}

}  // namespace weir::pyroscope
