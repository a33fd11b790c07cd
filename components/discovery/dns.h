// discovery.dns: the records of names as targets.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "components/discovery/dns_lookup.h"
#include "components/discovery/target_list.h"
#include "runtime/component.h"

namespace weir::discovery {

class Dns {
 public:
  static constexpr std::string_view kName = "discovery.dns";
  static constexpr auto kStability = runtime::Stability::stable;
  static constexpr std::string_view kDoc =
      "Asks DNS for the records of names; each record is a target. Every target has the label "
      "__meta_dns_name; "
      "by type also __meta_dns_srv_record_target, __meta_dns_srv_record_port, __meta_dns_mx_record_target or "
      "__meta_dns_ns_record_target. "
      "The servers are those of /etc/resolv.conf. When none answers, the targets of a name stay, and the "
      "component is unhealthy.";

  struct Arguments {
    std::vector<std::string> names;
    Duration refresh_interval = std::chrono::seconds(30);
    std::string type = "SRV";
    std::int64_t port = 0;

    static constexpr auto fields() {
      return std::tuple{
          lang::required("names", &Arguments::names, "Names to ask for.").at_least(1).at_most(1000),
          lang::optional("refresh_interval", &Arguments::refresh_interval, "Pause between two questions.")
              .at_least(0.1),
          lang::optional("type", &Arguments::type, "Type of the records: SRV, A, AAAA, MX or NS."),
          lang::optional("port", &Arguments::port,
                         "Port of the targets; needed for every type but SRV, whose records have their own.")
              .at_least(0)
              .at_most(65535),
      };
    }
    void check(lang::Problems& problems) const;
    bool operator==(const Arguments&) const = default;
  };
  using Exports = TargetExports;

  struct DebugInfo {
    std::uint64_t names = 0, targets = 0, without_records = 0, lookups = 0, failures = 0;
    std::string error;

    static constexpr auto fields() {
      return std::tuple{
          lang::optional("names", &DebugInfo::names, "Names that are asked for."),
          lang::optional("targets", &DebugInfo::targets, "Targets of their records."),
          lang::optional("without_records", &DebugInfo::without_records,
                         "Names that have no such record, or that there are not."),
          lang::optional("lookups", &DebugInfo::lookups, "Names that were asked for, in all."),
          lang::optional("failures", &DebugInfo::failures, "Those that got no answer."),
          lang::optional("error", &DebugInfo::error, "Why one of these got none last."),
      };
    }
  };

  Dns(runtime::Context& ctx, Arguments args, DnsOptions options = {})
      : ctx_(ctx), args_(std::move(args)), options_(std::move(options)) {}
  void start() { ask(); }
  void apply(Arguments args);
  void stop();

 private:
  struct Question {
    std::vector<std::string> names;
    std::vector<DnsRecords> answers;
    DnsStop stop;
  };

  void give_up();
  void ask();
  void answered(const Question& question);
  void report(std::size_t failed);

  runtime::Context& ctx_;
  Arguments args_;
  DnsOptions options_;
  std::map<std::string, std::vector<DnsRecord>> records_;  // the last known, by name
  std::shared_ptr<Question> question_;                     // on its way
  runtime::Timer timer_;
  DebugInfo info_;
};

// Those of one name.
std::vector<TargetPtr> dns_targets(const std::string& name, const std::vector<DnsRecord>& records,
                                   DnsType type, std::int64_t port);

}  // namespace weir::discovery

extern template weir::runtime::ComponentType weir::runtime::component_type<weir::discovery::Dns>();
