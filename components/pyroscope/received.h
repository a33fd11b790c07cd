// What profilers and agents send to a server of profiles, as profiles: bodies of the push protocol and of the
// older /ingest. Pure functions of foreign bytes; every size is bounded.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "net/http.h"
#include "profile/labels.h"
#include "profile/memory_budget.h"
#include "profile/profile.h"

namespace weir::pyroscope {

// A request that is not taken: the answer's status, a word for the metric, a sentence for the sender.
struct Refusal {
  int status = 400;
  std::string reason;
  std::string message;
};

using Received = std::expected<std::vector<profile::Profile>, Refusal>;

// `budget`, here and below: memory that all of it may take, once unpacked and decoded. `now` stands for a
// time that is missing. A unary call of push.v1.PusherService/Push by the Connect protocol, as
// application/proto or application/json.
Received read_push(const net::Request& request, WallTime now, profile::MemoryBudget& budget);

// POST /ingest?name=APP{k=v,…}&from=&until=&format=&sampleRate=&units=…; the formats folded, lines and pprof.
Received read_ingest(const net::Request& request, WallTime now, profile::MemoryBudget& budget);

// The labels in an application's name, "shop.cpu{region=eu,env=prod}", __name__ being what stands before the
// brace.
std::expected<profile::Labels, Refusal> read_series_name(std::string_view text);

}  // namespace weir::pyroscope
