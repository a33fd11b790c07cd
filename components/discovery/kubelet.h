// discovery.kubelet: the pods of this node as its kubelet knows them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/clock.h"
#include "components/discovery/kubernetes_list.h"
#include "components/discovery/kubernetes_role.h"
#include "components/discovery/target_list.h"
#include "components/http_client.h"
#include "runtime/component.h"

namespace weir::discovery {

class Kubelet {
 public:
  static constexpr std::string_view kName = "discovery.kubelet";
  static constexpr auto kStability = runtime::Stability::stable;
  static constexpr std::string_view kDoc =
      "Finds the pods of one node by asking its kubelet: each container a target with its id, with the "
      "labels "
      "of discovery.kubernetes and role pod, and no load on the API server. A pod goes when it was missing "
      "in its answers for a minute: a kubelet that has just started does not know them all. The kubelet "
      "wants "
      "to know who asks: "
      "give it the token of a service account that may get nodes/proxy.";

  struct Arguments : HttpClientArguments {
    std::string url = "https://localhost:10250";
    Duration refresh_interval = std::chrono::seconds(5);
    std::vector<std::string> namespaces;

    static constexpr auto fields() {
      auto own = std::tuple{
          lang::optional("url", &Arguments::url, "Address of the kubelet."),
          lang::optional("refresh_interval", &Arguments::refresh_interval, "Pause between two questions.")
              .at_least(0.1),
          lang::optional("namespaces", &Arguments::namespaces, "Only pods of these; empty means all."),
      };
      return std::tuple_cat(own, http_client_fields<Arguments>());
    }
    void check(lang::Problems& problems) const;
    bool operator==(const Arguments&) const = default;
  };
  using Exports = TargetExports;

  struct DebugInfo {
    std::uint64_t pods = 0, missing = 0, without_target = 0, targets = 0, left_out = 0, too_large = 0;
    std::uint64_t listings = 0, failures = 0;
    std::string left_out_example, error;

    static constexpr auto fields() {
      return std::tuple{
          lang::optional("pods", &DebugInfo::pods, "Pods that are known."),
          lang::optional("missing", &DebugInfo::missing,
                         "Of these, pods that were not in the last answer: they go after a minute."),
          lang::optional("without_target", &DebugInfo::without_target,
                         "Of these, pods that make no target, as they have no address yet."),
          lang::optional("targets", &DebugInfo::targets, "Targets made of them."),
          lang::optional("left_out", &DebugInfo::left_out,
                         "Targets that are not made, as one pod, or all together, would make too many."),
          lang::optional("left_out_example", &DebugInfo::left_out_example, "A pod that they are of."),
          lang::optional("too_large", &DebugInfo::too_large,
                         "Pods of the last answer that were left out, as they are larger than 16 MiB."),
          lang::optional("listings", &DebugInfo::listings, "Whole answers so far."),
          lang::optional("failures", &DebugInfo::failures, "Questions without one."),
          lang::optional("error", &DebugInfo::error, "What went wrong last."),
      };
    }
  };

  Kubelet(runtime::Context& ctx, Arguments args) : ctx_(ctx), args_(std::move(args)) {}
  void start();
  void apply(Arguments args);
  void stop();

 private:
  void ask();
  void put(const boost::json::object& pod);
  void arrived(std::string_view piece);
  void answered(const Result<runtime::FetchResponse>& end);
  Result<> read(const Result<runtime::FetchResponse>& end);
  std::string refusal() const;
  bool stays(const std::string& key);
  void publish();
  void failed(const std::string& error);

  runtime::Context& ctx_;
  Arguments args_;
  std::unique_ptr<KubernetesRole> role_;
  std::unique_ptr<runtime::Fetch> request_;
  std::optional<KubernetesListReader> reader_;
  Result<> read_;        // of the answer so far
  std::string refused_;  // what it says instead of an answer
  int status_ = 0;
  runtime::Timer next_;
  std::map<std::string, MonoTime> missing_since_;  // by the pod's key
  bool is_published_ = false;
  WallTime known_since_;
  DebugInfo info_;
};

}  // namespace weir::discovery

extern template weir::runtime::ComponentType weir::runtime::component_type<weir::discovery::Kubelet>();
