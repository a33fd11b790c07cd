#include "runtime/host.h"

#include <exception>
#include <utility>

#include <fmt/core.h>

#include "base/prefetch.h"
#include "runtime/host_http.h"

namespace weir::runtime {
namespace {

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

// "add.x/local.file.f" is local.file.f in /add.x.
MetricLabels labels_of(const std::string& id) {
  std::size_t slash = id.rfind('/');
  if (slash == std::string::npos) return {{"component_id", id}, {"component_path", "/"}};
  return {{"component_id", id.substr(slash + 1)}, {"component_path", "/" + id.substr(0, slash)}};
}

// While it lives, the controller's thread is in the host's code.
class Seated {
 public:
  Seated(ControllerSeat& seat, std::shared_ptr<Host> host) : seat_(seat) { seat_.take(std::move(host)); }
  ~Seated() { seat_.leave(); }
  Seated(const Seated&) = delete;
  Seated& operator=(const Seated&) = delete;

 private:
  ControllerSeat& seat_;
};

}  // namespace

std::shared_ptr<Host> Host::create(std::shared_ptr<HostServices> services, const ComponentType& type,
                                   std::string id) {
  std::shared_ptr<Host> host(new Host(std::move(services), type, std::move(id)));
  std::weak_ptr<Host> weak = host;
  host->http_ = strand_http(host->environment().http, weak);
  host->strand_ = Strand::create(host->services_->pool, [weak](const MonoTime* since) {
    if (auto self = weak.lock()) self->show_busy(since);
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
      metrics_(*environment().metrics, labels_of(id_)) {
  change([&](NodeState& state) {
    state.run_health = health_now(HealthState::unknown, "created");
    state.evaluation_health = health_now(HealthState::unknown, "not evaluated yet");
  });
}

Host::~Host() = default;

bool Host::is_rehearsed() const {
  return environment().rehearsed_exports && id_ != environment().started_id;
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
  Seated here(*services_->seat, shared_from_this());
  guarded("construction", [&] {
    std::unique_ptr<Instance> made = type_.create(*this, arguments);
    std::lock_guard lock(mutex_);
    // Stopped meanwhile (it took its time): `made` goes with the scope, after the lock.
    if (!closed_) instance_.swap(made);
  });
  if (type_.is_transform && !exited_) show_run(HealthState::healthy, "runs within the graph");
  if (!is_rehearsed() || type_.is_transform) return;
  if (auto exports = environment().rehearsed_exports(id_, type_)) publish_object(*std::move(exports));
}

void Host::start() {
  if (type_.is_transform || is_rehearsed() || start_asked_.exchange(true)) return;
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
  Seated here(*services_->seat, shared_from_this());
  try {
    return instance->evaluate(arguments);
  } catch (...) {
    return std::unexpected(current_exception_text());
  }
}

void Host::get_ready() const {
  constexpr std::size_t kMostOfAComponent = 256;  // bytes
  std::lock_guard lock(mutex_);
  prefetch(state_.get(), sizeof(NodeState));
  prefetch(instance_.get(), kMostOfAComponent);
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
  auto last = [self = shared_from_this(), done = std::move(done)] {
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
  };
  strand_->post([self = shared_from_this(), last = std::move(last)] {
    Instance* instance = self->instance();
    if (instance == nullptr || !self->started_ || self->closed_) return last();
    // Not within the component's own call, which the end of it would pull away from under it.
    auto posted = [self, last] { self->strand_->post(last); };
    self->guarded("finishing", [&] { instance->finish(posted); });
    if (self->closed_) last();
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

}  // namespace weir::runtime
