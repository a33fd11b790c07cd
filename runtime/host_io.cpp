// The part of Host that brings events of the world to the component's strand.
#include <atomic>
#include <utility>

#include "runtime/host.h"

namespace weir::runtime {
namespace {

// Shared by a handle and by the events under way: an event that arrives after the handle is gone is dropped.
struct Subscription {
  std::function<void()> task;
  std::atomic<bool> live = true;
  std::atomic<Reactor::Id> id = 0;
};

class ReactorHandle final : public Handle {
 public:
  ReactorHandle(std::shared_ptr<Reactor> reactor, std::shared_ptr<Subscription> subscription)
      : reactor_(std::move(reactor)), subscription_(std::move(subscription)) {}
  ~ReactorHandle() override {
    subscription_->live = false;
    reactor_->remove(subscription_->id);
  }

 private:
  std::shared_ptr<Reactor> reactor_;
  std::shared_ptr<Subscription> subscription_;
};

struct FetchState {
  FetchEvents events;
  std::atomic<bool> live = true;
};

class StrandFetch final : public Fetch {
 public:
  StrandFetch(std::shared_ptr<FetchState> state, std::shared_ptr<Lease> inner)
      : state_(std::move(state)), inner_(std::move(inner)) {}
  ~StrandFetch() override {
    state_->live = false;
    if (inner_) inner_->end();
  }

 private:
  std::shared_ptr<FetchState> state_;
  std::shared_ptr<Lease> inner_;
};

// The same events, each posted to the strand.
FetchEvents on_strand(std::weak_ptr<Host> weak, std::shared_ptr<FetchState> state) {
  auto post = [weak = std::move(weak), state](std::function<void(FetchEvents&)> event) {
    auto host = weak.lock();
    if (host == nullptr) return;
    host->post([state, event = std::move(event)] {
      if (state->live) event(state->events);
    });
  };
  FetchEvents events;
  if (state->events.on_head) {
    events.on_head = [post](const FetchResponse& head) {
      post([head](FetchEvents& own) { own.on_head(head); });
    };
  }
  if (state->events.on_data) {
    events.on_data = [post](std::string_view piece) {
      post([copy = std::string(piece)](FetchEvents& own) { own.on_data(copy); });
    };
  }
  events.on_done = [post](Result<FetchResponse> response) {
    post([response = std::move(response)](FetchEvents& own) {
      if (own.on_done) own.on_done(response);
    });
  };
  return events;
}

}  // namespace

void Host::post(std::function<void()> task) {
  if (closed_) return;
  strand_->post([self = shared_from_this(), task = std::move(task)] {
    if (!self->closed_) self->guarded("a task", task);
  });
}

Timer Host::after(Duration delay, std::function<void()> task) {
  auto subscription = std::make_shared<Subscription>(std::move(task));
  if (closed_) return std::make_unique<ReactorHandle>(services_->reactor, subscription);
  // Pauses are real time also where the clock is a fake: the reactor sleeps in the kernel.
  MonoTime at = system_clock().mono() + std::max(delay, Duration::zero());
  subscription->id = services_->reactor->at(at, [weak = weak_from_this(), subscription] {
    auto self = weak.lock();
    if (self == nullptr || !subscription->live) return;
    self->post([subscription] {
      if (subscription->live) subscription->task();
    });
  });
  return std::make_unique<ReactorHandle>(services_->reactor, subscription);
}

Timer Host::on_readable(int fd, std::function<void()> task) {
  auto subscription = std::make_shared<Subscription>(std::move(task));
  if (closed_) return std::make_unique<ReactorHandle>(services_->reactor, subscription);
  std::shared_ptr<Reactor> reactor = services_->reactor;
  Reactor::Id id = reactor->when_readable(fd, [weak = weak_from_this(), subscription, reactor] {
    auto self = weak.lock();
    if (self == nullptr || !subscription->live) return;
    self->post([subscription, reactor] {
      if (!subscription->live) return;
      subscription->task();
      // Not before the task has read: a level that is still high would call at once again.
      if (subscription->live) reactor->rearm(subscription->id);
    });
  });
  subscription->id = id;
  return std::make_unique<ReactorHandle>(std::move(reactor), subscription);
}

void Host::offload(std::function<void()> work, std::function<void()> done) {
  if (closed_) return;
  services_->pool->offload(id_, [weak = weak_from_this(), work = std::move(work), done = std::move(done)] {
    auto self = weak.lock();
    if (self == nullptr || self->closed_) return;
    std::exception_ptr failed;
    try {
      work();
    } catch (...) {
      failed = std::current_exception();
    }
    self->post([failed, done] {
      if (failed) std::rethrow_exception(failed);
      done();
    });
  });
}

std::unique_ptr<Fetch> Host::fetch(FetchRequest request, FetchEvents events) {
  auto state = std::make_shared<FetchState>(std::move(events));
  if (closed_) return std::make_unique<StrandFetch>(state, nullptr);
  FetchEvents posted = on_strand(weak_from_this(), state);
  if (environment().fetcher == nullptr) {
    posted.on_done(fail("fetch {}: there is no HTTP client", request.url));
    return std::make_unique<StrandFetch>(state, nullptr);
  }
  std::shared_ptr<Fetch> inner = environment().fetcher->fetch(std::move(request), std::move(posted));
  return std::make_unique<StrandFetch>(state, lease(std::move(inner)));
}

}  // namespace weir::runtime
