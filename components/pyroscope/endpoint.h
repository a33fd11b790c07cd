// Endpoint: delivers profiles to one server, from a queue of its own, so that a
// server that is slow or gone costs nobody but itself.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/duration.h"
#include "base/metrics.h"
#include "components/backoff.h"
#include "components/pyroscope/endpoint_arguments.h"
#include "components/pyroscope/push_answer.h"
#include "components/pyroscope/request_gzip.h"
#include "components/pyroscope/spool.h"
#include "runtime/context.h"

namespace weir::pyroscope {

class Endpoint {
 public:
  struct Limits {
    std::size_t in_flight = 8;     // servers answer after a disk write: one at a time would be too slow
    std::size_t batch_count = 32;  // profiles in a request, of a backlog
    std::size_t batch_bytes = 512u << 10;  // of their pprofs, unpacked: servers limit the rate, and the burst
  };
  struct Stats {
    std::uint64_t sent = 0, dropped = 0, retries = 0, too_old = 0;
    std::size_t waiting = 0, waiting_bytes = 0, in_flight = 0;
    std::string error;      // of the last answer; empty: it was taken
    MonoTime error_since;   // when success ended
    MonoTime last_success;  // default: never
    MonoTime paused_until;  // default: not paused
    std::string last_drop;  // why the last profile was given up
    MonoTime dropped_at;    // that one
  };

  // `key` is its name in the spool. `changed` is called whenever the stats have changed in a way a person
  // should see.
  Endpoint(runtime::Context& ctx, Spool& spool, std::string key, EndpointArguments args, Limits limits,
           std::function<void()> changed);
  ~Endpoint();

  const EndpointArguments& arguments() const { return args_; }
  const std::string& key() const { return key_; }
  void apply(EndpointArguments args);
  void push(const ParcelPtr& parcel);
  // What is left of a run before this one, newest first. Nothing is sent before pump().
  void restore(const ParcelPtr& parcel);
  // Gives up what is lost.
  void sweep();
  void pump();
  // The end is near: what waits is sent in few requests.
  void hurry() { is_hurrying_ = true; }
  // Nothing is sent any more, and what is on its way waits again.
  void end();
  // Gives up what waits and what is on its way.
  void drop_all(std::string_view reason);
  Stats stats() const;

 private:
  // Of a profile that was too large: it is done when all its parts are.
  struct Whole {
    ParcelPtr parcel;
    std::size_t parts = 0;  // not done yet
    std::size_t made = 0;   // in all
    std::string lost;       // why a part was given up
  };
  struct Item {
    ParcelPtr parcel;
    std::shared_ptr<Whole> whole = nullptr;  // set: the parcel is a part that nobody else knows
    int tries = 0;                           // that the server failed
    std::uint64_t sent_before = 0;           // what others the server had taken at the last of them
    int slowed = 0;                          // times it was too much at once
    bool alone = false;                      // a request with others in it was refused
    bool is_search = false;                  // sent out of turn, to find the server's window
  };
  using Items = std::vector<Item>;
  enum class End : std::uint8_t { oldest, newest };
  struct Flight {
    Items items;
    End end = End::oldest;
    bool is_gzipped = false;
    MonoTime began;
    std::unique_ptr<runtime::Fetch> fetch;
  };

  std::size_t slots() const;
  void set_off();
  Items take_batch(End end, std::size_t most);
  bool is_too_old_for_server(const Item& item) const;
  static const Parcel& whole_of(const Item& item) { return item.whole ? *item.whole->parcel : *item.parcel; }
  void loaded(std::uint64_t number, std::vector<SpoolDisk::Loaded> requests);
  void not_loaded(Item item, const SpoolDisk::LoadError& error, End end);
  void pack(std::uint64_t number, std::string body);
  void send(std::uint64_t number, std::string body);
  void answered(std::uint64_t number, const Result<runtime::FetchResponse>& answer);
  Flight land(std::uint64_t number);
  void judge(Flight flight, const PushAnswer& answer);
  void one_refused(Item item, const PushAnswer& answer);
  void halve(Item item, const PushAnswer& answer);
  void halve_loaded(std::uint64_t number, PushRequestPtr request, const PushAnswer& answer);
  void put_halves(const Item& item, const std::vector<PushRequestPtr>& halves);
  void succeeded(Item item);
  void retry(Flight flight, const PushAnswer& answer);
  void put_back(Items items, End end);
  void pause(Duration at_least);
  void drop(Item item, std::string_view reason, std::string why);
  void finish(Item item);
  void count_sent();
  void count_dropped(std::string_view reason);
  void failed(std::string error);
  void learn_window(WallTime too_old);
  std::size_t searched() const;
  bool set_off_search();
  void start_flight(Items items, End end);
  double seconds_since(MonoTime time) const {
    return std::chrono::duration<double>(ctx_.clock().mono() - time).count();
  }

  runtime::Context& ctx_;
  Spool& spool_;
  const std::string key_;
  EndpointArguments args_;
  const Limits limits_;
  std::function<void()> changed_;
  Backoff backoff_;

  std::deque<Item> queue_;  // oldest first
  std::uint64_t queue_bytes_ = 0;
  std::map<std::uint64_t, Flight> flights_;
  std::uint64_t next_flight_ = 0;
  std::size_t unrecorded_ =
      0;  // answers the spool has not written yet: after a crash they would be sent again
  std::map<std::uint64_t, Item> halving_;
  bool wakes_ = false;  // a pump is posted
  bool is_hurrying_ = false, is_ending_ = false;
  End next_end_ = End::newest;
  std::unique_ptr<runtime::Fetch> last_done_;  // not destroyed within its own event
  runtime::Timer pause_;                       // set: nothing is sent
  WallTime window_;                            // what is no younger than this, at that time, is too old
  WallTime taken_ = WallTime::max();           // the oldest that was taken while the window was looked for
  MonoTime window_learned_;                    // default: nothing is known
  RequestGzip gzip_;
  Stats stats_;
  std::shared_ptr<Counter> sent_bytes_, sent_profiles_, retries_;
  // Of a request, of a profile at this server, and until the last server is done with it.
  std::shared_ptr<Histogram> downstream_latency_, endpoint_latency_, total_latency_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for callbacks that may come later
};

}  // namespace weir::pyroscope
