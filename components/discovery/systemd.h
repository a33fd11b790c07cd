// discovery.systemd: the processes of systemd's units as targets.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "components/discovery/systemd_units.h"
#include "components/discovery/target_list.h"
#include "runtime/component.h"

namespace weir::discovery {

class Systemd {
 public:
  static constexpr std::string_view kName = "discovery.systemd";
  static constexpr auto kStability = runtime::Stability::beta;
  static constexpr std::string_view kDoc =
      "Finds the processes of systemd's units: each is a target with its pid, so that pyroscope.ebpf knows "
      "it. "
      "Labels: __process_pid__, __meta_systemd_unit (nginx.service), __meta_systemd_unit_type (service, "
      "scope, …), __meta_systemd_slice, __meta_systemd_cgroup, __meta_systemd_user (the user whose own "
      "manager "
      "has the unit) and, of services, __meta_systemd_main_pid: the first process whose parent is not of the "
      "unit. "
      "All this is read from the control groups; systemd itself is not asked. "
      "A rule that makes service_name of __meta_systemd_unit names the profiles.";

  struct Arguments {
    std::vector<std::string> units{"*"};
    Duration refresh_interval = std::chrono::seconds(5);

    static constexpr auto fields() {
      return std::tuple{
          lang::optional("units", &Arguments::units,
                         "Which units: names, or patterns such as \"*.service\" and \"postgresql@*\".")
              .at_least(1),
          lang::optional("refresh_interval", &Arguments::refresh_interval, "Pause between two readings.")
              .at_least(0.1),
      };
    }
    bool operator==(const Arguments&) const = default;
  };
  using Exports = TargetExports;

  struct DebugInfo {
    std::uint64_t units = 0, targets = 0, unreadable = 0;
    std::string example;

    static constexpr auto fields() {
      return std::tuple{
          lang::optional("units", &DebugInfo::units, "Units that have processes."),
          lang::optional("targets", &DebugInfo::targets, "Their processes."),
          lang::optional("unreadable", &DebugInfo::unreadable, "Control groups that may not be read."),
          lang::optional("unreadable_example", &DebugInfo::example, "Why one of these."),
      };
    }
  };

  Systemd(runtime::Context& ctx, Arguments args, SystemdPlaces places = {})
      : ctx_(ctx), args_(std::move(args)), places_(std::move(places)) {}
  void start() { read(); }
  void apply(Arguments args);
  void stop() { timer_.reset(); }

 private:
  void read();
  void finish(const Result<SystemdUnits>& units);

  runtime::Context& ctx_;
  Arguments args_;
  SystemdPlaces places_;
  runtime::Timer timer_;
  std::vector<TargetPtr> known_;
  bool reading_ = false;
  bool again_ = false;
};

}  // namespace weir::discovery

extern template weir::runtime::ComponentType weir::runtime::component_type<weir::discovery::Systemd>();
