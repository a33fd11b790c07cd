// pyroscope.receive_http: takes profiles that programs and agents send.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/metrics.h"
#include "components/backoff.h"
#include "components/pyroscope/listen_arguments.h"
#include "components/pyroscope/receive_http_metric_table.h"
#include "components/pyroscope/received.h"
#include "components/pyroscope/receiver.h"
#include "net/http.h"
#include "runtime/component.h"

namespace weir::pyroscope {

class ReceiveHttp {
 public:
  static constexpr std::string_view kName = "pyroscope.receive_http";
  static constexpr auto kStability = runtime::Stability::stable;
  static constexpr std::span<const MetricInfo> kMetrics = receive_http_metric::kAll;
  static constexpr std::string_view kDoc =
      "Takes profiles over HTTP, as a Pyroscope server does: POST /push.v1.PusherService/Push (Connect "
      "protocol), which "
      "agents use, and POST /ingest (pprof, folded, lines), which SDKs use. Point their server address here.";

  struct Arguments {
    std::vector<ReceiverPtr> forward_to;
    ListenArguments http;
    std::uint64_t max_body_bytes = 16u << 20;

    static constexpr auto fields() {
      return std::tuple{
          lang::required("forward_to", &Arguments::forward_to, "Where the profiles go."),
          lang::optional("max_body_bytes", &Arguments::max_body_bytes,
                         "How large a request may be; unpacked and decoded it may take sixteen times as much "
                         "memory.")
              .unit("bytes")
              .at_least(1024)
              .at_most(128 << 20),
          lang::block("http", &Arguments::http, "Where to listen."),
      };
    }
    bool operator==(const Arguments&) const = default;
  };
  using Exports = lang::Nothing;

  struct RefusedInfo {
    std::string reason;
    std::uint64_t requests = 0;
    std::string last;

    static constexpr auto fields() {
      return std::tuple{
          lang::optional("reason", &RefusedInfo::reason, "Why."),
          lang::optional("requests", &RefusedInfo::requests, "How many."),
          lang::optional("last", &RefusedInfo::last, "What the last sender was told."),
      };
    }
  };
  struct DebugInfo {
    std::uint64_t port = 0;
    std::uint64_t requests = 0, profiles = 0, waiting_bytes = 0;
    Duration last_ago{};
    std::vector<RefusedInfo> refused;

    static constexpr auto fields() {
      return std::tuple{
          lang::optional("port", &DebugInfo::port, "Port it listens on; 0: it does not."),
          lang::optional("requests", &DebugInfo::requests, "Requests taken."),
          lang::optional("profiles", &DebugInfo::profiles, "Profiles in them, handed over."),
          lang::optional(
              "waiting_bytes", &DebugInfo::waiting_bytes,
              "Memory for requests that are being read, and for their profiles while a receiver has them.")
              .unit("bytes"),
          lang::optional("last_ago", &DebugInfo::last_ago, "Time since the last one."),
          lang::block("refused", &DebugInfo::refused, "Requests that were not taken."),
      };
    }
  };

  ReceiveHttp(runtime::Context& ctx, Arguments args);
  ~ReceiveHttp();
  void start();
  void apply(Arguments args);
  void stop();

 private:
  struct Call;

  void listen();
  net::Server::Options options();
  net::Security security() const;
  void secure();
  void look();
  void take(std::shared_ptr<Call> call);
  void finish(const std::shared_ptr<Call>& call);
  void refuse(const Call& call, const Refusal& refusal);
  void count_refusal(const Refusal& refusal);
  void tick();
  void report();

  runtime::Context& ctx_;
  Arguments args_;
  std::string error_;     // why it does not listen
  std::string stamp_;     // of the certificates' files, before they were read
  std::string unusable_;  // why those that have changed since are not
  Backoff backoff_{std::chrono::seconds(1), std::chrono::minutes(1)};
  runtime::Timer retry_, ticker_;
  std::uint64_t requests_ = 0, profiles_ = 0;
  MonoTime last_;
  std::map<std::string, RefusedInfo, std::less<>> refused_;
  std::string last_refusal_;
  MonoTime refused_at_;
  std::shared_ptr<Counter> requests_count_, profiles_count_, bytes_count_;
  std::shared_ptr<profile::SharedMemory> memory_;  // of the requests that are being read
  std::unique_ptr<net::Server> server_;            // goes first: its thread calls us
};

}  // namespace weir::pyroscope

extern template weir::runtime::ComponentType weir::runtime::component_type<weir::pyroscope::ReceiveHttp>();
