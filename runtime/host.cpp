#include "runtime/host.h"

#include <exception>
#include <utility>

#include <fmt/core.h>

#include "runtime/host_http.h"

namespace weir::runtime {
namespace {

// State and message decide; equal ones keep their `since`.
void set_health_of(Health& health, Health now) {
  if (health.state == now.state && health.message == now.message) return;
  health = std::move(now);
}

bool says_something(const Health& reported) {
  return reported.state != HealthState::unknown || !reported.message.empty();
}

// The least of the three. Where nothing is worse, what the component says of itself tells more than
// "started".
const Health& merged(const NodeState& state) {
  const Health& ours = least(state.evaluation_health, state.run_health);
  const Health& reported = state.reported_health;
  return says_something(reported) && reported.state <= ours.state ? reported : ours;
}

// What a thrown exception says; must be called in a handler.
std::string current_exception_text() {
  try {
    throw;
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "an exception that says nothing";
  }
}

// While it lives, the controller's thread is in the host's code.
class OnController {
 public:
  OnController(HostServices& services, const Host& host) : services_(services) {
    services_.on_controller = &host;
  }
  ~OnController() { services_.on_controller = nullptr; }
  OnController(const OnController&) = delete;
  OnController& operator=(const OnController&) = delete;

 private:
  HostServices& services_;
};

}  // namespace

std::shared_ptr<Host> Host::create(std::shared_ptr<HostServices> services, const ComponentType& type,
                                   std::string id) {
  std::shared_ptr<Host> host(new Host(std::move(services), type, std::move(id)));
  std::weak_ptr<Host> weak = host;
  host->http_ = strand_http(host->environment().http, weak);
  host->strand_ = Strand::create(host->services_->pool, [weak](const MonoTime* since) {
    if (auto self = weak.lock()) self->on_busy(since);
  });
  return host;
}

Host::Host(std::shared_ptr<HostServices> services, const ComponentType& type, std::string id)
    : services_(std::move(services)),
      type_(type),
      id_(std::move(id)),
      data_dir_(environment().storage_path / id_),
      log_(*environment().log, id_),
      no_log_(no_hub_, id_),
      metrics_(*environment().metrics, {{"component_id", id_}, {"component_path", "/"}}) {
  change([&](NodeState& state) {
    state.run_health = health_now(HealthState::unknown, "created");
    state.evaluation_health = health_now(HealthState::unknown, "not evaluated yet");
  });
}

Host::~Host() = default;

// ---- state ----

Health Host::health_now(HealthState state, std::string message) const {
  return {.state = state, .message = std::move(message), .since = clock().wall()};
}

void Host::change(const std::function<void(NodeState&)>& edit) {
  // The state that is replaced may hold the last reference to something big: freed after the lock.
  std::shared_ptr<const NodeState> old;
  std::lock_guard lock(mutex_);
  auto next = std::make_shared<NodeState>(*state_);
  edit(*next);
  next->health = merged(*next);
  old = std::exchange(state_, next);
  if (node_) node_->set_state(state_);
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

void Host::on_busy(const MonoTime* since) {
  if (closed_) return;
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

// ---- life ----

Instance* Host::instance() const {
  std::lock_guard lock(mutex_);
  return instance_.get();
}

void Host::guarded(std::string_view what, const std::function<void()>& body) {
  try {
    body();
  } catch (...) {
    end_after_exception(what, current_exception_text());
  }
}

void Host::end_after_exception(std::string_view what, std::string_view why) {
  closed_ = true;
  exited_ = true;
  std::string message = fmt::format("{} failed: {}; the next reload starts it again", what, why);
  log().error("component exited", {{"health", message}});
  show_run(HealthState::exited, std::move(message));
  if (started_) stop_on_strand();
  std::unique_ptr<Instance> instance;
  std::lock_guard lock(mutex_);
  instance = std::move(instance_);
}

void Host::construct(const ArgumentsPtr& arguments) {
  OnController here(*services_, *this);
  guarded("construction", [&] {
    std::unique_ptr<Instance> made = type_.create(*this, arguments);
    std::lock_guard lock(mutex_);
    // Stopped meanwhile (it took its time): `made` goes with the scope, after the lock.
    if (!closed_) instance_.swap(made);
  });
  if (type_.is_transform && !exited_) show_run(HealthState::healthy, "runs within the graph");
}

void Host::start() {
  if (type_.is_transform || start_asked_.exchange(true)) return;
  strand_->resume([self = shared_from_this()] {
    Instance* instance = self->instance();
    if (self->closed_ || instance == nullptr) return;
    self->started_ = true;
    self->guarded("start", [&] { instance->start(); });
    if (self->closed_) return;
    self->show_run(HealthState::healthy, "started");
    self->take_latest_arguments();
  });
}

void Host::update(ArgumentsPtr arguments) {
  {
    std::lock_guard lock(mutex_);
    bool is_posted = latest_arguments_ != nullptr;
    latest_arguments_.swap(arguments);
    if (is_posted) return;
  }
  strand_->post([self = shared_from_this()] {
    if (self->started_) self->take_latest_arguments();
  });
}

void Host::take_latest_arguments() {
  ArgumentsPtr arguments;
  {
    std::lock_guard lock(mutex_);
    arguments.swap(latest_arguments_);
  }
  Instance* instance = this->instance();
  if (closed_ || instance == nullptr || arguments == nullptr) return;
  guarded("applying its arguments", [&] { instance->apply(arguments); });
}

std::expected<lang::Value, std::string> Host::evaluate(const ArgumentsPtr& arguments) {
  Instance* instance = this->instance();
  if (instance == nullptr) return std::unexpected("it is stopped");
  OnController here(*services_, *this);
  try {
    return instance->evaluate(arguments);
  } catch (...) {
    return std::unexpected(current_exception_text());
  }
}

std::optional<lang::Value> Host::take_exports() {
  std::lock_guard lock(mutex_);
  return std::exchange(fresh_exports_, std::nullopt);
}

void Host::stop_on_strand() {
  Instance* instance = this->instance();
  if (instance == nullptr || !std::exchange(started_, false)) return;
  try {
    instance->stop();
  } catch (...) {
    log().error("stopping failed", {{"err", current_exception_text()}});
  }
}

void Host::stop(std::function<void()> done) {
  if (type_.is_transform) {
    closed_ = true;
    metrics_.release();
    return done();
  }
  strand_->post([self = shared_from_this(), done = std::move(done)] {
    self->stop_on_strand();
    self->closed_ = true;
    std::unique_ptr<Instance> instance;
    {
      std::lock_guard lock(self->mutex_);
      instance = std::move(self->instance_);
    }
    instance = nullptr;
    self->metrics_.release();
    done();
  });
  strand_->resume(nullptr);
}

void Host::abandon() {
  std::vector<std::weak_ptr<Lease>> leases;
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    abandoned_ = true;
    leases.swap(leases_);
  }
  for (const auto& weak : leases) {
    if (auto lease = weak.lock()) lease->end();
  }
  metrics_.release();
}

std::shared_ptr<Lease> Host::lease(std::shared_ptr<void> thing) {
  auto lease = std::make_shared<Lease>(std::move(thing));
  std::lock_guard lock(mutex_);
  std::erase_if(leases_, [](const auto& weak) { return weak.expired(); });
  if (!abandoned_) leases_.push_back(lease);
  return lease;
}

// ---- Context: who and where; what others see ----

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
