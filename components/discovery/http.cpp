#include "components/discovery/http.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "base/seconds.h"
#include "components/discovery/target_groups.h"
#include "components/wording.h"
#include "net/text.h"
#include "net/url.h"

namespace weir::discovery {
namespace {

// application/json, perhaps with charset=utf-8.
bool is_json(std::string_view content_type) {
  std::string text = to_lower(content_type);
  std::erase_if(text, [](char c) { return c == ' ' || c == '\t' || c == '"'; });
  return text == "application/json" || text == "application/json;charset=utf-8";
}

}  // namespace

void Http::Arguments::check(lang::Problems& problems) const {
  HttpClientArguments::check(problems);
  if (auto parsed = net::parse_url(url); !parsed) {
    problems.add("url", parsed.error().message);
  } else if (parsed->is_unix()) {
    problems.add("url", "only http:// and https:// can be asked");
  }
}

Http::Http(runtime::Context& ctx, Arguments args)
    : ctx_(ctx), args_(std::move(args)), poll_(ctx, [this](auto answer) { answered(std::move(answer)); }) {}

void Http::start() {
  double seconds = in_seconds(args_.refresh_interval);
  HttpPoll::Settings settings{
      .request = {.url = args_.url,
                  .headers = {{"Accept", "application/json"},
                              {"X-Prometheus-Refresh-Interval-Seconds", fmt::format("{}", seconds)}},
                  .total_timeout = args_.refresh_interval,
                  .max_body_bytes = kMostGroupBytes},
      .client = static_cast<const HttpClientArguments&>(args_),
      .pause = args_.refresh_interval};
  poll_.start(std::move(settings));
}

void Http::apply(Arguments args) {
  args_ = std::move(args);
  reading_.reset();
  start();
}

void Http::stop() {
  poll_.stop();
  reading_.reset();
}

void Http::answered(Result<runtime::FetchResponse> answer) {
  if (!answer) return failed(answer.error().message);
  if (std::string_view type = answer->header("Content-Type"); !is_json(type)) {
    return failed(fmt::format("{}: the answer is {}, not application/json: is this a list of targets?",
                              url_text(args_.url), type.empty() ? "of no type" : type));
  }
  auto found = std::make_shared<Found>();
  reading_ = found;
  ctx_.offload(
      [found, body = std::move(answer->body), url = url_text(args_.url)] {
        *found = target_groups(body, GroupFormat::json, {"__meta_url", url});
      },
      [this, found] {
        if (found == reading_) read(*found);
      });
}

void Http::read(const Found& found) {
  reading_.reset();
  if (!found) return failed(fmt::format("{}: {}", url_text(args_.url), found.error().message));
  poll_.again_after_success();
  info_.error.clear();
  info_.targets = found->size();
  ++info_.answers;
  ctx_.publish(TargetExports{{TargetList::make(*found)}});
  ctx_.publish_debug_info(info_);
  ctx_.set_health(runtime::HealthState::healthy,
                  count_text(info_.targets, "target") + if_none(info_.targets, "the answer lists none"));
}

void Http::failed(std::string error) {
  Duration wait = poll_.again_after_failure();
  ++info_.failures;
  if (info_.error != error) ctx_.log().warn("there are no targets", {{"error", error}});
  info_.error = std::move(error);
  ctx_.publish_debug_info(info_);
  ctx_.set_health(
      runtime::HealthState::unhealthy,
      fmt::format(
          "{}; {}weir tries again in {}", info_.error,
          info_.answers > 0 ? fmt::format("{} of before stay; ", count_text(info_.targets, "target")) : "",
          rough_text(wait)));
}

}  // namespace weir::discovery

template weir::runtime::ComponentType weir::runtime::component_type<weir::discovery::Http>();
