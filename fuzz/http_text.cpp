// Any text is a URL, a list of what needs no proxy, an answer with a token, a password, or an error.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/auth_check.h"
#include "net/host_check.h"
#include "net/http.h"
#include "net/oauth2.h"
#include "net/proxy.h"
#include "net/text.h"
#include "net/url.h"

namespace weir::net {

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

void try_url(std::string_view text) {
  auto url = parse_url(text);
  auto base = parse_url("http://host/a/b?c");
  (void)parse_host_port(text);
  if (auto resolved = resolve_url(*base, text); resolved && !resolved->is_unix()) {
    must(resolved->target.starts_with('/') && resolved->target.find_first_of(" \r\n") == std::string::npos);
  }
  if (!url || url->is_unix()) return;
  must(!url->host.empty() && valid_header_value(url->authority() + url->target));
  auto again = parse_url(url->origin() + url->target);
  must(again && again->host == url->host && again->port == url->port && again->target == url->target);
  must(needs_no_proxy("*", *url) && (url->host.contains(',') || needs_no_proxy(url->host, *url)));
}

void try_proxy(std::string_view text) {
  for (std::string_view to : {"http://a.example/", "https://10.1.2.3/", "http://[fd00::1]:81/"}) {
    (void)needs_no_proxy(text, *parse_url(to));
  }
  if (auto proxy = parse_proxy(text)) must(proxy->scheme == "http" && !proxy->host.empty());
}

void try_token(std::string_view text) {
  for (std::string_view type : {"application/json", "text/plain"}) {
    ClientResponse response{.status = 200, .body = std::string(text)};
    response.headers.set("Content-Type", type);
    auto token = read_token(response);
    if (token) must(valid_header_value(token->authorization) && token->lifetime > Duration::zero());
    if (!token) must(valid_header_value(token.error().message));
  }
}

void try_password(std::string_view text) {
  AuthCheck check(ServerAuthOptions{.username = "ann", .password = "word", .paths = {"/-/"}});
  Request request{.target = "/%2d/reload"};
  request.headers.set("Authorization", text);
  std::string_view value = trim(text);
  bool is_known = from_base64(trim(value.substr(std::min(value.find(' '), value.size())))) == "ann:word";
  must(!check.allows(request) || is_known);
}

void try_text(std::string_view text) {
  Request request{.target = "/?" + std::string(text)};
  (void)request.query("a");
  must(decode_query(text).size() <= text.size());
  must(decode_query(encode_query(text)) == text);
  must(from_base64(base64(text)) == text);
  (void)HostCheck("localhost", true, {std::string(text)}).allows(text);
}

}  // namespace

void try_all(std::string_view text) {
  try_url(text);
  try_proxy(text);
  try_token(text);
  try_password(text);
  try_text(text);
}

}  // namespace weir::net

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  weir::net::try_all({reinterpret_cast<const char*>(data), size});
  return 0;
}
