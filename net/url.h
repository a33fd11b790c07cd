// URLs as the client takes them: http, https, and unix for a socket's path.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace weir::net {

struct Url {
  std::string scheme;     // "http", "https" or "unix"
  std::string user_info;  // "user:password", percent-decoded; mostly ""
  std::string host;       // lower case; an IPv6 address without its brackets; of unix the socket's path
  std::uint16_t port = 0;
  std::string target;  // path and query, at least "/"; of unix ""

  bool is_tls() const { return scheme == "https"; }
  bool is_unix() const { return scheme == "unix"; }
  // For the Host header: "host", or "host:port" where the port is not the scheme's own.
  std::string authority() const;
  // "host:port" always, an IPv6 address in brackets.
  std::string host_port() const;
  // What credentials are good for: "https://host:443".
  std::string origin() const;

  bool operator==(const Url&) const = default;
};

Result<Url> parse_url(std::string_view text);

// Of a Location header: an URL, or a reference relative to `base`.
Result<Url> resolve_url(const Url& base, std::string_view reference);

struct HostPort {
  std::string host;  // without brackets; may be ""
  std::uint16_t port = 0;
};

// "host:port", "[::1]:port" or ":port".
Result<HostPort> parse_host_port(std::string_view text);

}  // namespace weir::net
