// Site: what the handlers of the API share. Everything here runs on the
// server's thread; queries of stores run on one worker.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/json.h"
#include "net/http.h"
#include "runtime/snapshot.h"
#include "web/overview.h"
#include "web/own_cost.h"
#include "web/process_meter.h"
#include "web/route.h"
#include "web/topics.h"
#include "web/web.h"
#include "web/worker.h"

namespace weir::web {

// One request on its way.
struct Call {
  const net::Request& request;
  PathParts path;
  net::Reply reply;  // adds the headers every answer carries
};

class Site : public std::enable_shared_from_this<Site> {
 public:
  explicit Site(WebOptions options);

  void handle(const net::Request& request, const net::Reply& reply);

  const WebOptions& options() const { return options_; }
  WallTime now() const { return options_.clock->wall(); }
  WallTime started() const { return started_; }
  std::shared_ptr<const runtime::Snapshot> snapshot() const;  // never null
  OwnCost measure_cost() { return cost_.measure(options_.clock->mono()); }
  // As it was when somebody looked last.
  const Overview& overview() const { return overview_; }
  void look() { overview_.look(); }
  TopicRevisions revisions() { return topics_.now(overview_); }
  // For jobs on the worker alone.
  std::shared_ptr<ProcessMeter> processes() const { return processes_; }
  // Replies with what `job` returns on the worker, or at once with 503 when too many wait.
  void offload(const net::Reply& reply, std::function<net::Response()> job);

 private:
  WebOptions options_;
  WallTime started_;
  CostMeter cost_;
  Overview overview_;
  Topics topics_;
  std::shared_ptr<ProcessMeter> processes_;
  Worker worker_;
};

net::Response json_response(JsonWriter json, int status = 200);
// {"error": message}
net::Response json_error(int status, std::string_view message);
// 404, with the path that was meant where one is near; both as they stand below the prefix.
net::Response not_found(std::string_view path, std::string_view path_prefix);
std::int64_t unix_ms(WallTime time);
WallTime from_unix_ms(std::int64_t ms);
// The node whose id stands in the path. Replies with the error, and returns null, when there is none.
const runtime::Node* find_component(const runtime::Snapshot& snapshot, const Call& call);
// The node whose id is `path` or a prefix of it that ends at a '/'; the longest. What follows
// (with its '/') goes to `rest`. Null when there is none.
const runtime::Node* find_node(const runtime::Snapshot& snapshot, std::string_view path,
                               std::string_view& rest);

}  // namespace weir::web
