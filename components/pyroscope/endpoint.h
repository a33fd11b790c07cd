// Endpoint: delivers pushes to one server, from a queue of its own, so that a
// server that is slow or gone costs nobody but itself.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/duration.h"
#include "base/metrics.h"
#include "components/backoff.h"
#include "components/pyroscope/endpoint_arguments.h"
#include "components/pyroscope/push_request.h"
#include "runtime/context.h"

namespace weir::pyroscope {

class Endpoint {
 public:
  struct Limits {
    std::size_t queue_count = 2048;
    std::size_t queue_bytes = 32u << 20;
    std::size_t in_flight = 8;  // servers answer after a disk write: one at a time would be too slow
  };
  struct Stats {
    std::uint64_t sent = 0, dropped = 0, retries = 0;
    std::size_t waiting = 0, waiting_bytes = 0, in_flight = 0;
    std::string error;      // of the last answer; empty: it was taken
    MonoTime error_since;   // when success ended
    MonoTime last_success;  // default: never
    MonoTime paused_until;  // default: not paused
    std::string last_drop;  // why the last profile was given up
  };

  // `changed` is called whenever the stats have changed in a way a person should see.
  Endpoint(runtime::Context& ctx, EndpointArguments args, Limits limits, std::function<void()> changed);
  ~Endpoint();

  const EndpointArguments& arguments() const { return args_; }
  void apply(EndpointArguments args);
  void push(PushRequestPtr request);
  // Gives up what waits and what is on its way.
  void drop_all(std::string_view reason);
  Stats stats() const;

 private:
  struct Item {
    PushRequestPtr request;
    int tries = 0;
  };
  struct Flight {
    Item item;
    std::unique_ptr<runtime::Fetch> fetch;
  };
  struct Verdict;

  void pump();
  void send(Item item);
  void answered(std::uint64_t number, Result<runtime::FetchResponse> answer);
  void succeeded(const Item& item);
  void retry(Item item, const Verdict& verdict);
  void pause(Duration at_least);
  void drop(const Item& item, std::string_view reason, std::string why);
  void failed(std::string error);
  void shrink();

  runtime::Context& ctx_;
  EndpointArguments args_;
  Limits limits_;
  std::function<void()> changed_;
  Backoff backoff_;

  std::deque<Item> queue_;
  std::size_t queue_bytes_ = 0;
  std::map<std::uint64_t, Flight> flights_;
  std::uint64_t next_flight_ = 0;
  std::unique_ptr<runtime::Fetch> last_done_;  // not destroyed within its own event
  runtime::Timer pause_;                       // set: nothing is sent
  Stats stats_;
  std::shared_ptr<Counter> sent_bytes_, sent_profiles_, retries_;
};

}  // namespace weir::pyroscope
