#include "web/web.h"

#include <optional>
#include <utility>

#include <fmt/core.h>

#include "web/site.h"

namespace weir::web {
namespace {

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

// Why it is not even asked of the route's handler.
std::optional<net::Response> refused(const Route& route, const net::Request& request) {
  if (!allows(route, request.method)) {
    auto response =
        net::Response::text(405, fmt::format("{} answers {} only\n", route.path, allowed_methods(route)));
    response.headers.set("Allow", allowed_methods(route));
    return response;
  }
  if (!only_reads(request.method) && from_other_site(request)) {
    return net::Response::text(403, "a page of another site may change nothing here\n");
  }
  if (auto checked = check_parameters(route, request); !checked) {
    return json_error(400, checked.error().message);
  }
  return std::nullopt;
}

}  // namespace

void Site::handle(const net::Request& request, const net::Reply& reply) {
  net::Reply finish = [reply](net::Response response) {
    add_common_headers(response.headers);
    return reply(std::move(response));
  };
  std::string path = percent_decode(request.path());
  for (const Route& route : routes()) {
    auto parts = match(route, path);
    if (!parts) continue;
    if (auto refusal = refused(route, request)) {
      finish(*std::move(refusal));
    } else {
      route.answer(*this, Call{request, *std::move(parts), std::move(finish)});
    }
    return;
  }
  finish(not_found(path));
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
