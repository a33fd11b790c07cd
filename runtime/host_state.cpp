// The part of Host that shows what is going on: the node's state.
#include <utility>

#include <fmt/core.h>

#include "runtime/health_history.h"
#include "runtime/host.h"

namespace weir::runtime {
namespace {

// A state that stays keeps its `since`, whatever its message says by now; one nobody ever set has none.
void keep_since(const Health& before, Health& now) {
  if (before.state == now.state && before.since != WallTime{}) now.since = before.since;
}

void set_health_of(Health& health, Health now) {
  if (health.state == now.state && health.message == now.message) return;
  keep_since(health, now);
  health = std::move(now);
}

bool says_something(const Health& reported) {
  return reported.state != HealthState::unknown || !reported.message.empty();
}

// The least of the three. Where nothing is worse, what tells more, whichever came last: what the component
// says of itself before "started", and that before "evaluated", which is all there is of a transform.
const Health& merged(const NodeState& state, bool is_transform) {
  bool is_well =
      state.evaluation_health.state == HealthState::healthy && state.run_health.state == HealthState::healthy;
  const Health& ours = !is_well       ? least(state.evaluation_health, state.run_health)
                       : is_transform ? state.evaluation_health
                                      : state.run_health;
  const Health& reported = state.reported_health;
  return says_something(reported) && reported.state <= ours.state ? reported : ours;
}

void remember(NodeState& state) {
  for (auto& [type, service] : state.services) {
    if (type != typeid(HealthHistory)) continue;
    service = continued(std::static_pointer_cast<const HealthHistory>(service), state.health);
    return;
  }
  state.services.emplace_back(typeid(HealthHistory), continued(nullptr, state.health));
}

}  // namespace

Health Host::health_now(HealthState state, std::string message) const {
  WallTime now = clock().wall();
  return {.state = state, .message = std::move(message), .since = now, .updated = now};
}

void Host::change(const std::function<void(NodeState&)>& edit) {
  std::shared_ptr<const NodeState> old;  // freed after the lock
  std::lock_guard lock(mutex_);
  if (draft_) return edit(*draft_);
  auto next = std::make_shared<NodeState>(*state_);
  edit(*next);
  old = show(std::move(next));
}

void Host::begin_draft() {
  std::lock_guard lock(mutex_);
  draft_ = std::make_shared<NodeState>(*state_);
}

void Host::end_draft() {
  std::shared_ptr<const NodeState> old;
  std::lock_guard lock(mutex_);
  if (draft_) old = show(std::exchange(draft_, nullptr));
}

std::shared_ptr<const NodeState> Host::show(std::shared_ptr<NodeState> next) {
  next->health = merged(*next, type_.is_transform);
  if (next->health.state != state_->health.state) next->health.since = clock().wall();
  keep_since(state_->health, next->health);
  remember(*next);
  std::shared_ptr<const NodeState> old = std::exchange(state_, std::move(next));
  if (!node_) return old;
  node_->set_state(state_);
  services_->revisions->count(*old, *state_);
  return old;
}

void Host::attach(std::shared_ptr<Node> node) {
  std::lock_guard lock(mutex_);
  node_ = std::move(node);
  node_->set_state(state_);
}

void Host::show_run(HealthState state, std::string message) {
  Health now = health_now(state, std::move(message));
  change([&](NodeState& node) {
    set_health_of(node.run_health, now);
    healthy_run_ = node.run_health;
  });
}

void Host::show_evaluation(HealthState state, std::string message) {
  Health now = health_now(state, std::move(message));
  change([&](NodeState& node) {
    set_health_of(node.evaluation_health, now);
    ++node.evaluations;
  });
}

void Host::show_arguments(ArgumentsPtr arguments) {
  change([&](NodeState& node) { node.arguments = std::move(arguments); });
}

void Host::show_exports(lang::Value exports) {
  change([&](NodeState& node) { node.exports = std::move(exports); });
}

void Host::show_busy(const MonoTime* since) {
  if (closed_) return;
  // One that hangs would keep it for itself.
  end_draft();
  if (since == nullptr) {
    change([&](NodeState& node) { node.run_health = healthy_run_; });
    return;
  }
  auto held = std::chrono::duration_cast<WallTime::duration>(clock().mono() - *since);
  Health busy = health_now(HealthState::unhealthy, "");
  busy.message = fmt::format("busy since {}: a task of it has not returned", format_time(busy.since - held));
  log().warn("component is busy", {{"health", busy.message}});
  change([&](NodeState& node) {
    healthy_run_ = node.run_health;
    node.run_health = busy;
  });
}

const Logger& Host::log() const {
  return abandoned_ ? no_log_ : log_;
}

MetricScope& Host::metrics() {
  return metrics_;
}

const Clock& Host::clock() const {
  return abandoned_ ? system_clock() : *environment().clock;
}

std::string Host::env(std::string_view name) const {
  if (abandoned_ || !environment().env) return "";
  return environment().env(name);
}

void Host::publish_object(lang::Value exports) {
  if (closed_) return;
  // Only the component's own thread of the moment publishes: comparing needs no lock, and may take long.
  lang::Value last;
  {
    std::lock_guard lock(mutex_);
    last = last_exports_;
  }
  if (!last.is_null() && last == exports) return;
  {
    std::lock_guard lock(mutex_);
    last_exports_ = exports;
    fresh_exports_ = std::move(exports);
  }
  services_->on_exports(shared_from_this());
}

void Host::set_health(HealthState state, std::string message) {
  if (closed_) return;
  Health now = health_now(state, std::move(message));
  change([&](NodeState& node) { set_health_of(node.reported_health, now); });
}

void Host::publish_debug_body(std::shared_ptr<const lang::BodyValue> body) {
  if (closed_) return;
  change([&](NodeState& node) { node.debug_info.swap(body); });
}

void Host::offer_service(std::type_index type, std::shared_ptr<const void> service) {
  if (closed_) return;
  change([&](NodeState& node) {
    std::erase_if(node.services, [&](const auto& offered) { return offered.first == type; });
    if (service) node.services.emplace_back(type, std::move(service));
  });
}

void Host::offer_view(std::shared_ptr<const View> view) {
  if (closed_) return;
  change([&](NodeState& node) {
    std::erase_if(node.views, [&](const auto& offered) { return offered->name() == view->name(); });
    node.views.push_back(view);
  });
}

}  // namespace weir::runtime
