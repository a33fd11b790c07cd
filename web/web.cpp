#include "web/web.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/core.h>

#include "web/api.h"
#include "web/site.h"

namespace weir::web {
namespace {

struct Route {
  std::string_view path;  // one that ends in '/' takes everything below it
  enum class Methods { read, post, any } methods;
  void (*answer)(Site&, const Call&);
};

// The first that matches is taken.
constexpr Route kRoutes[] = {
    {"/metrics", Route::Methods::read, answer_metrics},
    {"/-/ready", Route::Methods::read, answer_ready},
    {"/-/healthy", Route::Methods::read, answer_healthy},
    {"/-/reload", Route::Methods::post, answer_reload},
    {"/api/v0/web/status", Route::Methods::read, answer_status},
    {"/api/v0/web/targets", Route::Methods::read, answer_targets},
    {"/api/v0/web/explain", Route::Methods::read, answer_explain},
    {"/api/v0/web/components", Route::Methods::read, answer_components},
    {"/api/v0/web/components/", Route::Methods::read, answer_component},
    {"/api/v0/web/graph", Route::Methods::read, answer_graph},
    {"/api/v0/web/config", Route::Methods::read, answer_config},
    {"/api/v0/web/modules/", Route::Methods::read, answer_module},
    {"/api/v0/web/profiles/services", Route::Methods::read, answer_services},
    {"/api/v0/web/profiles/flame", Route::Methods::read, answer_flame},
    {"/api/v0/web/profiles/series", Route::Methods::read, answer_series},
    {"/api/v0/web/profiles/pprof", Route::Methods::read, answer_pprof},
    {"/api/v0/web/profiles/functions", Route::Methods::read, answer_functions},
    {"/api/v0/web/profiles/diff", Route::Methods::read, answer_diff},
    {"/api/v0/web/profiles/breakdown", Route::Methods::read, answer_breakdown},
    {"/api/v0/component/", Route::Methods::any, answer_component_handler},
    {"/", Route::Methods::read, answer_asset},
};

bool matches(const Route& route, std::string_view path) {
  return route.path.ends_with('/') ? path.starts_with(route.path) : path == route.path;
}

std::string_view allowed(Route::Methods methods) {
  return methods == Route::Methods::post ? "POST" : "GET, HEAD";
}

bool allows(Route::Methods methods, std::string_view method) {
  switch (methods) {
    case Route::Methods::read: return method == "GET" || method == "HEAD";
    case Route::Methods::post: return method == "POST";
    case Route::Methods::any: return true;
  }
  return false;
}

bool only_reads(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

// A browser names the site a POST comes from.
bool from_other_site(const net::Request& request) {
  if (request.headers.get("Sec-Fetch-Site") == "cross-site") return true;
  std::string_view origin = request.headers.get("Origin");
  if (origin.empty()) return false;
  std::size_t scheme = origin.find("://");
  return scheme == std::string_view::npos || origin.substr(scheme + 3) != request.headers.get("Host");
}

void set_default(net::Headers& headers, std::string_view name, std::string_view value) {
  if (!headers.has(name)) headers.set(name, value);
}

// Answers may show command lines and host names: no cache keeps them and no
// other site reads or frames them.
void add_common_headers(net::Headers& headers) {
  headers.set("X-Content-Type-Options", "nosniff");
  headers.set("Referrer-Policy", "no-referrer");
  headers.set("Cross-Origin-Resource-Policy", "same-origin");
  set_default(headers, "Cache-Control", "no-store");
  set_default(headers, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
}

// Of the components, only the one that keeps it closed is named.
net::Response closed_response(const runtime::Snapshot& snapshot, const net::Request& request) {
  if (request.path() == "/-/healthy" && only_reads(request.method)) {
    const runtime::Node* http = snapshot.find("http");
    bool is_bad = http && http->state()->health.state <= runtime::HealthState::unhealthy;
    return is_bad ? net::Response::text(500, "unhealthy components: http\n")
                  : net::Response::text(200, "weir is starting.\n");
  }
  auto response = net::Response::text(
      503, "weir is not ready: its config, which says who may ask here, is not in effect yet.\n");
  response.headers.set("Retry-After", "1");
  return response;
}

}  // namespace

void Site::handle(const net::Request& request, const net::Reply& reply) {
  net::Reply finish = [reply](net::Response response) {
    add_common_headers(response.headers);
    return reply(std::move(response));
  };
  std::string path = percent_decode(request.path());
  const auto* route = std::ranges::find_if(kRoutes, [&](const Route& r) { return matches(r, path); });
  if (route == std::end(kRoutes)) {
    finish(net::Response::text(404, "404 page not found\n"));
    return;
  }
  if (!allows(route->methods, request.method)) {
    auto response =
        net::Response::text(405, fmt::format("{} answers {} only\n", route->path, allowed(route->methods)));
    response.headers.set("Allow", allowed(route->methods));
    finish(std::move(response));
    return;
  }
  if (!only_reads(request.method) && from_other_site(request)) {
    finish(net::Response::text(403, "a page of another site may change nothing here\n"));
    return;
  }
  route->answer(*this, Call{request, path.substr(route->path.size()), std::move(finish)});
}

net::Handler make_handler(WebOptions options) {
  auto site = std::make_shared<Site>(std::move(options));
  return [site](const net::Request& request, net::Reply reply) { site->handle(request, reply); };
}

net::Handler make_closed_handler(const runtime::Controller& controller) {
  return [&controller](const net::Request& request, const net::Reply& reply) {
    net::Response response = closed_response(*controller.snapshot(), request);
    add_common_headers(response.headers);
    reply(std::move(response));
  };
}

}  // namespace weir::web
