// What Grafana Agent Flow and Alloy take on their command line and from their
// environment, and weir has no use for: accepted, so that a unit file or a
// chart written for them starts weir, and told with one warning each.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/flags.h"

namespace weir::cli {

namespace why {
inline constexpr std::string_view kAlone = "weir runs alone on its machine";
inline constexpr std::string_view kNoConversion = "weir converts no other format";
inline constexpr std::string_view kEveryComponent = "weir has no community components";
inline constexpr std::string_view kOwnHttp = "components reach each other without HTTP";
inline constexpr std::string_view kOwnProfile = "pyroscope.ebpf profiles weir like any other process";
inline constexpr std::string_view kNoSuchRoute = "weir has no such route";
inline constexpr std::string_view kEndsItself = "weir gives components 2 s to end, and ends within 5 s";
inline constexpr std::string_view kNoPrometheus = "weir has no prometheus components";
inline constexpr std::string_view kLinuxOnly = "weir runs on Linux";
}  // namespace why

inline constexpr PeerFlag kRunPeerFlags[] = {
    {"server.http.memory-addr", true, why::kOwnHttp},
    {"server.http.enable-pprof", false, why::kOwnProfile},
    {"server.http.disable-support-bundle", false, why::kNoSuchRoute},
    {"server.http.enable-graphql", false, why::kNoSuchRoute},
    {"server.http.enable-graphql-playground", false, why::kNoSuchRoute},
    {"config.bypass-conversion-errors", false, why::kNoConversion},
    {"config.extra-args", true, why::kNoConversion},
    {"cluster.enabled", false, why::kAlone},
    {"cluster.node-name", true, why::kAlone},
    {"cluster.advertise-address", true, why::kAlone},
    {"cluster.advertise-interfaces", true, why::kAlone},
    {"cluster.join-addresses", true, why::kAlone},
    {"cluster.discover-peers", true, why::kAlone},
    {"cluster.rejoin-interval", true, why::kAlone},
    {"cluster.max-join-peers", true, why::kAlone},
    {"cluster.name", true, why::kAlone},
    {"cluster.enable-tls", false, why::kAlone},
    {"cluster.tls-ca-path", true, why::kAlone},
    {"cluster.tls-cert-path", true, why::kAlone},
    {"cluster.tls-key-path", true, why::kAlone},
    {"cluster.tls-server-name", true, why::kAlone},
    {"cluster.wait-for-size", true, why::kAlone},
    {"cluster.wait-timeout", true, why::kAlone},
    {"feature.community-components.enabled", false, why::kEveryComponent},
    {"feature.component-shutdown-deadline", true, why::kEndsItself},
    {"feature.prometheus.direct-fanout.enabled", false, why::kNoPrometheus},
    {"windows.priority", true, why::kLinuxOnly},
};

inline constexpr PeerFlag kValidatePeerFlags[] = {
    {"config.bypass-conversion-errors", false, why::kNoConversion},
    {"config.extra-args", true, why::kNoConversion},
    {"feature.community-components.enabled", false, why::kEveryComponent},
};

// --config.format names a language that weir reads ("flow", "river", "alloy"), or what would turn it into
// one.
Result<> check_config_format(std::string_view format);

using EnvironmentLookup = std::function<std::string(std::string_view name)>;

// AGENT_MODE asks for something weir is not.
Result<> check_environment(const EnvironmentLookup& lookup);
// A sentence for each variable that is set and has no meaning here.
std::vector<std::string> environment_warnings(const EnvironmentLookup& lookup);

}  // namespace weir::cli
