// discovery.docker: the running containers of a Docker daemon as targets.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "components/backoff.h"
#include "components/discovery/docker_targets.h"
#include "components/discovery/target_list.h"
#include "components/http_client.h"
#include "runtime/component.h"

namespace weir::discovery {

class Docker {
 public:
  static constexpr std::string_view kName = "discovery.docker";
  static constexpr auto kStability = runtime::Stability::stable;
  static constexpr std::string_view kDoc =
      "Finds the running containers of a Docker daemon, or of podman. It listens to the daemon's events, so "
      "a "
      "container that starts or stops shows within a second. "
      "A container is a target for each of its networks and TCP ports; one that has no network is a target "
      "too, as it can be profiled. "
      "In a .alloy file targets have labels of their image, a container that uses another one's network has "
      "that network's labels, and an IPv6 address counts where there is no other.";

  struct Filter {
    std::string name;
    std::vector<std::string> values;

    static constexpr auto fields() {
      return std::tuple{
          lang::required("name", &Filter::name, "Name of one of Docker's own filters, such as \"label\"."),
          lang::required("values", &Filter::values, "Values to let through."),
      };
    }
    bool operator==(const Filter&) const = default;
  };

  struct Arguments : HttpClientArguments {
    std::string host;
    std::int64_t port = 80;
    std::string host_networking_host = "localhost";
    Duration refresh_interval = std::chrono::minutes(1);
    bool match_first_network = false;
    std::vector<Filter> filters;
    lang::Dialect dialect = lang::Dialect::river;

    static constexpr auto fields() {
      auto own = std::tuple{
          lang::required("host", &Arguments::host,
                         "Address of the daemon, or of podman's service: unix:///var/run/docker.sock, "
                         "http://…, https://…, or tcp://…, which is https where there is a tls_config."),
          lang::optional("port", &Arguments::port, "Port of a container that has no TCP port.")
              .at_least(0)
              .at_most(65535),
          lang::optional("host_networking_host", &Arguments::host_networking_host,
                         "Address of containers in the host's network."),
          lang::optional("refresh_interval", &Arguments::refresh_interval,
                         "Pause between two full listings; events come at once.")
              .at_least(0.1),
          lang::optional("match_first_network", &Arguments::match_first_network,
                         "Of several networks of a container only the first by name counts. "
                         "In a .alloy file the default is true."),
          lang::block("filter", &Arguments::filters, "Lets only some containers through."),
      };
      return std::tuple_cat(own, http_client_fields<Arguments>());
    }
    void use_dialect(lang::Dialect used) {
      dialect = used;
      match_first_network = used == lang::Dialect::alloy;
    }
    void check(lang::Problems& problems) const;
    bool operator==(const Arguments&) const = default;
  };
  using Exports = TargetExports;

  struct DebugInfo {
    std::uint64_t containers = 0, targets = 0, listings = 0, events = 0;
    bool listening = false;
    std::string error;

    static constexpr auto fields() {
      return std::tuple{
          lang::optional("containers", &DebugInfo::containers, "Containers in the last listing."),
          lang::optional("targets", &DebugInfo::targets, "Targets made of them."),
          lang::optional("listings", &DebugInfo::listings, "Times the containers were listed."),
          lang::optional("events", &DebugInfo::events, "Times the daemon spoke of a change."),
          lang::optional("listening", &DebugInfo::listening, "The daemon tells of changes."),
          lang::optional("error", &DebugInfo::error, "What went wrong last."),
      };
    }
  };

  Docker(runtime::Context& ctx, Arguments args) : ctx_(ctx), args_(std::move(args)) {}
  void start();
  void apply(Arguments args);
  void stop();

 private:
  struct Listing;

  std::unique_ptr<runtime::Fetch> fetch(std::string_view target, Duration limit, runtime::FetchEvents events);
  void connect();
  void listen();
  void stopped_listening(const Result<runtime::FetchResponse>& end);
  void list_soon();
  void list();
  void fetch_part(std::string_view target, std::string Listing::* part);
  void part_arrived(Result<runtime::FetchResponse> answer, std::string Listing::* part);
  void listed(const Result<DockerTargets>& targets);
  void failed(std::string error);
  void report();
  void disconnect();

  runtime::Context& ctx_;
  Arguments args_;
  Backoff backoff_{std::chrono::seconds(1), std::chrono::minutes(1)};
  runtime::Timer retry_, refresh_, soon_;
  std::unique_ptr<runtime::Fetch> events_;
  bool listening_ = false;
  std::string no_events_;  // why there is no stream of events, while listing works

  std::shared_ptr<Listing> listing_;  // on its way
  std::vector<std::unique_ptr<runtime::Fetch>> parts_;
  bool list_again_ = false;
  DebugInfo info_;
};

}  // namespace weir::discovery

extern template weir::runtime::ComponentType weir::runtime::component_type<weir::discovery::Docker>();
