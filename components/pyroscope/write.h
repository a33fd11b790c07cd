// pyroscope.write: sends profiles to Pyroscope servers.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/metrics.h"
#include "components/pyroscope/endpoint.h"
#include "components/pyroscope/endpoint_arguments.h"
#include "components/pyroscope/inbox.h"
#include "components/pyroscope/push_request.h"
#include "components/pyroscope/receiver.h"
#include "runtime/component.h"

namespace weir::pyroscope {

class Write {
 public:
  static constexpr std::string_view kName = "pyroscope.write";
  static constexpr auto kStability = runtime::Stability::stable;
  static constexpr std::string_view kDoc =
      "Sends profiles to Pyroscope servers. Each endpoint has a queue and retries of its own, so one that is "
      "down holds up neither the others nor the profiler.";

  struct Arguments {
    ExternalLabels external_labels;
    std::vector<EndpointArguments> endpoints;

    static constexpr auto fields() {
      return std::tuple{
          lang::optional("external_labels", &Arguments::external_labels,
                         "Labels to add to every profile; they win over the profile's own."),
          lang::block("endpoint", &Arguments::endpoints, "A server to send to."),
      };
    }
    bool operator==(const Arguments&) const = default;
  };
  using Exports = ReceiverExports;

  struct EndpointInfo {
    std::string url, name;
    std::uint64_t sent = 0, dropped = 0, retries = 0;
    std::uint64_t waiting = 0, waiting_bytes = 0, in_flight = 0;
    std::string error, last_drop;
    Duration error_for{}, success_ago{}, paused_for{};

    static constexpr auto fields() {
      return std::tuple{
          lang::optional("url", &EndpointInfo::url, "Its address."),
          lang::optional("name", &EndpointInfo::name, "Its name."),
          lang::optional("sent", &EndpointInfo::sent, "Profiles that the server took."),
          lang::optional("dropped", &EndpointInfo::dropped, "Profiles given up."),
          lang::optional("retries", &EndpointInfo::retries, "Tries after a failed one."),
          lang::optional("waiting", &EndpointInfo::waiting, "Profiles in the queue."),
          lang::optional("waiting_bytes", &EndpointInfo::waiting_bytes, "Their size.").unit("bytes"),
          lang::optional("in_flight", &EndpointInfo::in_flight, "Requests on their way."),
          lang::optional("error", &EndpointInfo::error,
                         "Why the last request failed; empty when it did not."),
          lang::optional("error_for", &EndpointInfo::error_for, "For how long requests have been failing."),
          lang::optional("last_success_ago", &EndpointInfo::success_ago, "Time since the last success."),
          lang::optional("paused_for", &EndpointInfo::paused_for, "Time until the next try."),
          lang::optional("last_drop", &EndpointInfo::last_drop, "Why the last profile was given up."),
      };
    }
  };
  struct DebugInfo {
    std::uint64_t waiting = 0, dropped = 0;
    std::vector<EndpointInfo> endpoints;

    static constexpr auto fields() {
      return std::tuple{
          lang::optional("waiting", &DebugInfo::waiting, "Profiles that wait to be encoded."),
          lang::optional("dropped", &DebugInfo::dropped, "Profiles lost before they were encoded."),
          lang::block("endpoint", &DebugInfo::endpoints, "How each endpoint is doing."),
      };
    }
  };

  Write(runtime::Context& ctx, Arguments args, Endpoint::Limits limits = {});
  void start();
  void apply(Arguments args);
  void stop();

 private:
  void make_endpoints();
  void encode_next();
  void report();
  void report_soon();
  void tick();

  runtime::Context& ctx_;
  Arguments args_;
  Endpoint::Limits limits_;
  std::shared_ptr<Inbox> inbox_;
  std::vector<std::unique_ptr<Endpoint>> endpoints_;  // as in args_
  bool encoding_ = false;
  bool report_posted_ = false;
  runtime::Timer ticker_;
  std::shared_ptr<Counter> without_endpoint_;
};

}  // namespace weir::pyroscope

extern template weir::runtime::ComponentType weir::runtime::component_type<weir::pyroscope::Write>();
