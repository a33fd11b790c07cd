#include "components/pyroscope/write.h"

#include <algorithm>

#include "components/wording.h"

namespace weir::pyroscope {
namespace {

constexpr std::size_t kWaiting = 4096;  // profiles not yet encoded
constexpr std::size_t kBatch = 16;      // encoded in one go
constexpr Duration kTick = std::chrono::seconds(5);

std::string endpoint_health(const Endpoint& endpoint, const Endpoint::Stats& stats, MonoTime now) {
  std::string text;
  if (!stats.error.empty()) {
    text = fmt::format("{}: {}, for {}, {} waiting", url_text(endpoint.arguments().url), stats.error,
                       rough_text(now - stats.error_since), count_text(stats.waiting, "profile"));
    if (stats.paused_until > now)
      text += fmt::format("; next try in {}", rough_text(stats.paused_until - now));
    return text;
  }
  if (stats.last_success == MonoTime()) {
    return stats.waiting + stats.in_flight == 0 ? "no profile has come yet" : "the first push is on its way";
  }
  return fmt::format("last success {} ago, queue {}", rough_text(now - stats.last_success), stats.waiting);
}

}  // namespace

void EndpointArguments::check(lang::Problems& problems) const {
  HttpClientArguments::check(problems);
  if (!url.starts_with("http://") && !url.starts_with("https://")) {
    problems.add("url", fmt::format("\"{}\" is not an http:// or https:// address", url));
  }
  if (min_backoff_period > max_backoff_period) {
    problems.add("min_backoff_period", "must not be larger than max_backoff_period");
  }
}

Write::Write(runtime::Context& ctx, Arguments args, Endpoint::Limits limits)
    : ctx_(ctx), args_(std::move(args)), limits_(limits) {
  auto dropped = [&](std::string_view reason) {
    return ctx.metrics().counter("pyroscope_write_lost_profiles_total",
                                 "Profiles lost before they were an endpoint's.",
                                 {{"reason", std::string(reason)}});
  };
  inbox_ = std::make_shared<Inbox>(
      kWaiting, [&ctx, this] { ctx.post([this] { encode_next(); }); }, dropped("not_encoded_in_time"));
  without_endpoint_ = dropped("no_endpoint");
}

void Write::start() {
  make_endpoints();
  ctx_.publish(ReceiverExports{inbox_});
  tick();
  encode_next();
}

void Write::apply(Arguments args) {
  args_ = std::move(args);
  make_endpoints();
  report();
}

void Write::stop() {
  inbox_->close();
  ticker_.reset();
  endpoints_.clear();
}

// An endpoint whose address stays keeps its queue, its state and its requests.
void Write::make_endpoints() {
  std::vector<std::unique_ptr<Endpoint>> before = std::move(endpoints_);
  endpoints_.clear();
  for (const auto& args : args_.endpoints) {
    auto kept = std::ranges::find_if(
        before, [&](const auto& endpoint) { return endpoint && endpoint->arguments().url == args.url; });
    if (kept != before.end()) {
      endpoints_.push_back(std::move(*kept));
      endpoints_.back()->apply(args);
    } else {
      endpoints_.push_back(std::make_unique<Endpoint>(ctx_, args, limits_, [this] { report_soon(); }));
    }
  }
  for (const auto& gone : before) {
    if (gone) gone->drop_all("endpoint_removed");
  }
}

// A profile is encoded once, whatever the number of endpoints.
void Write::encode_next() {
  if (encoding_) return;
  auto batch = inbox_->take(kBatch);
  while (endpoints_.empty() && !batch.empty()) {
    without_endpoint_->add(static_cast<double>(batch.size()));
    batch = inbox_->take(kBatch);
  }
  if (batch.empty()) return;
  encoding_ = true;
  auto encoded = std::make_shared<std::vector<PushRequestPtr>>();
  ctx_.offload(
      [batch = std::move(batch), external = args_.external_labels, encoded] {
        for (const auto& profile : batch) encoded->push_back(encode_push(*profile, external));
      },
      [this, encoded] {
        encoding_ = false;
        if (endpoints_.empty()) without_endpoint_->add(static_cast<double>(encoded->size()));
        for (const auto& request : *encoded) {
          for (const auto& endpoint : endpoints_) endpoint->push(request);
        }
        encode_next();
      });
}

void Write::report_soon() {
  if (std::exchange(report_posted_, true)) return;
  ctx_.post([this] {
    report_posted_ = false;
    report();
  });
}

// Ages in the health message would stand still without it.
void Write::tick() {
  report();
  ticker_ = ctx_.after(kTick, [this] { tick(); });
}

void Write::report() {
  MonoTime now = ctx_.clock().mono();
  DebugInfo info{.waiting = inbox_->size(), .dropped = inbox_->dropped()};
  auto state = runtime::HealthState::healthy;
  std::string message;
  for (const auto& endpoint : endpoints_) {
    Endpoint::Stats stats = endpoint->stats();
    if (!stats.error.empty()) state = runtime::HealthState::unhealthy;
    if (!message.empty()) message += "; ";
    message += endpoint_health(*endpoint, stats, now);
    auto ago = [&](MonoTime time) { return time == MonoTime() ? Duration::zero() : Duration(now - time); };
    info.endpoints.push_back({
        .url = url_text(endpoint->arguments().url),
        .name = endpoint->arguments().name,
        .sent = stats.sent,
        .dropped = stats.dropped,
        .retries = stats.retries,
        .waiting = stats.waiting,
        .waiting_bytes = stats.waiting_bytes,
        .in_flight = stats.in_flight,
        .error = stats.error,
        .last_drop = stats.last_drop,
        .error_for = stats.error.empty() ? Duration::zero() : ago(stats.error_since),
        .success_ago = ago(stats.last_success),
        .paused_for = std::max(Duration::zero(), Duration(stats.paused_until - now)),
    });
  }
  if (endpoints_.empty()) message = "no endpoint is configured: profiles go nowhere";
  ctx_.publish_debug_info(info);
  ctx_.set_health(state, std::move(message));
}

}  // namespace weir::pyroscope

template weir::runtime::ComponentType weir::runtime::component_type<weir::pyroscope::Write>();
