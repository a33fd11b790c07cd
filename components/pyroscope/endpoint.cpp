#include "components/pyroscope/endpoint.h"

#include <algorithm>
#include <utility>

#include "components/pyroscope/write_metric_table.h"
#include "components/wording.h"
#include "profile/pprof.h"

namespace weir::pyroscope {
namespace {

constexpr std::string_view kPath = "/push.v1.PusherService/Push";
constexpr Duration kWindowKnown = std::chrono::minutes(10);  // then the server is asked again
constexpr std::size_t kSearched = 16;                        // fewer are sent, and may be refused
constexpr Duration kBatchSpan = std::chrono::minutes(2);     // what lies far apart may not be taken together

std::string_view meaning_of_loss(std::string_view reason) {
  if (reason == "queue_full") return "the queue was full";
  if (reason == "too_old") return "it waited too long";
  if (reason == "stopped") return "weir stopped, and it was not on the disk";
  return "the queue's folder was removed";
}

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
  auto latency = [&](std::string_view endpoint, std::string_view type) {
    return metrics.histogram(kLatency.name, kLatency.help, default_latency_bounds(),
                             {{"endpoint", std::string(endpoint)}, {"type", std::string(type)}});
  };
  downstream_latency_ = latency(url, "push_downstream");
  endpoint_latency_ = latency(url, "push_endpoint");
  total_latency_ = latency("-", "push_total");
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
  gzip_ = {};
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
    if (!whole_of(item).lost) return false;
    queue_bytes_ -= item.parcel->profile_bytes;
    lost.push_back(std::move(item));
    return true;
  });
  for (auto& item : lost) {
    const char* reason = whole_of(item).lost;
    drop(std::move(item), reason, std::string(meaning_of_loss(reason)));
  }
}

void Endpoint::end() {
  is_ending_ = true;
  for (auto& [number, flight] : std::exchange(flights_, {})) {
    for (const auto& item : flight.items) --item.parcel->flights;
    put_back(std::move(flight.items), flight.end);
  }
  for (auto& [number, item] : std::exchange(halving_, {})) {
    Items one;
    one.push_back(std::move(item));
    put_back(std::move(one), End::oldest);
  }
}

void Endpoint::drop_all(std::string_view reason) {
  end();
  queue_bytes_ = 0;
  for (auto& item : std::exchange(queue_, {})) drop(std::move(item), reason, "the endpoint was removed");
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
  bool is_backlog = is_hurrying_ || queue_.size() > 2 * limits_.in_flight;
  End end = End::oldest;
  if (is_probe || is_backlog)
    end = std::exchange(next_end_, next_end_ == End::oldest ? End::newest : End::oldest);
  std::size_t free = std::max<std::size_t>(1, slots() - flights_.size() - unrecorded_);
  std::size_t most = is_probe || !is_backlog ? 1 : std::min(limits_.batch_count, queue_.size() / free + 1);
  if (end == End::oldest && set_off_search()) return;
  Items items = take_batch(end, most);
  if (!items.empty()) start_flight(std::move(items), end);
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
  if (absent.empty()) return pack(number, std::move(body));
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

void Endpoint::loaded(std::uint64_t number, std::vector<SpoolDisk::Loaded> requests) {
  auto it = flights_.find(number);
  if (it == flights_.end()) return;
  Items items = std::exchange(it->second.items, {});
  End end = it->second.end;
  std::string body;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (requests[i]) {
      body += (*requests[i])->body;
      it->second.items.push_back(std::move(items[i]));
      continue;
    }
    --items[i].parcel->flights;
    not_loaded(std::move(items[i]), requests[i].error(), end);
  }
  if (!it->second.items.empty()) return pack(number, std::move(body));
  flights_.erase(it);
  pump();
  changed_();
}

void Endpoint::not_loaded(Item item, const SpoolDisk::LoadError& error, End end) {
  using enum SpoolDisk::LoadError::Remedy;
  if (error.remedy == none) return drop(std::move(item), "disk", error.message);
  auto kind = error.remedy == few_tries ? PushAnswer::Kind::failed : PushAnswer::Kind::unreachable;
  bool is_lost = whole_of(item).lost != nullptr;
  Flight flight{.end = end};
  flight.items.push_back(std::move(item));
  retry(std::move(flight), {kind, "disk", error.message, {}});
  if (is_lost) sweep();
}

void Endpoint::pack(std::uint64_t number, std::string body) {
  if (!gzip_.is_wanted()) return send(number, std::move(body));
  auto packed = std::make_shared<std::string>();
  auto plain = std::make_shared<std::string>(std::move(body));
  ctx_.offload([plain, packed] { *packed = profile::gzip(*plain); },
               [this, number, plain, packed, alive = std::weak_ptr(alive_)] {
                 if (alive.expired() || !flights_.contains(number)) return;
                 bool is_smaller = packed->size() < plain->size();
                 flights_[number].is_gzipped = is_smaller;
                 send(number, std::move(is_smaller ? *packed : *plain));
               });
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
  Flight& flight = flights_[number];
  if (flight.is_gzipped) request.headers.emplace_back("Content-Encoding", "gzip");
  for (const auto& [name, value] : args_.headers) request.headers.emplace_back(name, value);
  request.body = std::move(body);
  request.total_timeout = args_.remote_timeout;
  request.connect_timeout = args_.remote_timeout;
  request.header_timeout = args_.remote_timeout;
  request.max_body_bytes = 1 << 20;

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

Endpoint::Stats Endpoint::stats() const {
  Stats stats = stats_;
  stats.waiting = queue_.size() + halving_.size();
  stats.waiting_bytes = queue_bytes_;
  stats.in_flight = flights_.size();
  return stats;
}

}  // namespace weir::pyroscope
