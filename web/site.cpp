#include "web/site.h"

#include <exception>
#include <utility>

#include <fmt/format.h>

#include "lang/text.h"

namespace weir::web {
namespace {

// More than this many queries in waiting means that nobody waits for their answers any more.
constexpr std::size_t kMaxWaiting = 32;

net::Response run_job(const std::function<net::Response()>& job) {
  try {
    return job();
  } catch (const std::exception& e) {
    return json_error(500, e.what());
  }
}

}  // namespace

Site::Site(WebOptions options)
    : options_(std::move(options)),
      started_(options_.clock->wall()),
      cost_(options_.clock->mono()),
      overview_(*options_.controller),
      topics_(*options_.controller, options_.log),
      processes_(std::make_shared<ProcessMeter>(options_.process_times)),
      worker_(kMaxWaiting) {}

std::shared_ptr<const runtime::Snapshot> Site::snapshot() const {
  auto snapshot = options_.controller->snapshot();
  return snapshot ? snapshot : std::make_shared<const runtime::Snapshot>();
}

void Site::offload(const net::Reply& reply, std::function<net::Response()> job) {
  bool taken = worker_.post([reply, job = std::move(job)] { reply(run_job(job)); });
  if (taken) return;
  auto response = json_error(503, "too many queries wait already");
  response.headers.set("Retry-After", "5");
  reply(std::move(response));
}

net::Response json_response(JsonWriter json, int status) {
  return net::Response::json(status, json.take());
}

net::Response json_error(int status, std::string_view message) {
  JsonWriter json;
  json.begin_object().member("error", message).end_object();
  return json_response(std::move(json), status);
}

net::Response not_found(std::string_view path, std::string_view path_prefix) {
  return net::Response::text(404, fmt::format("nothing answers {}{}{}\n", path_prefix,
                                              lang::printable(shown(path)), path_hint(path, path_prefix)));
}

std::int64_t unix_ms(WallTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

WallTime from_unix_ms(std::int64_t ms) {
  return WallTime(std::chrono::milliseconds(ms));
}

const runtime::Node* find_component(const runtime::Snapshot& snapshot, const Call& call) {
  const runtime::Node* node = snapshot.find(call.path.id);
  if (!node) call.reply(json_error(404, fmt::format("no component has the id \"{}\"", shown(call.path.id))));
  return node;
}

const runtime::Node* find_node(const runtime::Snapshot& snapshot, std::string_view path,
                               std::string_view& rest) {
  const runtime::Node* found = nullptr;
  for (const auto& node : snapshot.nodes) {
    if (!path.starts_with(node->id)) continue;
    if (path.size() > node->id.size() && path[node->id.size()] != '/') continue;
    if (!found || node->id.size() > found->id.size()) found = node.get();
  }
  if (found) rest = path.substr(found->id.size());
  return found;
}

}  // namespace weir::web
