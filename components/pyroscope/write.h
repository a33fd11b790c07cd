// pyroscope.write: sends profiles to Pyroscope servers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
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
#include "components/pyroscope/spool.h"
#include "components/pyroscope/write_metric_table.h"
#include "runtime/component.h"

namespace weir::pyroscope {

struct QueueArguments {
  std::uint64_t max_bytes = 1u << 30;
  Duration max_age = std::chrono::hours(72);  // longer than a weekend

  static constexpr auto fields() {
    return std::tuple{
        lang::optional(
            "max_bytes", &QueueArguments::max_bytes,
            "How much space what is not delivered may take below --storage.path; the oldest is "
            "given up then. With 0 it is kept in memory only. A change to or from 0 takes effect at "
            "the next start.")
            .unit("bytes")
            .at_least(0),
        lang::optional("max_age", &QueueArguments::max_age, "How old a profile may be before it is given up.")
            .at_least(1),
    };
  }
  bool operator==(const QueueArguments&) const = default;
};

struct QueueInfo {
  std::uint64_t profiles = 0, bytes = 0, segments = 0, memory_bytes = 0, damaged = 0;
  bool on_disk = false;
  std::string path, error;
  Duration error_for{};

  static constexpr auto fields() {
    return std::tuple{
        lang::optional("path", &QueueInfo::path, "Where it is."),
        lang::optional("on_disk", &QueueInfo::on_disk, "Whether it survives a crash."),
        lang::optional("profiles", &QueueInfo::profiles, "Profiles that some endpoint has still to take."),
        lang::optional("bytes", &QueueInfo::bytes, "Space on the disk.").unit("bytes"),
        lang::optional("segments", &QueueInfo::segments, "In how many files."),
        lang::optional("memory_bytes", &QueueInfo::memory_bytes, "Space in memory.").unit("bytes"),
        lang::optional("damaged", &QueueInfo::damaged, "Files that were damaged and set aside."),
        lang::optional("error", &QueueInfo::error, "Why it is in memory only."),
        lang::optional("error_for", &QueueInfo::error_for, "For how long."),
    };
  }
};

// Known from other programs.
struct TracingArguments {
  bool jaeger_propagator = true;
  bool trace_context_propagator = true;

  static constexpr auto fields() {
    constexpr std::string_view kWhy = "weir sends no traces";
    return std::tuple{
        lang::optional("jaeger_propagator", &TracingArguments::jaeger_propagator, "Send Jaeger's header.")
            .without_effect(kWhy),
        lang::optional("trace_context_propagator", &TracingArguments::trace_context_propagator,
                       "Send the W3C's header.")
            .without_effect(kWhy),
    };
  }
  bool operator==(const TracingArguments&) const = default;
};

class Write {
 public:
  static constexpr std::string_view kName = "pyroscope.write";
  static constexpr auto kStability = runtime::Stability::stable;
  static constexpr std::span<const MetricInfo> kMetrics = write_metric::kAll;
  static constexpr std::string_view kDoc =
      "Sends profiles to Pyroscope servers. Each endpoint has a queue and retries of its own, so one that is "
      "down holds up neither the others nor the profiler. What is not delivered is kept on the disk.";

  struct Arguments {
    ExternalLabels external_labels;
    std::vector<EndpointArguments> endpoints;
    std::optional<QueueArguments> queue;
    std::optional<TracingArguments> tracing;

    static constexpr auto fields() {
      return std::tuple{
          lang::optional("external_labels", &Arguments::external_labels,
                         "Labels to add to every profile; they win over the profile's own."),
          lang::block("endpoint", &Arguments::endpoints, "A server to send to."),
          lang::block("queue", &Arguments::queue, "What is kept until a server takes it."),
          lang::block("tracing", &Arguments::tracing, "Headers that tell traces apart."),
      };
    }
    bool operator==(const Arguments&) const = default;
  };
  using Exports = ReceiverExports;

  struct EndpointInfo {
    std::string url, name;
    std::uint64_t sent = 0, dropped = 0, too_old = 0, retries = 0;
    std::uint64_t waiting = 0, waiting_bytes = 0, in_flight = 0;
    std::string error, last_drop;
    Duration error_for{}, success_ago{}, paused_for{};

    static constexpr auto fields() {
      return std::tuple{
          lang::optional("url", &EndpointInfo::url, "Its address."),
          lang::optional("name", &EndpointInfo::name, "Its name."),
          lang::optional("sent", &EndpointInfo::sent, "Profiles that the server took."),
          lang::optional("dropped", &EndpointInfo::dropped, "Profiles given up."),
          lang::optional("too_old_for_server", &EndpointInfo::too_old,
                         "Of these, those that were older than the server takes."),
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
    std::optional<QueueInfo> queue;

    static constexpr auto fields() {
      return std::tuple{
          lang::optional("waiting", &DebugInfo::waiting, "Profiles that wait to be encoded."),
          lang::optional("dropped", &DebugInfo::dropped, "Profiles lost before they were encoded."),
          lang::block("endpoint", &DebugInfo::endpoints, "How each endpoint is doing."),
          lang::block("queue", &DebugInfo::queue, "What is not delivered yet."),
      };
    }
  };

  // For tests.
  struct Limits {
    Endpoint::Limits endpoint;
    std::size_t memory_count = 2048;       // profiles that are not on the disk
    std::size_t memory_bytes = 32u << 20;  // of those and, as a cache, of others
  };

  Write(runtime::Context& ctx, Arguments args);
  Write(runtime::Context& ctx, Arguments args, Limits limits);
  void start();
  void apply(Arguments args);
  // Sends what can be sent at once; what cannot stays on the disk.
  void finish(std::function<void()> done);
  void stop();

 private:
  struct Encoding;

  std::filesystem::path queue_folder() const;
  Spool::Limits spool_limits() const;
  void make_endpoints();
  std::string key_of(const EndpointArguments& args) const;
  void restored(std::vector<Spool::Restored> found);
  void encode_next();
  std::shared_ptr<Encoding> take_batch(std::size_t most);
  void hand_out(Encoding& encoding);
  void report();
  void report_soon();
  void finish_if_idle();
  QueueInfo report_queue(MonoTime now);
  EndpointInfo report_endpoint(const Endpoint& endpoint, const Endpoint::Stats& stats, MonoTime now) const;
  void tick();

  runtime::Context& ctx_;
  Arguments args_;
  Limits limits_;
  std::shared_ptr<Inbox> inbox_;
  Spool spool_;
  std::vector<std::unique_ptr<Endpoint>> endpoints_;  // as in args_
  std::shared_ptr<Encoding> encoding_;                // on the pool
  bool report_posted_ = false;
  std::uint64_t damaged_ = 0;  // as counted
  runtime::Timer ticker_, finish_deadline_;
  std::function<void()> finished_;  // set: it is finishing
  std::shared_ptr<Counter> without_endpoint_, not_encoded_, too_large_, cleaned_;
};

}  // namespace weir::pyroscope

extern template weir::runtime::ComponentType weir::runtime::component_type<weir::pyroscope::Write>();
