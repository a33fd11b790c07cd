// FakeContext: the world of one component, driven by hand (see component_harness.h).
#pragma once

#include <doctest/doctest.h>
#include <poll.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <typeindex>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "runtime/context.h"

namespace weir::testing {

class ManualClock final : public Clock {
 public:
  WallTime wall() const override { return WallTime(std::chrono::seconds(1'767'225'600)) + elapsed() + step_; }
  MonoTime mono() const override { return MonoTime(std::chrono::hours(1)) + elapsed(); }
  void advance(Duration by) { elapsed_ += by; }
  // As somebody who sets the wall clock.
  void step_wall(WallTime::duration by) { step_ += by; }

 private:
  // The wall clock's own unit may be coarser than ours.
  WallTime::duration elapsed() const { return std::chrono::duration_cast<WallTime::duration>(elapsed_); }

  Duration elapsed_{};
  WallTime::duration step_{};
};

// One request of the component. The test answers it; the events come at run().
struct FakeFetch {
  runtime::FetchRequest request;
  runtime::FetchEvents events;
  bool cancelled = false;
  bool done = false;
  std::function<void(std::function<void()>)> on_strand;

  void head(runtime::FetchResponse response) {
    on_strand([this, response] {
      if (!cancelled && events.on_head) events.on_head(response);
    });
  }
  void data(std::string piece) {
    on_strand([this, piece] {
      if (!cancelled && events.on_data) events.on_data(piece);
    });
  }
  void answer(Result<runtime::FetchResponse> response) {
    on_strand([this, response] {
      if (cancelled || done) return;
      done = true;
      if (events.on_done) events.on_done(response);
    });
  }
};

class FakeHttpService final : public runtime::HttpService {
 public:
  std::map<std::string, runtime::HttpHandler, std::less<>> mounts;

  std::vector<runtime::HttpSecurity> secured;  // the usable ones
  std::string unusable;                        // not empty: why they are not

  Result<> secure(const runtime::HttpSecurity& security) override {
    if (!unusable.empty()) return fail("{}", unusable);
    secured.push_back(security);
    return {};
  }
  std::unique_ptr<Mount> mount(std::string_view component_id, runtime::HttpHandler handler) override {
    mounts.insert_or_assign(std::string(component_id), std::move(handler));
    return std::make_unique<FakeMount>(*this, std::string(component_id));
  }

 private:
  struct FakeMount final : Mount {
    FakeMount(FakeHttpService& service, std::string id) : service(service), id(std::move(id)) {}
    ~FakeMount() override { service.mounts.erase(id); }
    FakeHttpService& service;
    std::string id;
  };
};

class FakeContext final : public runtime::Context {
 public:
  explicit FakeContext(std::string id) : id_(std::move(id)), metrics_(registry, {{"component_id", id_}}) {}

  // ---- what the component said ----
  lang::Value exports;                 // the last; null before the first
  std::vector<lang::Value> published;  // all of them, equal ones in a row once
  runtime::Health health;
  std::vector<runtime::Health> healths;               // every change
  std::shared_ptr<const lang::BodyValue> debug_info;  // the last
  std::map<std::type_index, std::shared_ptr<const void>> services;
  std::vector<std::shared_ptr<const runtime::View>> views;
  std::vector<std::string> log_lines;
  std::vector<std::shared_ptr<FakeFetch>> fetches;  // in order; also the cancelled ones

  template <class Service>
  std::shared_ptr<const Service> service() const {
    auto it = services.find(typeid(Service));
    return it == services.end() ? nullptr : std::static_pointer_cast<const Service>(it->second);
  }
  const runtime::View* view(std::string_view name) const {
    auto it = std::ranges::find_if(views, [&](const auto& v) { return v->name() == name; });
    return it == views.end() ? nullptr : it->get();
  }

  // ---- the world, to be set by the test ----
  ManualClock manual_clock;
  MetricRegistry registry;
  FakeHttpService http_service;
  std::map<std::string, std::string, std::less<>> environment;
  std::filesystem::path directory = std::filesystem::temp_directory_path() / "weir-no-such-data-dir";

  // ---- driving it ----
  // Runs what is due (posted tasks, offloaded work, readable descriptors, timers) until nothing is.
  void run() {
    for (int rounds = 0; rounds < 100'000; ++rounds) {
      if (!run_task() && !run_offloaded() && !run_readable() && !run_due_timer()) return;
    }
    FAIL("the component never comes to rest");
  }
  // One posted task; false when there is none.
  bool run_task() {
    std::function<void()> task;
    {
      std::lock_guard lock(mutex_);
      if (tasks_.empty()) return false;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
    return true;
  }
  // One piece of offloaded work, its `done` posted; false when there is none.
  bool run_offloaded() {
    if (offloaded_.empty()) return false;
    auto [work, done] = std::move(offloaded_.front());
    offloaded_.pop_front();
    work();
    post(std::move(done));
    return true;
  }
  // One timer that is due; false when there is none.
  bool run_due_timer() {
    auto timer = next_timer();
    if (!timer || timer->at > manual_clock.mono()) return false;
    std::erase(timers_, timer);
    timer->task();
    return true;
  }
  // Moves the clock from timer to timer, running everything on the way.
  void advance(Duration by) {
    MonoTime until = manual_clock.mono() + by;
    run();
    for (auto next = next_timer(); next && next->at <= until; next = next_timer()) {
      manual_clock.advance(std::max(Duration::zero(), Duration(next->at - manual_clock.mono())));
      run();
    }
    manual_clock.advance(until - manual_clock.mono());
    run();
  }
  std::size_t pending_timers() const { return live(timers_); }
  std::size_t watched_descriptors() const { return live(watches_); }
  std::size_t pending_offloads() const { return offloaded_.size(); }
  // Runs until the condition holds, for what other threads post; false after the deadline.
  bool wait_until(const std::function<bool()>& condition, Duration deadline = std::chrono::seconds(10)) {
    auto end = std::chrono::steady_clock::now() + deadline;
    for (;;) {
      run();
      if (condition()) return true;
      if (std::chrono::steady_clock::now() > end) return false;
      ::poll(nullptr, 0, 1);
    }
  }
  // As after stop(): nothing calls back any more.
  void close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    tasks_.clear();
    timers_.clear();
    watches_.clear();
    offloaded_.clear();
  }

  // ---- Context ----
  const std::string& id() const override { return id_; }
  const Logger& log() const override { return log_; }
  MetricScope& metrics() override { return metrics_; }
  const Clock& clock() const override { return manual_clock; }
  std::filesystem::path data_dir() const override { return directory; }
  std::string env(std::string_view name) const override {
    auto it = environment.find(name);
    return it == environment.end() ? "" : it->second;
  }
  void post(std::function<void()> task) override {
    std::lock_guard lock(mutex_);
    if (!closed_) tasks_.push_back(std::move(task));
  }
  runtime::Timer after(Duration delay, std::function<void()> task) override {
    auto timer = std::make_shared<Timed>(manual_clock.mono() + delay, std::move(task));
    if (!closed_) timers_.push_back(timer);
    return std::make_unique<Owner<Timed>>(timer);
  }
  runtime::Timer on_readable(int fd, std::function<void()> task) override {
    auto watch = std::make_shared<Watch>(fd, std::move(task));
    if (!closed_) watches_.push_back(watch);
    return std::make_unique<Owner<Watch>>(watch);
  }
  void offload(std::function<void()> work, std::function<void()> done) override {
    if (!closed_) offloaded_.emplace_back(std::move(work), std::move(done));
  }
  std::unique_ptr<runtime::Fetch> fetch(runtime::FetchRequest request, runtime::FetchEvents events) override {
    auto fetch = std::make_shared<FakeFetch>();
    fetch->request = std::move(request);
    fetch->events = std::move(events);
    fetch->on_strand = [this](std::function<void()> task) { post(std::move(task)); };
    fetches.push_back(fetch);
    return std::make_unique<FetchOwner>(fetch);
  }
  runtime::HttpService& http() override { return http_service; }
  void publish_object(lang::Value value) override {
    if (!published.empty() && value == exports) return;
    exports = value;
    published.push_back(std::move(value));
  }
  void set_health(runtime::HealthState state, std::string message) override {
    if (!healths.empty() && health.state == state && health.message == message) return;
    health = {.state = state,
              .message = std::move(message),
              .since = manual_clock.wall(),
              .updated = manual_clock.wall()};
    healths.push_back(health);
  }
  void publish_debug_body(std::shared_ptr<const lang::BodyValue> body) override {
    debug_info = std::move(body);
  }
  void offer_service(std::type_index type, std::shared_ptr<const void> service) override {
    services.erase(type);
    if (service) services.emplace(type, std::move(service));
  }
  void offer_view(std::shared_ptr<const runtime::View> view) override {
    std::erase_if(views, [&](const auto& v) { return v->name() == view->name(); });
    views.push_back(std::move(view));
  }

 private:
  struct Timed {
    MonoTime at;
    std::function<void()> task;
    bool live = true;
    Timed(MonoTime at, std::function<void()> task) : at(at), task(std::move(task)) {}
  };
  struct Watch {
    int fd;
    std::function<void()> task;
    bool live = true;
    Watch(int fd, std::function<void()> task) : fd(fd), task(std::move(task)) {}
  };
  template <class T>
  struct Owner final : runtime::Handle {
    explicit Owner(std::shared_ptr<T> thing) : thing(std::move(thing)) {}
    ~Owner() override { thing->live = false; }
    std::shared_ptr<T> thing;
  };
  struct FetchOwner final : runtime::Fetch {
    explicit FetchOwner(std::shared_ptr<FakeFetch> fetch) : fetch(std::move(fetch)) {}
    ~FetchOwner() override { fetch->cancelled = true; }
    std::shared_ptr<FakeFetch> fetch;
  };

  template <class T>
  static std::size_t live(const std::vector<std::shared_ptr<T>>& things) {
    return static_cast<std::size_t>(std::ranges::count_if(things, [](const auto& t) { return t->live; }));
  }
  std::shared_ptr<Timed> next_timer() {
    std::erase_if(timers_, [](const auto& timer) { return !timer->live; });
    auto it = std::ranges::min_element(timers_, {}, [](const auto& timer) { return timer->at; });
    return it == timers_.end() ? nullptr : *it;
  }
  bool run_readable() {
    std::erase_if(watches_, [](const auto& watch) { return !watch->live; });
    for (const auto& watch : std::vector(watches_)) {
      pollfd state{.fd = watch->fd, .events = POLLIN, .revents = 0};
      if (!watch->live || ::poll(&state, 1, 0) != 1) continue;
      watch->task();
      return true;
    }
    return false;
  }

  std::string id_;
  LogHub hub_{[this](std::string_view line) { log_lines.emplace_back(line); }};
  Logger log_{hub_, id_};
  MetricScope metrics_;
  std::mutex mutex_;  // guards tasks_ and closed_ against posts from other threads
  std::deque<std::function<void()>> tasks_;
  bool closed_ = false;
  std::vector<std::shared_ptr<Timed>> timers_;
  std::vector<std::shared_ptr<Watch>> watches_;
  std::deque<std::pair<std::function<void()>, std::function<void()>>> offloaded_;
};

}  // namespace weir::testing
