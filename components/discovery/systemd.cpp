#include "components/discovery/systemd.h"

#include <utility>

#include "components/wording.h"

namespace weir::discovery {

void Systemd::apply(Arguments args) {
  args_ = std::move(args);
  read();
}

void Systemd::read() {
  again_ = reading_;
  if (std::exchange(reading_, true)) return;
  timer_.reset();
  auto units = std::make_shared<Result<SystemdUnits>>();
  ctx_.offload([units, places = places_, wanted = args_.units,
                before = known_] { *units = systemd_units(places, wanted, before); },
               [this, units] { finish(*units); });
}

void Systemd::finish(const Result<SystemdUnits>& units) {
  reading_ = false;
  if (std::exchange(again_, false)) return read();
  timer_ = ctx_.after(args_.refresh_interval, [this] { read(); });
  if (!units) {
    return ctx_.set_health(runtime::HealthState::unhealthy,
                           fmt::format("{}; weir looks again in {}", units.error().message,
                                       format_duration(args_.refresh_interval)));
  }
  DebugInfo info{.units = units->units,
                 .targets = units->targets.size(),
                 .unreadable = units->unreadable,
                 .example = units->example};
  known_ = units->targets;
  ctx_.publish(TargetExports{{TargetList::make(known_)}});
  ctx_.publish_debug_info(info);
  std::string message =
      fmt::format("{}, {}", count_text(info.units, "unit"), count_text(info.targets, "process"));
  message += if_none(info.units, "no unit that fits has a process");
  if (info.unreadable > 0) {
    message += fmt::format("; {} could not be read ({}): what was known of them stays",
                           count_text(info.unreadable, "control group"), info.example);
  }
  if (units->cut) message += "; there are more than weir takes: name fewer in units";
  bool is_whole = !units->cut && info.unreadable == 0;
  ctx_.set_health(is_whole ? runtime::HealthState::healthy : runtime::HealthState::unhealthy,
                  std::move(message));
}

}  // namespace weir::discovery

template weir::runtime::ComponentType weir::runtime::component_type<weir::discovery::Systemd>();
