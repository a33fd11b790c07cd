// HttpPoll: one URL asked again and again: at once, then after each answer's
// pause; after a failure sooner, with growing pauses. Lives on its component's strand.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "components/backoff.h"
#include "components/http_client.h"
#include "runtime/context.h"

namespace weir {

class HttpPoll {
 public:
  struct Settings {
    runtime::FetchRequest request;  // without what `client` adds
    HttpClientArguments client;
    Duration pause{};
    bool is_secret = false;  // no error shows what was answered
  };
  // An answer with status 200, or why there is none. Whoever gets it calls one of again…() in the end.
  using OnAnswer = std::function<void(Result<runtime::FetchResponse>)>;

  HttpPoll(runtime::Context& ctx, OnAnswer on_answer) : ctx_(ctx), on_answer_(std::move(on_answer)) {}

  // Asks at once; what was on its way is given up.
  void start(Settings settings);
  void stop();
  void again_after_success();
  // Returns the pause until the next try.
  Duration again_after_failure();

 private:
  void ask();
  void answered(Result<runtime::FetchResponse> answer);

  runtime::Context& ctx_;
  OnAnswer on_answer_;
  Settings settings_;
  Backoff backoff_{std::chrono::seconds(1), std::chrono::minutes(1)};
  runtime::Timer timer_;
  std::unique_ptr<runtime::Fetch> fetch_;
};

// What an error tells of an answer's body: the beginning of its first line that has text.
std::string first_line(std::string_view body);
// "http://host/path: …" of an error that begins with the request.
std::string about_url(const std::string& url, const std::string& error);

}  // namespace weir
