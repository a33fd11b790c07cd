#include "web/assets.h"

#include <algorithm>

#include "profile/pprof.h"
#include "web/api.h"

namespace weir::web {
namespace {

constexpr std::size_t kLargest = 16 << 20;

// Nothing inline, nothing from elsewhere, no frame around it.
constexpr std::string_view kPagePolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

net::Response asset_response(const Asset& asset, const net::Request& request) {
  net::Response response;
  response.headers.set("Content-Security-Policy", kPagePolicy);
  response.headers.set("ETag", asset.etag);
  response.headers.set("Vary", "Accept-Encoding");
  // The page itself is asked for each time; all else has its hash in its name.
  response.headers.set("Cache-Control",
                       asset.path.empty() ? "no-cache" : "public, max-age=31536000, immutable");
  if (request.headers.get("If-None-Match").find(asset.etag) != std::string_view::npos) {
    response.status = 304;
    return response;
  }
  response.headers.set("Content-Type", asset.content_type);
  if (request.headers.get("Accept-Encoding").find("gzip") != std::string_view::npos) {
    response.headers.set("Content-Encoding", "gzip");
    response.static_body = asset.gzipped;
    return response;
  }
  auto plain = profile::gunzip(asset.gzipped, kLargest);
  if (!plain) return json_error(500, plain.error().message);
  response.body = *std::move(plain);
  return response;
}

}  // namespace

void answer_asset(Site& site, const Call& call) {
  auto assets = embedded_assets();
  auto asset = std::ranges::find(assets, std::string_view(call.path.rest), &Asset::path);
  if (asset == assets.end()) {
    call.reply(not_found("/" + call.path.rest, site.options().path_prefix));
    return;
  }
  call.reply(asset_response(*asset, call.request));
}

}  // namespace weir::web
