#include "web/web.h"

#include <optional>
#include <utility>

#include <fmt/core.h>

#include "net/text.h"
#include "web/path_prefix.h"
#include "web/site.h"

namespace weir::web {
namespace {

net::Response redirect(std::string_view address) {
  auto response = net::Response::text(307, fmt::format("the page is at {}\n", address));
  response.headers.set("Location", address);
  return response;
}

bool only_reads(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

// A browser names the site a POST comes from, and most say whether that is our own; a proxy may have changed
// whom it asks, and says whom it was. No page can set any of these headers of a request that it sends to
// another site.
bool from_other_site(const net::Request& request) {
  std::string_view site = request.headers.get("Sec-Fetch-Site");
  if (site == "same-origin") return false;
  std::string_view origin = request.headers.get("Origin");
  if (origin.empty()) return site == "cross-site";
  std::size_t scheme = origin.find("://");
  if (site == "cross-site" || scheme == std::string_view::npos) return true;
  std::string_view host = origin.substr(scheme + 3);
  return host != request.headers.get("Host") && host != request.headers.get("X-Forwarded-Host");
}

constexpr std::string_view kOtherSite =
    "a page of another site may change nothing here; a proxy in between must pass on Host, or say it in "
    "X-Forwarded-Host\n";

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
net::Response closed_response(const runtime::Snapshot& snapshot, const net::Request& request,
                              std::string_view prefix) {
  if (below_prefix(std::string(request.path()), prefix) == "/-/healthy" && only_reads(request.method)) {
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
    return net::Response::text(403, std::string(kOtherSite));
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
  std::string asked = net::decode_path(request.path());
  std::string address = page_address(asked, options_.path_prefix);
  if (!address.empty() && only_reads(request.method)) {
    finish(redirect(address));
    return;
  }
  auto path = below_prefix(asked, options_.path_prefix);
  if (!path) {
    finish(
        net::Response::text(404, fmt::format("the page and its API are below {}/\n", options_.path_prefix)));
    return;
  }
  for (const Route& route : routes()) {
    auto parts = match(route, *path);
    if (!parts) continue;
    if (auto refusal = refused(route, request)) {
      finish(*std::move(refusal));
    } else {
      route.answer(*this, Call{request, *std::move(parts), std::move(finish)});
    }
    return;
  }
  finish(not_found(*path, options_.path_prefix));
}

net::Handler make_handler(WebOptions options) {
  auto site = std::make_shared<Site>(std::move(options));
  return [site](const net::Request& request, net::Reply reply) { site->handle(request, reply); };
}

net::Handler make_closed_handler(const runtime::Controller& controller, std::string path_prefix) {
  return
      [&controller, prefix = std::move(path_prefix)](const net::Request& request, const net::Reply& reply) {
        net::Response response = closed_response(*controller.snapshot(), request, prefix);
        add_common_headers(response.headers);
        reply(std::move(response));
      };
}

}  // namespace weir::web
