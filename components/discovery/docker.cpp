#include "components/discovery/docker.h"

#include <boost/json.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

#include "components/http_poll.h"
#include "components/wording.h"

namespace weir::discovery {
namespace {

namespace json = boost::json;

constexpr Duration kAnswerTime = std::chrono::seconds(30);
// Events come in bursts: a container that starts makes several.
constexpr Duration kBurst = std::chrono::milliseconds(100);
constexpr std::size_t kMaxListing = 32u << 20;

std::string filters_query(const json::object& filters) {
  if (filters.empty()) return "";
  return "?filters=" + boost::urls::encode(json::serialize(filters), boost::urls::unreserved_chars);
}

// "GET unix:///run/docker.sock/events?filters=…: connect to …: refused": the request says nothing to a
// person, but who was asked does, where the rest does not name it.
std::string about_host(const std::string& host, const std::string& error) {
  std::string rest = without_request(error);
  bool names_host = rest == error || rest.starts_with("connect");
  return names_host ? rest : fmt::format("{}: {}", host, rest);
}

std::string hint_for(std::string_view error) {
  if (error.find("no such file") != std::string_view::npos ||
      error.find("refused") != std::string_view::npos) {
    return ": is the Docker daemon running?";
  }
  if (error.find("permission denied") != std::string_view::npos) {
    return ": weir must run as root or in the group of the socket;";
  }
  return ";";
}

}  // namespace

// What one listing consists of.
struct Docker::Listing {
  std::string containers, networks;
  int missing = 2;
};

void Docker::Arguments::check(lang::Problems& problems) const {
  HttpClientArguments::check(problems);
  for (std::string_view scheme : {"unix://", "tcp://", "http://", "https://"}) {
    if (host.starts_with(scheme) && host.size() > scheme.size()) return;
  }
  problems.add(
      "host",
      fmt::format("\"{}\" is not an address: it begins with unix://, tcp://, http:// or https://", host));
}

void Docker::start() {
  connect();
}

void Docker::apply(Arguments args) {
  args_ = std::move(args);
  disconnect();
  backoff_.reset();
  connect();
}

void Docker::stop() {
  disconnect();
}

void Docker::disconnect() {
  retry_.reset();
  refresh_.reset();
  soon_.reset();
  events_.reset();
  parts_.clear();
  listing_.reset();
  listening_ = list_again_ = false;
}

// `limit` of the whole answer; zero: it is a stream without end.
std::unique_ptr<runtime::Fetch> Docker::fetch(std::string_view target, Duration limit,
                                              runtime::FetchEvents events) {
  runtime::FetchRequest request;
  request.max_body_bytes = kMaxListing;
  request.total_timeout = limit;
  if (limit == Duration::zero()) {
    // A quiet daemon is a good daemon; podman's answer begins with the first event.
    request.header_timeout = request.idle_timeout = limit;
  }
  if (args_.host.starts_with("unix://")) {
    request.url = args_.host;
    request.unix_target = target;
    return ctx_.fetch(std::move(request), std::move(events));
  }
  std::string_view host = args_.host;
  while (host.ends_with('/')) host.remove_suffix(1);
  bool tcp = host.starts_with("tcp://");
  std::string_view scheme = !tcp ? "" : args_.tls_config ? "https://" : "http://";
  request.url = fmt::format("{}{}{}", scheme, tcp ? host.substr(6) : host, target);
  if (auto applied = args_.apply_to(request); !applied) {
    ctx_.post([done = std::move(events.on_done), error = applied.error()] { done(std::unexpected(error)); });
    return nullptr;
  }
  return ctx_.fetch(std::move(request), std::move(events));
}

// The stream of events first, so that nothing falls between the listing and it.
void Docker::connect() {
  retry_.reset();
  no_events_.clear();
  listen();
  list();
}

void Docker::listen() {
  // "died" is what podman calls it.
  std::string target =
      "/events" + filters_query({{"type", {"container", "network"}},
                                 {"event", {"start", "die", "died", "rename", "connect", "disconnect"}}});
  runtime::FetchEvents events;
  events.on_head = [this](const runtime::FetchResponse& head) {
    listening_ = head.status == 200;
    report();
  };
  events.on_data = [this](std::string_view) {
    if (!listening_) return;
    ++info_.events;
    list_soon();
  };
  events.on_done = [this](auto end) { stopped_listening(end); };
  events_ = fetch(target, Duration::zero(), std::move(events));
}

void Docker::stopped_listening(const Result<runtime::FetchResponse>& end) {
  bool listened = std::exchange(listening_, false);
  if (end && end->status != 200) {
    // A proxy before the daemon may allow listings only.
    no_events_ = fmt::format("the daemon refuses to tell of changes (HTTP {})", end->status);
    return report();
  }
  if (end && !listened) return failed("the daemon ended its stream of events at once");
  failed(end ? fmt::format("{}: the daemon closed the stream of events", url_text(args_.host))
             : end.error().message);
}

void Docker::list_soon() {
  if (soon_) return;
  soon_ = ctx_.after(kBurst, [this] {
    soon_.reset();
    list();
  });
}

void Docker::list() {
  if (listing_) {
    list_again_ = true;
    return;
  }
  refresh_.reset();
  list_again_ = false;
  listing_ = std::make_shared<Listing>();
  parts_.clear();
  json::object filters;
  for (const auto& filter : args_.filters) {
    json::array& values = filters.emplace(filter.name, json::array()).first->value().as_array();
    for (const auto& value : filter.values) values.emplace_back(value);
  }
  fetch_part("/containers/json" + filters_query(filters), &Listing::containers);
  fetch_part("/networks", &Listing::networks);
}

void Docker::fetch_part(std::string_view target, std::string Listing::* part) {
  parts_.push_back(fetch(target, kAnswerTime,
                         {.on_done = [this, part](auto answer) { part_arrived(std::move(answer), part); }}));
}

void Docker::part_arrived(Result<runtime::FetchResponse> answer, std::string Listing::* part) {
  if (!listing_) return;
  if (!answer) return failed(answer.error().message);
  if (answer->status != 200) {
    return failed(fmt::format("{}: the daemon answered {}: {}", url_text(args_.host), answer->status,
                              first_line(answer->body)));
  }
  (*listing_).*part = std::move(answer->body);
  if (--listing_->missing > 0) return;
  auto targets = std::make_shared<Result<DockerTargets>>();
  DockerTargetOptions options{.port = args_.port,
                              .host_networking_host = args_.host_networking_host,
                              .match_first_network = args_.match_first_network,
                              .dialect = args_.dialect};
  ctx_.offload([listing = listing_, options,
                targets] { *targets = docker_targets(listing->containers, listing->networks, options); },
               // Another listing may have been begun meanwhile, by a change of the arguments.
               [this, listing = listing_, targets] {
                 if (listing == listing_) listed(*targets);
               });
}

void Docker::listed(const Result<DockerTargets>& found) {
  listing_.reset();
  if (!found) return failed(fmt::format("{}: {}", url_text(args_.host), found.error().message));
  backoff_.reset();
  info_.error.clear();
  info_.containers = found->containers;
  info_.targets = found->targets.size();
  ++info_.listings;
  ctx_.publish(TargetExports{found->targets});
  report();
  if (list_again_) return list_soon();
  refresh_ = ctx_.after(args_.refresh_interval, [this] {
    // What refused to tell of changes may do so by now.
    if (!no_events_.empty()) return connect();
    list();
  });
}

// The targets found so far stay: containers outlive their daemon.
void Docker::failed(std::string error) {
  if (retry_) return;
  error = about_host(url_text(args_.host), error);
  disconnect();
  Duration wait = backoff_.next();
  if (info_.error != error) ctx_.log().warn("no answer from the Docker daemon", {{"error", error}});
  info_.error = error;
  ctx_.publish_debug_info(info_);
  ctx_.set_health(runtime::HealthState::unhealthy,
                  fmt::format("{}{} weir tries again in {}", error, hint_for(error), rough_text(wait)));
  retry_ = ctx_.after(wait, [this] { connect(); });
}

void Docker::report() {
  info_.listening = listening_;
  ctx_.publish_debug_info(info_);
  if (info_.listings == 0 || !info_.error.empty()) return;
  std::string message = fmt::format("{}, {}", count_text(info_.containers, "running container"),
                                    count_text(info_.targets, "target"));
  message +=
      if_none(info_.containers, args_.filters.empty() ? "the daemon runs none"
                                                      : "the daemon runs none that the filters let through");
  if (!no_events_.empty()) {
    message += fmt::format("; {}, so changes show after refresh_interval", no_events_);
  }
  ctx_.set_health(runtime::HealthState::healthy, std::move(message));
}

}  // namespace weir::discovery

template weir::runtime::ComponentType weir::runtime::component_type<weir::discovery::Docker>();
