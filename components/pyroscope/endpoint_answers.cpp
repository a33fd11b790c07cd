// Endpoint: what an answer means for the profiles of its request.
#include <algorithm>
#include <utility>

#include "components/pyroscope/endpoint.h"
#include "components/pyroscope/write_metric_table.h"
#include "components/wording.h"

namespace weir::pyroscope {
namespace {

constexpr Duration kSurelyOld = std::chrono::minutes(15);  // a server takes what is a bit ahead, or behind
constexpr std::uint64_t kBurst = 1u << 20;                 // bytes a server takes at once, if not for long
constexpr int kSlowedTooOften = 3;
constexpr std::size_t kMostParts = 64;  // a server that finds everything too large is not asked without end

}  // namespace

Endpoint::Flight Endpoint::land(std::uint64_t number) {
  auto it = flights_.find(number);
  Flight flight = std::move(it->second);
  flights_.erase(it);
  for (const auto& item : flight.items) --item.parcel->flights;
  return flight;
}

void Endpoint::answered(std::uint64_t number, const Result<runtime::FetchResponse>& answer) {
  if (!flights_.contains(number)) return;
  Flight flight = land(number);
  last_done_ = std::move(flight.fetch);
  downstream_latency_->observe(seconds_since(flight.began));
  bool is_lost = std::ranges::any_of(flight.items, [](const Item& item) { return item.parcel->lost; });
  if (answer && gzip_.learn(*answer, flight.is_gzipped)) {
    put_back(std::move(flight.items), flight.end);
  } else {
    judge(std::move(flight), PushAnswer::of(answer, ctx_.clock().wall()));
  }
  if (is_lost) sweep();
  pump();
  changed_();
}

void Endpoint::judge(Flight flight, const PushAnswer& answer) {
  using enum PushAnswer::Kind;
  bool gives_up = answer.kind == slow_down && !args_.retry_on_http_429;
  switch (gives_up ? refused : answer.kind) {
    case taken:
      for (auto& item : flight.items) succeeded(std::move(item));
      return;
    case unreachable:
    case failed:
    case slow_down:
    case held: return retry(std::move(flight), answer);
    case too_large:
    case out_of_window:
    case refused: break;
  }
  if (flight.items.size() == 1) return one_refused(std::move(flight.items[0]), answer);
  // Which one it was the server does not say.
  for (auto& item : flight.items) item.alone = true;
  put_back(std::move(flight.items), flight.end);
}

void Endpoint::one_refused(Item item, const PushAnswer& answer) {
  bool is_old = ctx_.clock().wall() - item.parcel->start > kSurelyOld;
  if (answer.kind == PushAnswer::Kind::too_large) return halve(std::move(item), answer);
  if (answer.kind == PushAnswer::Kind::out_of_window && is_old) {
    learn_window(item.parcel->start);
    stats_.error.clear();  // the server is well: it takes what is new
    backoff_.reset();
    return drop(std::move(item), "too_old_for_server", answer.error);
  }
  failed(answer.error);
  drop(std::move(item), answer.reason, answer.error);
}

void Endpoint::halve(Item item, const PushAnswer& answer) {
  if (item.whole && item.whole->made >= kMostParts) {
    failed(answer.error);
    return drop(std::move(item), "too_large", answer.error);
  }
  std::uint64_t number = next_flight_++;
  ParcelPtr parcel = item.parcel;
  halving_.emplace(number, std::move(item));
  if (parcel->request) return halve_loaded(number, parcel->request, answer);
  spool_.load({parcel}, [this, number, answer, alive = std::weak_ptr(alive_)](auto loaded) {
    if (alive.expired()) return;
    if (loaded[0]) return halve_loaded(number, *loaded[0], answer);
    auto node = halving_.extract(number);
    if (!node.empty()) not_loaded(std::move(node.mapped()), loaded[0].error(), End::oldest);
    pump();
    changed_();
  });
}

void Endpoint::halve_loaded(std::uint64_t number, PushRequestPtr request, const PushAnswer& answer) {
  auto halves = std::make_shared<std::vector<PushRequestPtr>>();
  ctx_.offload([request = std::move(request), halves] { *halves = halve_push(*request); },
               [this, number, halves, error = answer.error, alive = std::weak_ptr(alive_)] {
                 if (alive.expired()) return;
                 auto node = halving_.extract(number);
                 if (node.empty()) return;
                 Item item = std::move(node.mapped());
                 if (halves->empty()) {
                   failed(error);
                   drop(std::move(item), "too_large", error);
                 } else {
                   put_halves(item, *halves);
                   if (whole_of(item).lost) sweep();
                 }
                 pump();
                 changed_();
               });
}

void Endpoint::put_halves(const Item& item, const std::vector<PushRequestPtr>& halves) {
  auto whole = item.whole ? item.whole : std::make_shared<Whole>(item.parcel, 1, 1);
  whole->parts += halves.size() - 1;
  whole->made += halves.size() - 1;
  Items parts;
  for (const auto& half : halves)
    parts.push_back({.parcel = make_parcel(half), .whole = whole, .tries = item.tries});
  put_back(std::move(parts), End::oldest);
}

void Endpoint::succeeded(Item item) {
  sent_bytes_->add(static_cast<double>(item.parcel->profile_bytes));
  stats_.last_success = ctx_.clock().mono();
  stats_.error.clear();
  backoff_.reset();
  if (!item.whole) count_sent();
  if (item.is_search) taken_ = std::min(taken_, item.parcel->start);
  finish(std::move(item));
}

void Endpoint::retry(Flight flight, const PushAnswer& answer) {
  failed(answer.error);
  bool is_failure = answer.kind == PushAnswer::Kind::failed;
  bool is_too_much = answer.kind == PushAnswer::Kind::slow_down;
  bool is_single = flight.items.size() == 1;
  Items again;
  for (auto& item : flight.items) {
    item.alone |= is_failure;
    // While it takes nothing at all the profile is not the reason, unless there is no other.
    bool may_be_its_fault = item.tries == 0 || stats_.sent != item.sent_before || queue_.empty();
    if (is_failure && is_single && may_be_its_fault) {
      ++item.tries;
      item.sent_before = stats_.sent;
    }
    if (args_.max_backoff_retries > 0 && item.tries >= args_.max_backoff_retries) {
      std::string why = fmt::format("{} (tried {} times)", answer.error, item.tries);
      drop(std::move(item), answer.reason, std::move(why));
      continue;
    }
    ++stats_.retries;
    retries_->add();
    if (is_too_much && is_single && item.parcel->raw_bytes > kBurst && ++item.slowed >= kSlowedTooOften) {
      item.slowed = 0;
      halve(std::move(item), answer);
      continue;
    }
    again.push_back(std::move(item));
  }
  put_back(std::move(again), flight.end);
  pause(answer.wait);
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

void Endpoint::drop(Item item, std::string_view reason, std::string why) {
  using namespace write_metric;
  MetricLabels labels{{"endpoint", url_text(args_.url)}, {"reason", std::string(reason)}};
  if (item.whole) {
    item.whole->lost = reason;
  } else {
    count_dropped(reason);
  }
  ctx_.metrics()
      .counter(kDroppedBytes.name, kDroppedBytes.help, labels)
      ->add(static_cast<double>(item.parcel->profile_bytes));
  if (why != stats_.last_drop) {
    std::string service = item.parcel->request ? item.parcel->request->service : "";
    ctx_.log().warn("a profile was given up",
                    {{"endpoint", url_text(args_.url)}, {"service", service}, {"reason", why}});
  }
  stats_.last_drop = std::move(why);
  stats_.dropped_at = ctx_.clock().mono();
  finish(std::move(item));
}

void Endpoint::count_sent() {
  ++stats_.sent;
  sent_profiles_->add();
}

void Endpoint::count_dropped(std::string_view reason) {
  using namespace write_metric;
  ++stats_.dropped;
  if (reason == "too_old_for_server") ++stats_.too_old;
  MetricLabels labels{{"endpoint", url_text(args_.url)}, {"reason", std::string(reason)}};
  ctx_.metrics().counter(kDroppedProfiles.name, kDroppedProfiles.help, labels)->add();
}

void Endpoint::finish(Item item) {
  ParcelPtr parcel = item.parcel;
  if (item.whole) {
    if (--item.whole->parts > 0) return;
    parcel = item.whole->parcel;
    if (item.whole->lost.empty()) {
      count_sent();
    } else {
      count_dropped(item.whole->lost);
    }
  }
  if (parcel->handed_out != MonoTime()) {
    endpoint_latency_->observe(seconds_since(parcel->handed_out));
    if (parcel->waiting_for == 1) total_latency_->observe(seconds_since(parcel->handed_out));
  }
  ++unrecorded_;
  spool_.done(parcel, key_, [this, alive = std::weak_ptr(alive_)] {
    if (alive.expired()) return;
    --unrecorded_;
    if (!queue_.empty() && !wakes_) {
      wakes_ = true;
      ctx_.post([this, alive] {
        if (alive.expired()) return;
        wakes_ = false;
        pump();
      });
    }
  });
}

void Endpoint::failed(std::string error) {
  if (stats_.error.empty()) {
    stats_.error_since = ctx_.clock().mono();
    ctx_.log().warn("a push failed", {{"endpoint", url_text(args_.url)}, {"error", error}});
  }
  stats_.error = std::move(error);
}

}  // namespace weir::pyroscope
