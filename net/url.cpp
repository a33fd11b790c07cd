#include "net/url.h"

#include <arpa/inet.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/number.h"
#include "net/text.h"

namespace weir::net {

namespace {

constexpr std::size_t kMaxUrlBytes = 16 << 10;

std::uint16_t default_port(std::string_view scheme) {
  return scheme == "https" ? 443 : 80;
}

Result<std::uint16_t> parse_port(std::string_view text) {
  auto port = whole_number<std::uint16_t>(text);
  if (!port) return fail("port \"{}\" is not a number from 0 to 65535", text);
  return *port;
}

// Spaces and the like must be escaped by whoever wrote the URL; bytes beyond
// ASCII have one obvious escaped form, so we write it.
Result<std::string> escape_target(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string result;
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (byte == ' ') return fail("a space must be written as %20");
    if (byte < 0x20 || byte == 0x7f) return fail("it holds a control character");
    if (byte < 0x80) {
      result += c;
      continue;
    }
    result += {'%', kHex[byte >> 4], kHex[byte & 15]};
  }
  return result;
}

bool valid_host_char(char c) {
  auto byte = static_cast<unsigned char>(c);
  constexpr std::string_view kForbidden = "\"#%/:<>?@[\\]^`{|}";
  return byte > 0x20 && byte < 0x7f && !kForbidden.contains(c);
}

Result<> parse_host(std::string_view text, Url& url) {
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    std::size_t close = text.find(']');
    if (close == std::string_view::npos) return fail("\"[\" without \"]\" in the host");
    url.host = to_lower(text.substr(1, close - 1));
    in6_addr address;
    bool is_address = !url.host.contains('\0') && ::inet_pton(AF_INET6, url.host.c_str(), &address) == 1;
    if (!is_address) {
      return fail("\"{}\" is not an IPv6 address", url.host);
    }
    std::string_view rest = text.substr(close + 1);
    if (!rest.empty() && !rest.starts_with(':')) return fail("unexpected \"{}\" after the host", rest);
    has_port = !rest.empty();
    port = rest.substr(has_port ? 1 : 0);
  } else {
    std::size_t colon = text.find(':');
    has_port = colon != std::string_view::npos;
    url.host = to_lower(text.substr(0, colon));
    if (has_port) port = text.substr(colon + 1);
  }
  if (url.host.empty()) return fail("it has no host");
  bool is_v6 = url.host.contains(':');
  if (!is_v6 && !std::ranges::all_of(url.host, valid_host_char)) {
    return fail("host \"{}\" holds a character that no host name has", url.host);
  }
  url.port = default_port(url.scheme);
  if (!has_port || port.empty()) return {};
  auto number = parse_port(port);
  if (!number) return fail(number.error());
  url.port = *number;
  return {};
}

Result<Url> parse(std::string_view text) {
  if (text.size() > kMaxUrlBytes) return fail("it is longer than {} bytes", kMaxUrlBytes);
  std::size_t mark = text.find("://");
  if (mark == std::string_view::npos) return fail("it must begin with http://, https:// or unix://");
  Url url{.scheme = to_lower(text.substr(0, mark))};
  std::string_view rest = text.substr(mark + 3);
  if (url.is_unix()) {
    if (!rest.starts_with('/')) return fail("unix:// must be followed by an absolute path");
    if (rest.contains('\0')) return fail("it holds a control character");
    url.host = rest;
    return url;
  }
  if (url.scheme != "http" && url.scheme != "https") {
    return fail("scheme \"{}\" is not one of http, https, unix", url.scheme);
  }
  bool has_at_behind = rest.substr(std::min(rest.find_first_of("/?#"), rest.size())).contains('@');
  rest = rest.substr(0, rest.find('#'));
  std::size_t path = std::min(rest.find_first_of("/?"), rest.size());
  std::string_view authority = rest.substr(0, path);
  if (std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    // "+" is itself in user information, unlike in a query.
    std::string info(authority.substr(0, at));
    for (std::size_t i = 0; (i = info.find('+', i)) != std::string::npos; i += 3) info.replace(i, 1, "%2B");
    url.user_info = decode_query(info);
    authority.remove_prefix(at + 1);
  }
  if (auto host = parse_host(authority, url); !host) {
    // What would be quoted may be the beginning of a password.
    if (has_at_behind) return fail("/, ? and # in a password must be written as %2F, %3F and %23");
    return fail(host.error());
  }
  auto target = escape_target(rest.substr(path));
  if (!target) return fail(target.error());
  url.target = target->starts_with('/') ? *target : "/" + *target;
  return url;
}

// "/a/b/../c/./d" -> "/a/c/d".
std::string remove_dots(std::string_view path) {
  std::string result;
  while (!path.empty()) {
    std::size_t end = std::min(path.find('/', 1), path.size());
    std::string_view segment = path.substr(0, end);
    path.remove_prefix(end);
    bool last = path.empty();
    if (segment == "/..") result.erase(std::min(result.rfind('/'), result.size()));
    if (segment != "/." && segment != "/..") result += segment;
    if (last && (segment == "/." || segment == "/..")) result += '/';
  }
  return result.empty() ? "/" : result;
}

}  // namespace

std::string Url::host_port() const {
  bool is_v6 = host.contains(':');
  return fmt::format("{}{}{}:{}", is_v6 ? "[" : "", host, is_v6 ? "]" : "", port);
}

std::string Url::authority() const {
  if (is_unix()) return "localhost";
  std::string text = host_port();
  if (port == default_port(scheme)) text.erase(text.rfind(':'));
  return text;
}

std::string Url::origin() const {
  return is_unix() ? "unix://" + host : scheme + "://" + host_port();
}

Result<Url> parse_url(std::string_view text) {
  auto url = parse(text);
  if (!url) {
    // Passwords stay out of logs.
    std::string shown(text.substr(0, 200));
    std::size_t from = shown.find("://");
    if (std::size_t at = shown.rfind('@');
        from != std::string::npos && at != std::string::npos && at > from) {
      shown.replace(from + 3, at - from - 3, "(secret)");
    }
    return fail("url \"{}\": {}", shown, url.error().message);
  }
  return url;
}

Result<Url> resolve_url(const Url& base, std::string_view reference) {
  std::size_t mark = reference.find("://");
  if (mark != std::string_view::npos && mark < reference.find_first_of("/?#")) return parse_url(reference);
  if (reference.starts_with("//")) {
    return parse_url((base.is_unix() ? "http" : base.scheme) + ":" + std::string(reference));
  }
  reference = reference.substr(0, reference.find('#'));
  Url url = base;
  std::string_view base_path = std::string_view(base.target).substr(0, base.target.find('?'));
  std::size_t query = std::min(reference.find('?'), reference.size());
  std::string path(reference.substr(0, query));
  if (path.empty()) path = base_path;
  if (!path.starts_with('/')) path = std::string(base_path.substr(0, base_path.rfind('/') + 1)) + path;
  if (!path.starts_with('/')) path.insert(0, 1, '/');
  auto target = escape_target(remove_dots(path) + std::string(reference.substr(query)));
  if (!target) return fail("url \"{}\": {}", reference.substr(0, 200), target.error().message);
  url.target = *std::move(target);
  return url;
}

Result<HostPort> parse_host_port(std::string_view text) {
  std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return fail("address \"{}\": it must be host:port", text);
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.contains(':') && text[0] != '[') {
    return fail("address \"{}\": an IPv6 address must stand in brackets: [::1]:12345", text);
  }
  auto port = parse_port(text.substr(colon + 1));
  if (!port) return fail("address \"{}\": {}", text, port.error().message);
  return HostPort{std::string(host), *port};
}

}  // namespace weir::net
