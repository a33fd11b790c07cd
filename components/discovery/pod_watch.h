// PodWatch: knows the pods of one namespace, or of all, by listing them once
// and following their changes.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "components/backoff.h"
#include "components/discovery/kubernetes_api.h"
#include "components/discovery/kubernetes_pods.h"
#include "runtime/context.h"

namespace weir::discovery {

class PodWatch {
 public:
  struct Scope {
    std::string name_space;  // empty: all
    std::string label_selector, field_selector;
  };
  using Pods = std::map<std::string, std::vector<TargetPtr>>;  // by namespace/name

  // `changed` is called whenever pods(), error() or synced() have changed.
  PodWatch(runtime::Context& ctx, const KubernetesApi& api, Scope scope, std::function<void()> changed);

  const Pods& pods() const { return pods_; }
  bool synced() const { return synced_; }              // the pods are known, as of some moment
  const std::string& error() const { return error_; }  // why there are no news; empty: there are
  MonoTime next_try() const { return next_try_; }
  std::uint64_t lists() const { return lists_; }

 private:
  std::string path(std::string_view more) const;
  void list(const std::string& from);
  void page_arrived(const Result<runtime::FetchResponse>& answer);
  void page_read(Result<PodPage> page);
  void list_again();
  void watch();
  bool watch_lasted();
  void watched(std::string_view piece);
  void watch_ended(const Result<runtime::FetchResponse>& end);
  void apply(PodEvent event);
  void failed(std::string error);

  runtime::Context& ctx_;
  const KubernetesApi& api_;
  Scope scope_;
  std::function<void()> changed_;
  Backoff backoff_{std::chrono::seconds(1), std::chrono::minutes(1)};
  runtime::Timer retry_;
  MonoTime next_try_;

  std::unique_ptr<runtime::Fetch> request_;
  std::shared_ptr<int> generation_;  // of the request; work that outlives it is for nobody
  int watch_status_ = 0;
  MonoTime watch_since_;
  bool listed_again_ = false;  // because of a watch that had just begun
  std::string buffer_;         // a line not yet whole; the body of a refusal

  Pods pods_, listed_;
  std::string resource_version_;
  bool synced_ = false;
  std::uint64_t lists_ = 0;
  std::string error_;
};

}  // namespace weir::discovery
