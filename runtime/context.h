// Context: everything a component may do to the world around it. A component
// gets a reference at construction that outlives it.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <typeindex>
#include <utility>

#include "base/clock.h"
#include "base/duration.h"
#include "base/log.h"
#include "base/metrics.h"
#include "lang/field.h"
#include "runtime/fetcher.h"
#include "runtime/health.h"
#include "runtime/http_service.h"
#include "runtime/view.h"

namespace weir::runtime {

// Cancels when destroyed. A timer or watch belongs to the strand that made it.
class Handle {
 public:
  virtual ~Handle() = default;
};
using Timer = std::unique_ptr<Handle>;

class Context {
 public:
  virtual ~Context() = default;

  // ---- who and where ----
  virtual const std::string& id() const = 0;  // global: "add.label/local.file.x"
  virtual const Logger& log() const = 0;      // lines carry the id
  virtual MetricScope& metrics() = 0;         // series carry component_id and component_path
  virtual const Clock& clock() const = 0;
  // <storage.path>/<id>; not made until somebody makes it.
  virtual std::filesystem::path data_dir() const = 0;
  virtual std::string env(std::string_view name) const = 0;

  // ---- time and threads ----
  // Everything below calls back on this component's strand, one at a time, and
  // never after stop() has returned.
  virtual void post(std::function<void()> task) = 0;  // from any thread
  virtual Timer after(Duration delay, std::function<void()> task) = 0;
  virtual Timer on_readable(int fd, std::function<void()> task) = 0;  // level-triggered
  // Heavy work: `work` runs on the pool beside the strand and must not touch
  // the component; then `done` runs on the strand.
  virtual void offload(std::function<void()> work, std::function<void()> done) = 0;
  virtual std::unique_ptr<Fetch> fetch(FetchRequest request, FetchEvents events) = 0;
  virtual HttpService& http() = 0;

  // ---- what others see ----
  // Exports: an object value; equal to the last one: nothing happens.
  virtual void publish_object(lang::Value exports) = 0;
  template <class Exports>
  void publish(const Exports& exports) {
    publish_object(lang::to_object(exports));
  }
  // The component's own report; `since` is filled in when the state changes.
  virtual void set_health(HealthState state, std::string message) = 0;
  virtual void publish_debug_body(std::shared_ptr<const lang::BodyValue> body) = 0;
  template <class DebugInfo>
  void publish_debug_info(const DebugInfo& info) {
    publish_debug_body(std::make_shared<const lang::BodyValue>(lang::to_body(info)));
  }
  // A typed service for the page or another room (store::Querier, for one); one
  // per type. Null takes it back. Must be safe to call from any thread.
  virtual void offer_service(std::type_index type, std::shared_ptr<const void> service) = 0;
  template <class Service>
  void offer(std::shared_ptr<const Service> service) {
    offer_service(typeid(Service), std::move(service));
  }
  // Replaces the view of the same name.
  virtual void offer_view(std::shared_ptr<const View> view) = 0;
};

}  // namespace weir::runtime
