// Which proxy, if any, a request goes through.
#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"
#include "net/options.h"
#include "net/url.h"

namespace weir::net {

// None for unix sockets, for what no_proxy names and, where no_proxy is given or the environment is asked,
// for localhost and loopback addresses.
Result<std::optional<Url>> choose_proxy(const ProxyOptions& options, const ProxyEnvironment& environment,
                                        const Url& url);

// An http:// URL; "host:port" means one.
Result<Url> parse_proxy(std::string_view text);

// A list separated by commas: "*" is everything, "a.example" that host and all below it, ".a.example" and
// "*.a.example" only what is below, "10.1.2.3" an address, "10.0.0.0/8" a network; a name or an address may
// carry a port: "a.example:8080".
bool needs_no_proxy(std::string_view no_proxy, const Url& url);

}  // namespace weir::net
