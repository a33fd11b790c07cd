#include "components/pyroscope/endpoint.h"

#include <charconv>

#include "components/pyroscope/push.pb.h"
#include "components/wording.h"

namespace weir::pyroscope {
namespace {

constexpr std::string_view kPath = "/push.v1.PusherService/Push";
constexpr Duration kLongestRetryAfter = std::chrono::minutes(10);
constexpr std::size_t kShownBody = 200;  // bytes of an error answer

Duration retry_after(const runtime::FetchResponse& response) {
  std::string_view text = response.header("Retry-After");
  std::int64_t seconds = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || seconds < 0) return Duration::zero();
  return std::min<Duration>(std::chrono::seconds(std::min<std::int64_t>(seconds, 86400)), kLongestRetryAfter);
}

}  // namespace

struct Endpoint::Verdict {
  enum class Kind { taken, retry, refused } kind = Kind::taken;
  std::string reason;  // "network", "http_503"
  std::string error;
  Duration wait{};

  static Verdict of(const Result<runtime::FetchResponse>& answer) {
    if (!answer) return {Kind::retry, "network", answer.error().message, {}};
    int status = answer->status;
    if (status == 200) {
      if (push::v1::PushResponse().ParseFromString(answer->body)) return {};
      return {Kind::retry, "not_understood", "the server's answer is not that of a Pyroscope server", {}};
    }
    // Another success, or a redirect that is not followed, comes from something before the server.
    bool again = status < 400 || status == 408 || status == 429 || status >= 500;
    std::string body = answer->body.substr(0, kShownBody);
    while (!body.empty() && (body.back() == '\n' || body.back() == ' ')) body.pop_back();
    return {again ? Kind::retry : Kind::refused, fmt::format("http_{}", status),
            fmt::format("the server answered {}{}{}", status, body.empty() ? "" : ": ", body),
            retry_after(*answer)};
  }
};

Endpoint::Endpoint(runtime::Context& ctx, EndpointArguments args, Limits limits,
                   std::function<void()> changed)
    : ctx_(ctx),
      args_(std::move(args)),
      limits_(limits),
      changed_(std::move(changed)),
      backoff_(args_.min_backoff_period, args_.max_backoff_period) {
  MetricLabels labels{{"endpoint", url_text(args_.url)}};
  sent_bytes_ = ctx.metrics().counter("pyroscope_write_sent_bytes_total", "Bytes of profiles sent.", labels);
  sent_profiles_ = ctx.metrics().counter("pyroscope_write_sent_profiles_total", "Profiles sent.", labels);
  retries_ = ctx.metrics().counter("pyroscope_write_retries_total", "Tries after a failed one.", labels);
}

Endpoint::~Endpoint() = default;

// A change of how to reach the server ends the pause: it may be the cure.
void Endpoint::apply(EndpointArguments args) {
  if (args == args_) return;
  args_ = std::move(args);
  backoff_.set_limits(args_.min_backoff_period, args_.max_backoff_period);
  backoff_.reset();
  pause_.reset();
  stats_.paused_until = {};
  pump();
}

void Endpoint::push(PushRequestPtr request) {
  queue_bytes_ += request->body.size();
  queue_.push_back({std::move(request)});
  shrink();
  pump();
}

// The oldest goes first: what a person wants to see after an outage is now.
void Endpoint::shrink() {
  while (queue_.size() > limits_.queue_count || (queue_bytes_ > limits_.queue_bytes && queue_.size() > 1)) {
    Item oldest = std::move(queue_.front());
    queue_.pop_front();
    queue_bytes_ -= oldest.request->body.size();
    drop(oldest, "queue_full", "the queue was full");
  }
}

void Endpoint::drop_all(std::string_view reason) {
  auto flights = std::exchange(flights_, {});
  auto queue = std::exchange(queue_, {});
  queue_bytes_ = 0;
  for (const auto& [number, flight] : flights) drop(flight.item, reason, "the endpoint was removed");
  for (const auto& item : queue) drop(item, reason, "the endpoint was removed");
}

void Endpoint::pump() {
  // After an error one request at a time finds out whether the server is back.
  while (!pause_ && !queue_.empty() && flights_.size() < (stats_.error.empty() ? limits_.in_flight : 1)) {
    Item item = std::move(queue_.front());
    queue_.pop_front();
    queue_bytes_ -= item.request->body.size();
    send(std::move(item));
  }
}

void Endpoint::send(Item item) {
  runtime::FetchRequest request;
  request.method = "POST";
  std::string_view base = args_.url;
  while (base.ends_with('/')) base.remove_suffix(1);
  request.url = fmt::format("{}{}", base, kPath);
  request.headers = {
      {"Content-Type", "application/proto"},
      {"Connect-Protocol-Version", "1"},
      {"Connect-Timeout-Ms",
       fmt::format("{}", std::chrono::ceil<std::chrono::milliseconds>(args_.remote_timeout).count())},
      {"User-Agent", "weir/" WEIR_VERSION " (linux)"},
  };
  for (const auto& [name, value] : args_.headers) request.headers.emplace_back(name, value);
  request.body = item.request->body;
  request.total_timeout = args_.remote_timeout;
  request.connect_timeout = args_.remote_timeout;
  request.header_timeout = args_.remote_timeout;
  request.max_body_bytes = 1 << 20;

  ++item.tries;
  // A password file that cannot be read is like a server that cannot be reached.
  if (auto applied = args_.apply_to(request); !applied) {
    retry(std::move(item), {Verdict::Kind::retry, "credentials", applied.error().message, {}});
    changed_();
    return;
  }
  std::uint64_t number = next_flight_++;
  Flight& flight = flights_[number];
  flight.item = std::move(item);
  flight.fetch = ctx_.fetch(
      std::move(request), {.on_done = [this, number](auto answer) { answered(number, std::move(answer)); }});
}

void Endpoint::answered(std::uint64_t number, Result<runtime::FetchResponse> answer) {
  auto it = flights_.find(number);
  if (it == flights_.end()) return;
  Item item = std::move(it->second.item);
  last_done_ = std::move(it->second.fetch);
  flights_.erase(it);

  Verdict verdict = Verdict::of(answer);
  switch (verdict.kind) {
    case Verdict::Kind::taken: succeeded(item); break;
    case Verdict::Kind::retry: retry(std::move(item), verdict); break;
    case Verdict::Kind::refused:
      failed(verdict.error);
      drop(item, verdict.reason, verdict.error);
      break;
  }
  pump();
  changed_();
}

void Endpoint::succeeded(const Item& item) {
  ++stats_.sent;
  sent_profiles_->add();
  sent_bytes_->add(static_cast<double>(item.request->profile_bytes));
  stats_.last_success = ctx_.clock().mono();
  stats_.error.clear();
  backoff_.reset();
}

void Endpoint::retry(Item item, const Verdict& verdict) {
  failed(verdict.error);
  if (args_.max_backoff_retries > 0 && item.tries >= args_.max_backoff_retries) {
    drop(item, verdict.reason, fmt::format("{} (tried {} times)", verdict.error, item.tries));
  } else {
    ++stats_.retries;
    retries_->add();
    queue_bytes_ += item.request->body.size();
    queue_.push_front(std::move(item));
    shrink();
  }
  pause(verdict.wait);
}

void Endpoint::pause(Duration at_least) {
  if (pause_) return;  // of requests sent together the first one decides
  Duration wait = std::max(backoff_.next(), at_least);
  stats_.paused_until = ctx_.clock().mono() + wait;
  pause_ = ctx_.after(wait, [this] {
    pause_.reset();
    stats_.paused_until = {};
    pump();
  });
}

void Endpoint::drop(const Item& item, std::string_view reason, std::string why) {
  ++stats_.dropped;
  MetricLabels labels{{"endpoint", url_text(args_.url)}, {"reason", std::string(reason)}};
  ctx_.metrics()
      .counter("pyroscope_write_dropped_profiles_total", "Profiles given up, by reason.", labels)
      ->add();
  ctx_.metrics()
      .counter("pyroscope_write_dropped_bytes_total", "Bytes of profiles given up, by reason.", labels)
      ->add(static_cast<double>(item.request->profile_bytes));
  if (why != stats_.last_drop) {
    ctx_.log().warn("a profile was given up",
                    {{"endpoint", url_text(args_.url)}, {"service", item.request->service}, {"reason", why}});
  }
  stats_.last_drop = std::move(why);
}

void Endpoint::failed(std::string error) {
  if (stats_.error.empty()) {
    stats_.error_since = ctx_.clock().mono();
    ctx_.log().warn("a push failed", {{"endpoint", url_text(args_.url)}, {"error", error}});
  }
  stats_.error = std::move(error);
}

Endpoint::Stats Endpoint::stats() const {
  Stats stats = stats_;
  stats.waiting = queue_.size();
  stats.waiting_bytes = queue_bytes_;
  stats.in_flight = flights_.size();
  return stats;
}

}  // namespace weir::pyroscope
