#include "net/proxy.h"

#include <algorithm>
#include <charconv>
#include <string>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include "net/text.h"

namespace weir::net {

namespace {

namespace ip = boost::asio::ip;

std::optional<ip::address> address_of(const std::string& text) {
  boost::system::error_code error;
  ip::address address = ip::make_address(text, error);
  if (error) return std::nullopt;
  return address;
}

bool is_in_network(const ip::address& address, const std::string& network) {
  boost::system::error_code error;
  if (address.is_v4()) {
    ip::network_v4 net = ip::make_network_v4(network, error);
    return !error && ip::network_v4(address.to_v4(), net.prefix_length()).network() == net.network();
  }
  ip::network_v6 net = ip::make_network_v6(network, error);
  return !error && ip::network_v6(address.to_v6(), net.prefix_length()).network() == net.network();
}

// Takes ":port" off the end, where there is one: "a:80", "[::1]:80".
std::optional<std::uint16_t> take_port(std::string& pattern) {
  std::size_t colon = pattern.rfind(':');
  bool is_v6 = colon != std::string::npos && pattern.find(':') != colon && !pattern.starts_with('[');
  if (colon == std::string::npos || is_v6 || colon < pattern.rfind(']') + 1) return std::nullopt;
  std::uint16_t port = 0;
  const char* end = pattern.data() + pattern.size();
  auto [parsed, error] = std::from_chars(pattern.data() + colon + 1, end, port);
  if (error != std::errc() || parsed != end) return std::nullopt;
  pattern.erase(colon);
  return port;
}

bool matches_name(std::string_view host, std::string_view pattern) {
  if (pattern.starts_with("*.")) pattern.remove_prefix(1);
  if (pattern.starts_with('.')) return host.ends_with(pattern);
  return host == pattern || host.ends_with("." + std::string(pattern));
}

bool matches(const Url& url, const std::optional<ip::address>& address, std::string pattern) {
  if (pattern == "*") return true;
  if (pattern.contains('/')) return address && is_in_network(*address, pattern);
  if (auto port = take_port(pattern); port && *port != url.port) return false;
  if (pattern.starts_with('[') && pattern.ends_with(']')) pattern = pattern.substr(1, pattern.size() - 2);
  if (pattern.empty()) return false;
  if (auto wanted = address_of(pattern)) return address && *address == *wanted;
  return matches_name(url.host, pattern);
}

bool is_loopback(const Url& url) {
  auto address = address_of(url.host);
  return url.host == "localhost" || (address && address->is_loopback());
}

}  // namespace

bool needs_no_proxy(std::string_view no_proxy, const Url& url) {
  auto address = address_of(url.host);
  while (!no_proxy.empty()) {
    std::size_t comma = std::min(no_proxy.find(','), no_proxy.size());
    std::string pattern = to_lower(trim(no_proxy.substr(0, comma)));
    no_proxy.remove_prefix(std::min(comma + 1, no_proxy.size()));
    if (!pattern.empty() && matches(url, address, std::move(pattern))) return true;
  }
  return false;
}

Result<Url> parse_proxy(std::string_view text) {
  std::string full(text);
  if (!text.contains("://")) full = "http://" + full;
  std::string scheme = to_lower(full.substr(0, full.find(':')));
  if (scheme != "http") return fail("only http:// proxies are supported, and this one is {}://", scheme);
  return parse_url(full);
}

Result<std::optional<Url>> choose_proxy(const ProxyOptions& options, const ProxyEnvironment& environment,
                                        const Url& url) {
  if (url.is_unix()) return std::nullopt;
  const std::string& of_environment = url.is_tls() ? environment.https_proxy : environment.http_proxy;
  const std::string& text = options.from_environment ? of_environment : options.url;
  const std::string& no_proxy = options.from_environment ? environment.no_proxy : options.no_proxy;
  if (text.empty()) return std::nullopt;
  if ((options.from_environment || !no_proxy.empty()) && is_loopback(url)) return std::nullopt;
  if (needs_no_proxy(no_proxy, url)) return std::nullopt;
  auto proxy = parse_proxy(text);
  if (!proxy) {
    std::string_view variable = url.is_tls() ? "HTTPS_PROXY" : "HTTP_PROXY";
    return fail("{}: {}", options.from_environment ? variable : "proxy", proxy.error().message);
  }
  return *std::move(proxy);
}

}  // namespace weir::net
