#include "cli/containers.h"

#include <algorithm>
#include <boost/json.hpp>
#include <future>
#include <set>

#include "net/http.h"
#include "profiler/process/container_id.h"
#include "profiler/process/proc_files.h"

namespace weir::cli {
namespace {

constexpr std::size_t kShortId = 12;
constexpr std::size_t kMostListed = 8;

std::string list(const std::vector<std::string>& ids) {
  std::string out;
  for (std::size_t i = 0; i < std::min(ids.size(), kMostListed); ++i)
    out += (i == 0 ? "" : ", ") + ids[i].substr(0, kShortId);
  if (ids.size() > kMostListed) out += fmt::format(" and {} more", ids.size() - kMostListed);
  return out;
}

bool is_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '.' || c == '-';
  });
}

// Of each of its control groups that has one.
void each_container_of(std::uint32_t pid, const std::function<void(std::string id)>& each) {
  auto text = profiler::read_proc(pid, "cgroup");
  if (!text) return;
  profiler::each_line(*text, [&](std::string_view line) {
    std::string id = profiler::container_id(line.substr(std::min(line.rfind(':'), line.size())));
    if (!id.empty()) each(std::move(id));
  });
}

}  // namespace

std::vector<std::string> running_containers() {
  std::set<std::string> ids;
  profiler::each_process(
      [&](std::uint32_t pid) { each_container_of(pid, [&](std::string id) { ids.insert(std::move(id)); }); });
  return {ids.begin(), ids.end()};
}

std::string container_of(std::uint32_t pid) {
  std::string first;
  each_container_of(pid, [&](std::string id) {
    if (first.empty()) first = std::move(id);
  });
  return first;
}

Result<std::string> find_container(std::string_view wanted, const std::vector<std::string>& running,
                                   const std::function<std::string(std::string_view)>& id_of_name) {
  // As Docker does: a name before the beginning of an id, for "db" and "cafe" are both.
  if (std::ranges::find(running, wanted) != running.end()) return std::string(wanted);
  if (std::string id = id_of_name(wanted); !id.empty()) return id;
  std::vector<std::string> matching;
  for (const std::string& id : running) {
    if (!wanted.empty() && id.starts_with(wanted)) matching.push_back(id);
  }
  if (matching.size() == 1) return matching.front();
  if (!matching.empty())
    return fail("several containers have ids that begin with \"{}\": {}", wanted, list(matching));
  if (running.empty()) return fail("no container \"{}\": no process of this machine runs in one", wanted);
  return fail("no container \"{}\": there are {}", wanted, list(running));
}

std::string docker_container_id(std::string_view name) {
  constexpr auto kPatience = std::chrono::seconds(2);
  // As a name it must not become another path of the daemon's.
  if (!is_name(name)) return "";
  auto client = net::Client::create();
  std::promise<std::string> body;
  auto answer = body.get_future();
  auto pending =
      client->send({.url = "unix:///var/run/docker.sock",
                    .unix_target = fmt::format("/containers/{}/json", name),
                    .connect_timeout = kPatience,
                    .header_timeout = kPatience,
                    .total_timeout = kPatience},
                   {.on_head = {}, .on_data = {}, .on_done = [&](Result<net::ClientResponse> done) {
                      body.set_value(done && done->status == 200 ? std::move(done->body) : "");
                    }});
  boost::system::error_code failed;
  auto value = boost::json::parse(answer.get(), failed);
  const auto* object = failed ? nullptr : value.if_object();
  const auto* id = object ? object->if_contains("Id") : nullptr;
  return id && id->is_string() ? std::string(id->as_string()) : "";
}

}  // namespace weir::cli
