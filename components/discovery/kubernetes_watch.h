// KubernetesWatch: follows one kind of objects in one namespace, or in all, by
// listing them once and watching their changes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "components/discovery/kubernetes_api.h"
#include "components/discovery/kubernetes_event.h"
#include "components/discovery/kubernetes_list.h"
#include "components/discovery/kubernetes_retry.h"
#include "components/discovery/kubernetes_role.h"
#include "runtime/context.h"

namespace weir::discovery {

class KubernetesWatch {
 public:
  struct Scope {
    KubernetesRole::Feed feed;
    std::uint32_t number = 0;  // among the watches of its sink
    std::string name_space;    // empty: all
    std::string label_selector, field_selector;
  };

  // `changed` is called when the sink has got something, or when synced() or error() have changed.
  KubernetesWatch(runtime::Context& ctx, const KubernetesApi& api, Scope scope,
                  std::function<void()> changed);

  const Scope& scope() const { return scope_; }
  bool synced() const { return synced_; }  // the objects are known, as of some moment
  // Refused so often that it is no server that is just coming up.
  bool is_forbidden() const { return !synced_ && status_ == 403 && failures_ >= 10; }
  const std::string& error() const { return error_; }  // why there are no news; empty: there are
  WallTime news_until() const { return news_until_; }  // with an error: until when there were
  MonoTime next_try() const { return next_try_; }
  std::uint64_t lists() const { return lists_; }
  std::uint64_t events() const { return events_; }
  std::uint64_t failures() const { return failures_; }
  // Objects of lists and events that were skipped.
  std::uint64_t too_large() const { return too_large_; }

 private:
  using Trouble = KubernetesRetry::Trouble;

  std::string path(std::string_view more) const;
  void resume();
  void list(const std::string& from);
  void next_page(const std::string& from);
  void page_ended(const Result<>& end);
  void page_done(const KubernetesListReader::Head& head);
  void watch();
  void watch_began();
  void watch_ended(const Result<>& end);
  bool watch_lasted();
  void send(runtime::FetchRequest request, void (KubernetesWatch::*ended)(const Result<>& end));
  void answered(const runtime::FetchResponse& head);
  void arrived(std::string_view piece);
  void skip_line(std::string_view& piece);
  void read_lines(std::size_t known);
  void take_error(const KubernetesEvent& event);
  void list_again();
  std::string refusal() const;
  void failed(std::string error, Trouble trouble);

  runtime::Context& ctx_;
  const KubernetesApi& api_;
  Scope scope_;
  std::function<void()> changed_;
  std::string verb_;  // "list pods"

  std::unique_ptr<runtime::Fetch> request_;
  int status_ = 0;
  Duration retry_after_{};
  std::string buffer_;                          // a line not yet whole; the body of a refusal
  std::size_t skipped_ = 0;                     // bytes of a line that is too long
  std::optional<KubernetesListReader> reader_;  // of a list
  std::set<std::size_t> pages_;                 // hashes of the tokens of the list's pages
  MonoTime watch_since_, line_since_;
  bool listed_in_vain_ = false;  // because of a watch that had just begun

  KubernetesRetry retries_;
  runtime::Timer retry_;
  MonoTime next_try_;
  WallTime news_until_;
  std::string error_;

  std::string resource_version_;  // to watch from; "" to list first
  bool synced_ = false;
  std::uint64_t lists_ = 0, events_ = 0, failures_ = 0, too_large_ = 0;
};

}  // namespace weir::discovery
