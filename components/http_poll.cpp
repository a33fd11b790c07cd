#include "components/http_poll.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "components/wording.h"

namespace weir {
namespace {

// Of what a server says about its error.
constexpr std::size_t kMostOfBody = 200;

}  // namespace

void HttpPoll::start(Settings settings) {
  settings_ = std::move(settings);
  backoff_.reset();
  backoff_.set_limits(std::chrono::seconds(1), std::max<Duration>(settings_.pause, std::chrono::seconds(1)));
  ask();
}

void HttpPoll::stop() {
  timer_.reset();
  fetch_.reset();
}

void HttpPoll::ask() {
  timer_.reset();
  fetch_.reset();
  runtime::FetchRequest request = settings_.request;
  if (auto applied = settings_.client.apply_to(request); !applied) {
    return on_answer_(fail("{}: {}", url_text(request.url), applied.error().message));
  }
  fetch_ = ctx_.fetch(std::move(request), {.on_done = [this](auto answer) { answered(std::move(answer)); }});
}

void HttpPoll::answered(Result<runtime::FetchResponse> answer) {
  if (!answer) return on_answer_(fail("{}", about_url(settings_.request.url, answer.error().message)));
  if (answer->status != 200) {
    bool is_shown = !answer->body.empty() && !settings_.is_secret;
    return on_answer_(fail("{}: the server answered {}{}{}", url_text(settings_.request.url), answer->status,
                           is_shown ? ": " : "", is_shown ? first_line(answer->body) : ""));
  }
  on_answer_(std::move(answer));
}

void HttpPoll::again_after_success() {
  backoff_.reset();
  timer_ = ctx_.after(settings_.pause, [this] { ask(); });
}

Duration HttpPoll::again_after_failure() {
  Duration wait = std::min(backoff_.next(), settings_.pause);
  timer_ = ctx_.after(wait, [this] { ask(); });
  return wait;
}

std::string first_line(std::string_view body) {
  constexpr std::string_view kSpace = " \t\r\n";
  body.remove_prefix(std::min(body.find_first_not_of(kSpace), body.size()));
  std::string_view line = body.substr(0, body.find_first_of("\r\n"));
  return utf8_text(line.substr(0, utf8_floor(line, kMostOfBody)));
}

std::string about_url(const std::string& url, const std::string& error) {
  // "GET http://host/path?query: connect to …: refused": the request says no more than the URL.
  std::size_t scheme = error.find("://");
  std::size_t end = scheme == std::string::npos ? scheme : error.find(": ", scheme);
  bool has_request = end != std::string::npos && error.find(' ') < scheme;
  return fmt::format("{}: {}", url_text(url), has_request ? error.substr(end + 2) : error);
}

}  // namespace weir
