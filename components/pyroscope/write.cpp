#include "components/pyroscope/write.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <iterator>
#include <ranges>
#include <utility>

#include "components/wording.h"

namespace weir::pyroscope {
namespace {

constexpr std::size_t kWaiting = 4096;                             // profiles not yet encoded
constexpr std::size_t kBatch = 16;                                 // encoded in one go
constexpr Duration kFinish = std::chrono::milliseconds(1500);      // within what the runtime …
constexpr Duration kLastWrites = std::chrono::milliseconds(1000);  // … waits for a stop
constexpr Duration kTick = std::chrono::seconds(5);

std::string endpoint_health(const Endpoint& endpoint, const Endpoint::Stats& stats, MonoTime now) {
  std::string text;
  std::string url = url_text(endpoint.arguments().url);
  if (!stats.error.empty()) {
    text = fmt::format("{}: {}, for {}, {} waiting", url, stats.error, rough_text(now - stats.error_since),
                       count_text(stats.waiting, "profile"));
    if (stats.paused_until > now)
      text += fmt::format("; next try in {}", rough_text(stats.paused_until - now));
    return text;
  }
  if (stats.last_success != MonoTime()) {
    text = fmt::format("{} sent, the last {} ago, {} waiting", count_text(stats.sent, "profile"),
                       rough_text(now - stats.last_success), stats.waiting);
  } else if (stats.waiting + stats.in_flight > 0) {
    text = "the first push is on its way";
  } else {
    text = stats.dropped > 0 ? "no profile was sent yet" : "no profile was sent yet: none came in";
  }
  if (stats.dropped > 0) {
    text +=
        fmt::format("; {}: {} given up, the last {} ago as: {}", url, count_text(stats.dropped, "profile"),
                    rough_text(now - stats.dropped_at), stats.last_drop);
  }
  return text;
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

// Made on the pool.
struct Write::Encoding {
  std::vector<profile::ProfilePtr> profiles;
  ExternalLabels external;
  std::vector<PushRequestPtr> requests;
  EncodeLosses losses;
  std::atomic<bool> begun = false;
  std::promise<void> promise;
  std::shared_future<void> ready = promise.get_future().share();

  // At the stop the strand does it where the pool has not begun.
  void run() {
    if (begun.exchange(true)) return;
    for (const auto& profile : profiles) {
      auto parts = encode_push(*profile, external, &losses);
      std::ranges::move(parts, std::back_inserter(requests));
    }
    promise.set_value();
  }
};

Write::Write(runtime::Context& ctx, Arguments args) : Write(ctx, std::move(args), Limits()) {}

Write::Write(runtime::Context& ctx, Arguments args, Limits limits)
    : ctx_(ctx),
      args_(std::move(args)),
      limits_(limits),
      spool_(ctx, spool_limits(),
             {.restored = [this](auto found) { restored(std::move(found)); },
              .sweep =
                  [this] {
                    for (const auto& endpoint : endpoints_) endpoint->sweep();
                  },
              .changed = [this] { report_soon(); }}) {
  using namespace write_metric;
  auto lost = [&](std::string_view reason) {
    return ctx.metrics().counter(kLost.name, kLost.help, {{"reason", std::string(reason)}});
  };
  not_encoded_ = lost("not_encoded_in_time");
  inbox_ =
      std::make_shared<Inbox>(kWaiting, [&ctx, this] { ctx.post([this] { encode_next(); }); }, not_encoded_);
  without_endpoint_ = lost("no_endpoint");
  too_large_ = lost("too_large");
  cleaned_ = ctx.metrics().counter(kCleaned.name, kCleaned.help);
}

std::filesystem::path Write::queue_folder() const {
  return ctx_.data_dir() / "queue";
}

Spool::Limits Write::spool_limits() const {
  QueueArguments queue = args_.queue.value_or(QueueArguments{});
  return {.max_bytes = queue.max_bytes,
          .max_age = queue.max_age,
          .memory_count = limits_.memory_count,
          .memory_bytes = limits_.memory_bytes};
}

void Write::start() {
  make_endpoints();
  ctx_.publish(ReceiverExports{inbox_});
  spool_.open(queue_folder());
  tick();
  encode_next();
}

void Write::apply(Arguments args) {
  args_ = std::move(args);
  spool_.set_limits(spool_limits());
  make_endpoints();
  report();
}

void Write::finish(std::function<void()> done) {
  finished_ = std::move(done);
  for (const auto& endpoint : endpoints_) endpoint->hurry();
  finish_deadline_ = ctx_.after(kFinish, [this] {
    if (auto finished = std::exchange(finished_, nullptr)) finished();
  });
  finish_if_idle();
}

// A server that fails is not waited for.
void Write::finish_if_idle() {
  if (!finished_ || encoding_ || inbox_->size() > 0 || !spool_.is_idle()) return;
  bool is_idle = std::ranges::all_of(endpoints_, [](const auto& endpoint) {
    Endpoint::Stats stats = endpoint->stats();
    return !stats.error.empty() || stats.waiting + stats.in_flight == 0;
  });
  if (is_idle) std::exchange(finished_, nullptr)();
}

// What was taken over is on the disk afterwards, but for what a disk that hangs does not take.
void Write::stop() {
  ticker_.reset();
  finish_deadline_.reset();
  spool_.end();
  for (const auto& endpoint : endpoints_) endpoint->end();
  MonoTime until = system_clock().mono() + kLastWrites;
  if (encoding_) {
    encoding_->run();
    if (encoding_->ready.wait_for(kLastWrites) == std::future_status::ready) {
      hand_out(*encoding_);
    } else {
      not_encoded_->add(static_cast<double>(encoding_->profiles.size()));
    }
  }
  while (system_clock().mono() < until) {
    auto rest = take_batch(kBatch);
    if (rest->profiles.empty()) break;
    rest->run();
    hand_out(*rest);
  }
  inbox_->close();
  spool_.finish(kLastWrites);
  endpoints_.clear();
}

// Names an endpoint in the queue's files, which hold no password.
std::string Write::key_of(const EndpointArguments& args) const {
  std::string first = url_text(args.url);
  if (!args.name.empty()) first += " " + args.name;
  std::string key = first;
  auto is_taken = [&](const auto& endpoint) { return endpoint && endpoint->key() == key; };
  for (int number = 2; std::ranges::any_of(endpoints_, is_taken); ++number)
    key = fmt::format("{}#{}", first, number);
  return key;
}

// An endpoint whose address stays keeps its queue, its state and its requests. Of several with one address,
// as there are for several tenants, the most alike is the same.
void Write::make_endpoints() {
  using Same = bool (*)(const EndpointArguments&, const EndpointArguments&);
  constexpr Same kAlike[] = {
      [](const auto& a, const auto& b) { return a == b; },
      [](const auto& a, const auto& b) { return a.url == b.url && a.name == b.name; },
      [](const auto& a, const auto& b) { return a.url == b.url; },
  };
  const auto& wanted = args_.endpoints;
  std::vector<std::unique_ptr<Endpoint>> before = std::exchange(endpoints_, {});
  endpoints_.resize(wanted.size());
  for (Same same : kAlike) {
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      auto kept = std::ranges::find_if(
          before, [&](const auto& endpoint) { return endpoint && same(endpoint->arguments(), wanted[i]); });
      if (!endpoints_[i] && kept != before.end()) endpoints_[i] = std::move(*kept);
    }
  }
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (endpoints_[i]) {
      endpoints_[i]->apply(wanted[i]);
    } else {
      endpoints_[i] = std::make_unique<Endpoint>(ctx_, spool_, key_of(wanted[i]), wanted[i], limits_.endpoint,
                                                 [this] { report_soon(); });
    }
  }
  for (const auto& gone : before) {
    if (gone) gone->drop_all("endpoint_removed");
  }
}

// An endpoint the run before did not know gets them, too: its address may have been mended.
void Write::restored(std::vector<Spool::Restored> found) {
  std::size_t waiting = 0;
  for (auto& [parcel, done_by] : std::views::reverse(found)) {
    for (const auto& endpoint : endpoints_) {
      if (std::ranges::find(done_by, endpoint->key()) != done_by.end()) continue;
      ++parcel->waiting_for;
      endpoint->restore(parcel);
    }
    waiting += parcel->waiting_for > 0 ? 1 : 0;
  }
  if (endpoints_.empty()) without_endpoint_->add(static_cast<double>(found.size()));
  if (waiting == 0) return;
  ctx_.log().info("profiles of before are sent", {{"profiles", fmt::format("{}", waiting)}});
  ctx_.post([this] {
    for (const auto& endpoint : endpoints_) endpoint->pump();
  });
}

// A profile is encoded once, whatever the number of endpoints.
void Write::encode_next() {
  if (encoding_) return;
  auto batch = take_batch(kBatch);
  while (endpoints_.empty() && !batch->profiles.empty()) {
    without_endpoint_->add(static_cast<double>(batch->profiles.size()));
    batch = take_batch(kBatch);
  }
  if (batch->profiles.empty()) return;
  encoding_ = batch;
  ctx_.offload([batch] { batch->run(); },
               [this, batch] {
                 encoding_.reset();
                 hand_out(*batch);
                 encode_next();
                 finish_if_idle();
               });
}

std::shared_ptr<Write::Encoding> Write::take_batch(std::size_t most) {
  auto encoding = std::make_shared<Encoding>();
  encoding->profiles = inbox_->take(most);
  encoding->external = args_.external_labels;
  return encoding;
}

void Write::hand_out(Encoding& encoding) {
  cleaned_->add(static_cast<double>(encoding.losses.cleaned));
  too_large_->add(static_cast<double>(encoding.losses.too_large));
  if (endpoints_.empty()) {
    without_endpoint_->add(static_cast<double>(encoding.profiles.size()));
    return;
  }
  for (auto& request : encoding.requests) {
    ParcelPtr parcel = make_parcel(std::move(request));
    parcel->handed_out = ctx_.clock().mono();
    parcel->waiting_for = static_cast<std::uint32_t>(endpoints_.size());
    for (const auto& endpoint : endpoints_) endpoint->push(parcel);
    spool_.keep(parcel);
  }
}

void Write::report_soon() {
  if (std::exchange(report_posted_, true)) return;
  ctx_.post([this] {
    report_posted_ = false;
    report();
    finish_if_idle();
  });
}

// Ages in the health message would stand still without it.
void Write::tick() {
  spool_.expire();
  report();
  ticker_ = ctx_.after(kTick, [this] { tick(); });
}

Write::EndpointInfo Write::report_endpoint(const Endpoint& endpoint, const Endpoint::Stats& stats,
                                           MonoTime now) const {
  auto ago = [&](MonoTime time) { return time == MonoTime() ? Duration::zero() : Duration(now - time); };
  return {
      .url = url_text(endpoint.arguments().url),
      .name = endpoint.arguments().name,
      .sent = stats.sent,
      .dropped = stats.dropped,
      .too_old = stats.too_old,
      .retries = stats.retries,
      .waiting = stats.waiting,
      .waiting_bytes = stats.waiting_bytes,
      .in_flight = stats.in_flight,
      .error = stats.error,
      .last_drop = stats.last_drop,
      .error_for = stats.error.empty() ? Duration::zero() : ago(stats.error_since),
      .success_ago = ago(stats.last_success),
      .paused_for = std::max(Duration::zero(), Duration(stats.paused_until - now)),
  };
}

QueueInfo Write::report_queue(MonoTime now) {
  using namespace write_metric;
  Spool::Stats stats = spool_.stats();
  auto set = [&](const MetricInfo& metric, double value) {
    ctx_.metrics().gauge(metric.name, metric.help)->set(value);
  };
  set(kQueueBytes, static_cast<double>(stats.bytes));
  set(kQueueProfiles, static_cast<double>(stats.parcels));
  set(kQueueOnDisk, stats.on_disk ? 1 : 0);
  ctx_.metrics()
      .counter(kDamaged.name, kDamaged.help)
      ->add(static_cast<double>(stats.set_aside - std::exchange(damaged_, stats.set_aside)));
  return {
      .profiles = stats.parcels,
      .bytes = stats.bytes,
      .segments = stats.segments,
      .memory_bytes = stats.memory_bytes,
      .damaged = stats.set_aside,
      .on_disk = stats.on_disk,
      .path = queue_folder().string(),
      .error = stats.error,
      .error_for = stats.error.empty() ? Duration::zero() : Duration(now - stats.error_since),
  };
}

void Write::report() {
  MonoTime now = ctx_.clock().mono();
  DebugInfo info{.waiting = inbox_->size(), .dropped = inbox_->dropped(), .queue = report_queue(now)};
  auto state = runtime::HealthState::healthy;
  std::string message;
  for (const auto& endpoint : endpoints_) {
    Endpoint::Stats stats = endpoint->stats();
    if (!stats.error.empty()) state = runtime::HealthState::unhealthy;
    if (!message.empty()) message += "; ";
    message += endpoint_health(*endpoint, stats, now);
    info.endpoints.push_back(report_endpoint(*endpoint, stats, now));
  }
  if (endpoints_.empty()) message = "no endpoint is configured: profiles go nowhere";
  if (info.dropped > 0) {
    message += fmt::format("; {} lost before they were encoded: there was no room for them",
                           count_text(info.dropped, "profile"));
  }
  if (!info.queue->error.empty())
    message += fmt::format("; the queue is in memory only, for {}: {}", rough_text(info.queue->error_for),
                           info.queue->error);
  ctx_.publish_debug_info(info);
  ctx_.set_health(state, std::move(message));
}

}  // namespace weir::pyroscope

template weir::runtime::ComponentType weir::runtime::component_type<weir::pyroscope::Write>();
