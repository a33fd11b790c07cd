#include "components/pyroscope/endpoint.h"

#include <algorithm>
#include <utility>

#include "components/pyroscope/write_metric_table.h"
#include "components/wording.h"

namespace weir::pyroscope {
namespace {

constexpr std::string_view kPath = "/push.v1.PusherService/Push";
constexpr Duration kWindowKnown = std::chrono::minutes(10);  // then the server is asked again
constexpr Duration kSurelyOld = std::chrono::minutes(15);    // a server takes what is a bit ahead, or behind
constexpr std::uint64_t kBurst = 1u << 20;                   // bytes a server takes at once, if not for long
constexpr int kSlowedTooOften = 3;
constexpr std::size_t kMostParts = 64;  // a server that finds everything too large is not asked without end
constexpr std::size_t kSearched = 16;   // fewer are sent, and may be refused
constexpr Duration kBatchSpan = std::chrono::minutes(2);  // what lies far apart may not be taken together

}  // namespace

Endpoint::Endpoint(runtime::Context& ctx, Spool& spool, std::string key, EndpointArguments args,
                   Limits limits, std::function<void()> changed)
    : ctx_(ctx),
      spool_(spool),
      key_(std::move(key)),
      args_(std::move(args)),
      limits_(limits),
      changed_(std::move(changed)),
      backoff_(args_.min_backoff_period, args_.max_backoff_period) {
  using namespace write_metric;
  auto& metrics = ctx.metrics();
  std::string url = url_text(args_.url);
  sent_bytes_ = metrics.counter(kSentBytes.name, kSentBytes.help, {{"endpoint", url}});
  sent_profiles_ = metrics.counter(kSentProfiles.name, kSentProfiles.help, {{"endpoint", url}});
  retries_ = metrics.counter(kRetries.name, kRetries.help, {{"endpoint", url}});
  latency_ = metrics.histogram(kLatency.name, kLatency.help, default_latency_bounds(),
                               {{"endpoint", url}, {"type", "push_endpoint"}});
}

Endpoint::~Endpoint() {
  *alive_ = false;
}

// A change of how to reach the server ends the pause: it may be the cure.
void Endpoint::apply(EndpointArguments args) {
  if (args == args_) return;
  args_ = std::move(args);
  backoff_.set_limits(args_.min_backoff_period, args_.max_backoff_period);
  backoff_.reset();
  pause_.reset();
  stats_.paused_until = {};
  window_learned_ = {};
  pump();
}

// ---- the queue ----

void Endpoint::push(const ParcelPtr& parcel) {
  queue_bytes_ += parcel->profile_bytes;
  queue_.push_back({.parcel = parcel});
  pump();
}

void Endpoint::restore(const ParcelPtr& parcel) {
  queue_bytes_ += parcel->profile_bytes;
  queue_.push_front({.parcel = parcel});
}

void Endpoint::put_back(Items items, End end) {
  for (auto& item : items) queue_bytes_ += item.parcel->profile_bytes;
  auto first = std::make_move_iterator(items.begin());
  auto last = std::make_move_iterator(items.end());
  queue_.insert(end == End::oldest ? queue_.begin() : queue_.end(), first, last);
}

void Endpoint::sweep() {
  Items lost;
  std::erase_if(queue_, [&](Item& item) {
    const Parcel& parcel = item.whole ? *item.whole->parcel : *item.parcel;
    if (!parcel.lost) return false;
    queue_bytes_ -= item.parcel->profile_bytes;
    lost.push_back(std::move(item));
    return true;
  });
  for (auto& item : lost) {
    std::string reason = (item.whole ? item.whole->parcel : item.parcel)->lost;
    std::string why = reason == "queue_full" ? "the queue was full"
                      : reason == "too_old"  ? "it waited too long"
                                             : "the queue's folder was removed";
    drop(std::move(item), reason, std::move(why));
  }
}

void Endpoint::drop_all(std::string_view reason) {
  auto flights = std::exchange(flights_, {});
  auto queue = std::exchange(queue_, {});
  queue_bytes_ = 0;
  for (auto& [number, flight] : flights) {
    for (auto& item : flight.items) {
      --item.parcel->flights;
      drop(std::move(item), reason, "the endpoint was removed");
    }
  }
  for (auto& item : queue) drop(std::move(item), reason, "the endpoint was removed");
}

// ---- sending ----

// After an error one request at a time finds out whether the server is back.
std::size_t Endpoint::slots() const {
  return stats_.error.empty() ? limits_.in_flight : 1;
}

void Endpoint::pump() {
  while (!pause_ && !is_ending_ && !queue_.empty() && flights_.size() + unrecorded_ < slots()) set_off();
}

// Of a backlog both ends are sent by turns: what is new is worth most, what is oldest is lost first. A server
// that failed may have failed because of one profile: another one is tried then.
void Endpoint::set_off() {
  bool is_probe = !stats_.error.empty();
  bool is_backlog = queue_.size() > 2 * limits_.in_flight;
  End end = End::oldest;
  if (is_probe || is_backlog)
    end = std::exchange(next_end_, next_end_ == End::oldest ? End::newest : End::oldest);
  std::size_t free = std::max<std::size_t>(1, slots() - flights_.size() - unrecorded_);
  std::size_t most = is_probe || !is_backlog ? 1 : std::min(limits_.batch_count, queue_.size() / free + 1);
  if (end == End::oldest && set_off_search()) return;
  Items items = take_batch(end, most);
  if (!items.empty()) start_flight(std::move(items), end);
}

// How many at the front may be too old for the server or not, once one was.
std::size_t Endpoint::searched() const {
  if (window_learned_ == MonoTime() || ctx_.clock().mono() - window_learned_ > kWindowKnown) return 0;
  auto end = std::ranges::find_if(queue_, [&](const Item& item) { return item.parcel->start >= taken_; });
  return static_cast<std::size_t>(end - queue_.begin());
}

// Of a long backlog the one in the middle tells for half of it.
bool Endpoint::set_off_search() {
  take_batch(End::oldest, 0);
  std::size_t count = searched();
  if (count < kSearched) return false;
  auto middle = queue_.begin() + static_cast<std::ptrdiff_t>(count / 2);
  Items one;
  one.push_back(std::move(*middle));
  queue_.erase(middle);
  queue_bytes_ -= one[0].parcel->profile_bytes;
  one[0].is_search = true;
  start_flight(std::move(one), End::oldest);
  return true;
}

void Endpoint::start_flight(Items items, End end) {
  std::uint64_t number = next_flight_++;
  Flight& flight = flights_[number];
  flight.end = end;
  flight.items = std::move(items);
  std::string body;
  std::vector<ParcelPtr> absent;
  for (const auto& item : flight.items) {
    ++item.parcel->flights;
    if (!item.parcel->request)
      absent.push_back(item.parcel);
    else
      body += item.parcel->request->body;
  }
  if (absent.empty()) return send(number, std::move(body));
  // All are: a batch is read, or it is in memory.
  spool_.load(absent, [this, number, alive = std::weak_ptr(alive_)](auto requests) {
    if (!alive.expired()) loaded(number, std::move(requests));
  });
}

// Takes what is too old on the way, and gives it up.
Endpoint::Items Endpoint::take_batch(End end, std::size_t most) {
  Items items;
  std::uint64_t bytes = 0;
  auto fits = [&](const Item& next) {
    if (items.empty()) return true;
    const Parcel &first = *items[0].parcel, &parcel = *next.parcel;
    return !next.alone && !next.whole && bytes + parcel.raw_bytes <= limits_.batch_bytes &&
           std::chrono::abs(parcel.start - first.start) <= kBatchSpan && !first.request == !parcel.request;
  };
  while (!queue_.empty()) {
    Item& next = end == End::oldest ? queue_.front() : queue_.back();
    bool is_too_old = is_too_old_for_server(next);
    if (!is_too_old && (items.size() >= most || !fits(next))) break;
    Item item = std::move(next);
    if (end == End::oldest) {
      queue_.pop_front();
    } else {
      queue_.pop_back();
    }
    queue_bytes_ -= item.parcel->profile_bytes;
    if (is_too_old) {
      drop(std::move(item), "too_old_for_server", "it is older than the server takes");
      continue;
    }
    bytes += item.parcel->raw_bytes;
    items.push_back(std::move(item));
    if (items.back().alone || items.back().whole) break;
  }
  return items;
}

void Endpoint::loaded(std::uint64_t number, std::vector<Result<PushRequestPtr>> requests) {
  auto it = flights_.find(number);
  if (it == flights_.end()) return;
  Items items;
  std::string body;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    Item& item = it->second.items[i];
    if (requests[i]) {
      body += (*requests[i])->body;
      items.push_back(std::move(item));
      continue;
    }
    --item.parcel->flights;
    drop(std::move(item), "disk", requests[i].error().message);
  }
  it->second.items = std::move(items);
  if (!it->second.items.empty()) return send(number, std::move(body));
  flights_.erase(it);
  pump();
}

void Endpoint::send(std::uint64_t number, std::string body) {
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
  request.body = std::move(body);
  request.total_timeout = args_.remote_timeout;
  request.connect_timeout = args_.remote_timeout;
  request.header_timeout = args_.remote_timeout;
  request.max_body_bytes = 1 << 20;

  Flight& flight = flights_[number];
  flight.began = ctx_.clock().mono();
  // A password file that cannot be read is like a server that cannot be reached.
  if (auto applied = args_.apply_to(request); !applied) {
    retry(land(number), {PushAnswer::Kind::held, "credentials", applied.error().message, {}});
    changed_();
    return;
  }
  flight.fetch =
      ctx_.fetch(std::move(request), {.on_done = [this, number](auto answer) { answered(number, answer); }});
}

// ---- answers ----

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
  latency_->observe(std::chrono::duration<double>(ctx_.clock().mono() - flight.began).count());
  bool is_lost = std::ranges::any_of(flight.items, [](const Item& item) { return item.parcel->lost; });
  judge(std::move(flight), PushAnswer::of(answer));
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

// Time passes for the server as for us, whatever our wall clock does meanwhile.
void Endpoint::learn_window(WallTime too_old) {
  if (too_old >= taken_) taken_ = WallTime::max();
  window_ = too_old;
  window_learned_ = ctx_.clock().mono();
}

bool Endpoint::is_too_old_for_server(const Item& item) const {
  if (window_learned_ == MonoTime()) return false;
  Duration since = ctx_.clock().mono() - window_learned_;
  return since < kWindowKnown &&
         item.parcel->start <= window_ + std::chrono::duration_cast<WallTime::duration>(since);
}

void Endpoint::halve(Item item, const PushAnswer& answer) {
  if (item.whole && item.whole->made >= kMostParts) {
    failed(answer.error);
    return drop(std::move(item), "too_large", answer.error);
  }
  auto halves = std::make_shared<std::vector<PushRequestPtr>>();
  auto shared = std::make_shared<Item>(std::move(item));
  ++halving_;
  auto work = [this, shared, halves, answer, alive = std::weak_ptr(alive_)](PushRequestPtr request) {
    ctx_.offload([request, halves] { *halves = halve_push(*request); },
                 [this, shared, halves, answer, alive] {
                   if (alive.expired()) return;
                   --halving_;
                   if (halves->empty()) {
                     failed(answer.error);
                     drop(std::move(*shared), "too_large", answer.error);
                   } else {
                     put_halves(*shared, *halves);
                   }
                   pump();
                   changed_();
                 });
  };
  if (shared->parcel->request) return work(shared->parcel->request);
  spool_.load({shared->parcel}, [this, shared, work, alive = std::weak_ptr(alive_)](auto requests) {
    if (alive.expired()) return;
    if (requests[0]) return work(*requests[0]);
    --halving_;
    drop(std::move(*shared), "disk", requests[0].error().message);
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

Endpoint::Stats Endpoint::stats() const {
  Stats stats = stats_;
  stats.waiting = queue_.size() + halving_;
  stats.waiting_bytes = queue_bytes_;
  stats.in_flight = flights_.size();
  return stats;
}

}  // namespace weir::pyroscope
