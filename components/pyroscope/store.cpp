#include "components/pyroscope/store.h"

#include <algorithm>

#include "components/wording.h"

namespace weir::pyroscope {
namespace {

constexpr std::size_t kWaiting = 4096;  // profiles, when the disk is slow
constexpr std::size_t kBatch = 64;
constexpr Duration kExpiryInterval = std::chrono::seconds(30);

}  // namespace

struct Store::Opened {
  store::Store::Options options;
  Result<std::unique_ptr<store::Store>> store;
};

Store::Store(runtime::Context& ctx, Arguments args) : ctx_(ctx), args_(std::move(args)) {
  using namespace store_metric;
  auto& metrics = ctx.metrics();
  auto lost = [&](std::string_view reason) {
    return metrics.counter(kLost.name, kLost.help, {{"reason", std::string(reason)}});
  };
  auto expired = [&](std::string_view reason) {
    return metrics.counter(kExpired.name, kExpired.help, {{"reason", std::string(reason)}});
  };
  inbox_ = std::make_shared<Inbox>(
      kWaiting, [&ctx, this] { ctx.post([this] { write_next(); }); }, lost("queue_full"));
  write_errors_ = lost("disk");
  refused_ = lost("too_large");
  lost_corrupt_ = lost("corrupt");
  lost_strange_ = lost("unknown_format");
  expired_age_ = expired("retention");
  expired_bytes_ = expired("max_bytes");
  downsampled_ = metrics.counter(kDownsampled.name, kDownsampled.help);
  appended_ = metrics.counter(kProfiles.name, kProfiles.help);
  bytes_ = metrics.gauge(kBytes.name, kBytes.help);
  unreadable_ = metrics.gauge(kUnreadable.name, kUnreadable.help);
}

// The counters go on where another store, of another path, begins at zero.
void Store::count(const store::Store::Stats& now) {
  auto since = [](std::uint64_t after, std::uint64_t before) { return static_cast<double>(after - before); };
  appended_->add(since(now.appended, counted_.appended));
  expired_age_->add(since(now.expired_age, counted_.expired_age));
  expired_bytes_->add(since(now.expired_bytes, counted_.expired_bytes));
  write_errors_->add(since(now.write_errors, counted_.write_errors));
  refused_->add(since(now.refused, counted_.refused));
  for (const auto& text : now.set_aside) {
    if (std::ranges::find(counted_.set_aside, text) == counted_.set_aside.end())
      ctx_.log().warn("a file of the store was set aside or left alone", {{"file", text}});
  }
  lost_strange_->add(since(now.strange_records, counted_.strange_records));
  lost_corrupt_->add(since(now.lost_corrupt, counted_.lost_corrupt));
  downsampled_->add(since(now.merged, counted_.merged));
  bytes_->set(static_cast<double>(now.bytes));
  unreadable_->set(static_cast<double>(now.unreadable_segments));
  counted_ = now;
}

std::filesystem::path Store::path() const {
  if (args_.path.empty()) return ctx_.data_dir();
  return ctx_.data_dir().parent_path() / args_.path;  // an absolute one stays as it is
}

store::Store::Limits Store::limits() const {
  return {.retention = args_.retention,
          .max_bytes = args_.max_bytes,
          .coarse_after = args_.downsample_after,
          .coarse_window = args_.downsample_window};
}

void Store::start() {
  ctx_.publish(ReceiverExports{inbox_});
  open();
}

void Store::apply(Arguments args) {
  std::filesystem::path before = path();
  args_ = std::move(args);
  if (path() != before) {
    expiry_.reset();
    ctx_.offer<store::Querier>(nullptr);
    store_.reset();
    open();
  } else if (store_) {
    store_->set_limits(limits());
    report();
  }
}

void Store::stop() {
  inbox_->close();
  retry_.reset();
  expiry_.reset();
  ctx_.offer<store::Querier>(nullptr);
  store_.reset();
}

void Store::open() {
  retry_.reset();
  if (opening_) return;  // opened() sees that the path has changed
  opening_ = true;
  auto result = std::make_shared<Opened>(Opened{{.path = path(), .limits = limits()}, nullptr});
  ctx_.offload([result] { result->store = store::Store::open(result->options); },
               [this, result] { opened(*result); });
}

void Store::opened(Opened& result) {
  opening_ = false;
  if (result.options.path != path()) return open();
  if (!result.store) {
    error_ = result.store.error().message;
    Duration wait = backoff_.next();
    ctx_.log().warn("the store cannot be opened", {{"error", error_}});
    ctx_.publish_debug_info(DebugInfo{.path = path().string(),
                                      .waiting = inbox_->size(),
                                      .dropped_queue_full = inbox_->dropped(),
                                      .last_error = error_});
    ctx_.set_health(runtime::HealthState::unhealthy,
                    fmt::format("{}; weir tries again in {}", error_, rough_text(wait)));
    retry_ = ctx_.after(wait, [this] { open(); });
    return;
  }
  backoff_.reset();
  error_.clear();
  store_ = *std::move(result.store);
  counted_ = {};
  store_->set_limits(limits());  // they may have changed meanwhile
  ctx_.offer<store::Querier>(store_);
  report();
  expire_later();
  write_next();
}

// One batch at a time, so that profiles reach the disk in their order.
void Store::write_next() {
  if (!store_ || writing_) return;
  auto batch = inbox_->take(kBatch);
  if (batch.empty()) return;
  writing_ = true;
  auto error = std::make_shared<std::string>();
  ctx_.offload(
      [batch = std::move(batch), store = store_, error] {
        for (const auto& profile : batch) {
          if (auto written = store->append(*profile); !written) *error = written.error().message;
        }
      },
      [this, error] {
        writing_ = false;
        if (!error->empty() && *error != error_) ctx_.log().warn("profiles were lost", {{"error", *error}});
        error_ = *error;
        report();
        write_next();
      });
}

void Store::expire_later() {
  expiry_ = ctx_.after(kExpiryInterval, [this] {
    ctx_.offload([store = store_, now = ctx_.clock().wall()] { store->expire(now); },
                 [this] {
                   // The path may have changed meanwhile, and the new one not be open yet.
                   if (!store_) return;
                   report();
                   expire_later();
                 });
  });
}

void Store::report() {
  if (!store_) return;
  auto stats = store_->stats();
  count(stats);
  ctx_.publish_debug_info(DebugInfo{
      .path = path().string(),
      .bytes = stats.bytes,
      .profiles = stats.profiles,
      .segments = stats.segments,
      .appended = stats.appended,
      .waiting = inbox_->size(),
      .expired_age = stats.expired_age,
      .expired_bytes = stats.expired_bytes,
      .downsampled = stats.merged,
      .dropped_queue_full = inbox_->dropped(),
      .write_errors = stats.write_errors,
      .refused = stats.refused,
      .too_large = stats.too_large,
      .corrupt_segments = stats.corrupt_segments,
      .lost_corrupt = stats.lost_corrupt,
      .set_aside = stats.set_aside,
      .strange_segments = stats.strange_segments,
      .strange_records = stats.strange_records,
      .unreadable_segments = stats.unreadable_segments,
      .unreadable = stats.unreadable,
      .downsample_failures = stats.coarse_failures,
      .downsample_error = stats.coarse_error,
      .last_error = error_,
  });
  report_health(stats);
}

void Store::report_health(const store::Store::Stats& stats) {
  if (!error_.empty()) {
    ctx_.set_health(runtime::HealthState::unhealthy,
                    fmt::format("{}: profiles are lost until this is mended", error_));
    return;
  }
  if (!stats.unreadable.empty()) {
    ctx_.set_health(runtime::HealthState::unhealthy,
                    fmt::format("{} cannot be read ({}): what it has is not shown until this is mended",
                                count_text(stats.unreadable_segments, "file"), stats.unreadable[0]));
    return;
  }
  std::string message = fmt::format("{}, {} of {}", count_text(stats.profiles, "profile"),
                                    bytes_text(stats.bytes), bytes_text(args_.max_bytes));
  message += if_none(stats.profiles, stats.appended == 0 ? "none came in yet" : "what came in has expired");
  message += left_out_text(inbox_->dropped(), "profile", "they came faster than they could be written");
  message += left_out_text(stats.refused, "profile", "more than a store takes of one");
  ctx_.set_health(runtime::HealthState::healthy, std::move(message));
}

}  // namespace weir::pyroscope

template weir::runtime::ComponentType weir::runtime::component_type<weir::pyroscope::Store>();
