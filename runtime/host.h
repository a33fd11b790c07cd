// Host: one component as the runtime runs it. It is the component's Context,
// owns the Instance and its strand, and writes the NodeState that others see.
//
// Life: create → construct → start → update* → stop. A component that throws is
// stopped and gone (run health: exited); the next load makes a new host.
#pragma once

#include <atomic>
#include <expected>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "runtime/component.h"
#include "runtime/controller.h"
#include "runtime/controller_seat.h"
#include "runtime/graph.h"
#include "runtime/pool.h"
#include "runtime/reactor.h"
#include "runtime/snapshot.h"

namespace weir::runtime {

class Host;

// Shared by all hosts of a controller.
struct HostServices {
  Environment environment;
  std::shared_ptr<WorkerPool> pool;
  std::shared_ptr<Reactor> reactor;
  // Hears that take_exports() has something; any thread.
  std::function<void(std::shared_ptr<Host>)> on_exports;
  // Set once the controller ends; the environment may be gone soon.
  std::atomic<bool> is_ending = false;
  std::shared_ptr<ControllerSeat> seat;
  std::shared_ptr<Revisions> revisions = std::make_shared<Revisions>();
};

// Something of the environment that a component holds (a request, a mounted handler): taken from it when the
// component is abandoned, for the environment may go then.
class Lease {
 public:
  explicit Lease(std::shared_ptr<void> thing) : thing_(std::move(thing)) {}
  ~Lease() { end(); }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  void end() {
    std::shared_ptr<void> thing;
    std::lock_guard lock(mutex_);
    thing.swap(thing_);
  }

 private:
  std::mutex mutex_;
  std::shared_ptr<void> thing_;
};

class Host final : public Context, public std::enable_shared_from_this<Host> {
 public:
  static std::shared_ptr<Host> create(std::shared_ptr<HostServices> services, const ComponentType& type,
                                      std::string id);
  ~Host() override;

  // ---- for the controller's thread ----
  // While it lives, what the host shows of itself is put together, to be shown at once.
  class Together {
   public:
    explicit Together(Host& host) : host_(host) { host.begin_draft(); }
    ~Together() { host_.end_draft(); }
    Together(const Together&) = delete;
    Together& operator=(const Together&) = delete;

   private:
    Host& host_;
  };
  NodeIndex index = 0;  // in the running graph
  const ComponentType& type() const { return type_; }
  // From now on this node shows the component; it takes over the state of the one before.
  void attach(std::shared_ptr<Node> node);
  void construct(const ArgumentsPtr& arguments);
  void start();
  void update(ArgumentsPtr arguments);
  std::expected<lang::Value, std::string> evaluate(const ArgumentsPtr& arguments);
  // It will soon be evaluated.
  void get_ready() const;
  // What was published since the last time.
  std::optional<lang::Value> take_exports();
  void show_evaluation(HealthState state, std::string message);
  void show_arguments(ArgumentsPtr arguments);
  void show_exports(lang::Value exports);
  bool exited() const { return exited_; }
  bool closed() const { return closed_; }

  // ---- for any thread ----
  // A task of it is busy since then; null: it is over.
  void show_busy(const MonoTime* since);
  // `done` runs on the strand when the component has let go of everything; nothing calls it back any more.
  void stop(std::function<void()> done);
  // Gives up on a component that does not stop: whatever it still does has no effect, and the environment may
  // go while it is at it.
  void abandon();

  std::shared_ptr<Lease> lease(std::shared_ptr<void> thing);

  // ---- Context ----
  const std::string& id() const override { return id_; }
  const Logger& log() const override;
  MetricScope& metrics() override;
  const Clock& clock() const override;
  std::filesystem::path data_dir() const override { return data_dir_; }
  std::string env(std::string_view name) const override;
  void post(std::function<void()> task) override;
  Timer after(Duration delay, std::function<void()> task) override;
  Timer on_readable(int fd, std::function<void()> task) override;
  void offload(std::function<void()> work, std::function<void()> done) override;
  std::unique_ptr<Fetch> fetch(FetchRequest request, FetchEvents events) override;
  HttpService& http() override { return *http_; }
  void publish_object(lang::Value exports) override;
  void set_health(HealthState state, std::string message) override;
  void publish_debug_body(std::shared_ptr<const lang::BodyValue> body) override;
  void offer_service(std::type_index type, std::shared_ptr<const void> service) override;
  void offer_view(std::shared_ptr<const View> view) override;

 private:
  Host(std::shared_ptr<HostServices> services, const ComponentType& type, std::string id);
  const Environment& environment() const { return services_->environment; }
  bool is_rehearsed() const;  // made to be looked at, not to run
  Health health_now(HealthState state, std::string message) const;
  // Copies the state, lets `edit` change it, and shows the result; in a draft, when it ends.
  void change(const std::function<void(NodeState&)>& edit);
  void begin_draft();
  void end_draft();
  // Under the mutex; returns what was shown before, which may hold the last reference to something big.
  [[nodiscard]] std::shared_ptr<const NodeState> show(std::shared_ptr<NodeState> next);
  void show_run(HealthState state, std::string message);
  Instance* instance() const;
  // Runs what belongs to the component; an exception ends it.
  void guarded(std::string_view what, const std::function<void()>& body);
  void end_after_exception(std::string_view what, std::string_view why);
  void take_latest_arguments();
  void stop_on_strand();

  const std::shared_ptr<HostServices> services_;
  const ComponentType& type_;
  const std::string id_;
  const std::filesystem::path data_dir_;
  LogHub no_hub_{[](std::string_view) {}};
  Logger log_, no_log_;
  MetricScope metrics_;
  std::unique_ptr<HttpService> http_;
  std::shared_ptr<Strand> strand_;

  std::atomic<bool> closed_ = false;     // stopped, exited or abandoned: nothing calls back any more
  std::atomic<bool> abandoned_ = false;  // the environment may be gone
  std::atomic<bool> exited_ = false;
  std::atomic<bool> start_asked_ = false;
  bool started_ = false;  // on the strand

  mutable std::mutex mutex_;  // guards everything below; nothing foreign is called under it
  std::shared_ptr<Node> node_;
  std::shared_ptr<const NodeState> state_ = std::make_shared<NodeState>();
  std::shared_ptr<NodeState> draft_;  // of the next state; null: each change is shown at once
  Health healthy_run_;                // what to show when a busy task is over
  std::unique_ptr<Instance> instance_;
  ArgumentsPtr latest_arguments_;  // to be applied; null: none
  std::vector<std::weak_ptr<Lease>> leases_;
  std::optional<lang::Value> fresh_exports_;
  lang::Value last_exports_;
};

}  // namespace weir::runtime
