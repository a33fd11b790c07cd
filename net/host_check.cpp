#include "net/host_check.h"

#include <algorithm>
#include <utility>

#include "net/text.h"

namespace weir::net {

namespace {

// "Name:80" -> "name", "[::1]:80" -> "::1".
std::string host_of(std::string_view text) {
  if (text.starts_with('[')) {
    return to_lower(text.substr(1, std::min(text.find(']'), text.size()) - 1));
  }
  return to_lower(text.substr(0, text.find(':')));
}

bool is_loopback_name(std::string_view host) {
  if (host == "localhost" || host == "::1") return true;
  return host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos;
}

}  // namespace

HostCheck::HostCheck(std::string listen_host, bool is_loopback, std::vector<std::string> allowed_hosts)
    : any_(allowed_hosts.empty() && !is_loopback), hosts_(std::move(allowed_hosts)) {
  for (std::string& host : hosts_) host = host_of(host);
  hosts_.push_back(to_lower(listen_host));
}

bool HostCheck::allows(std::string_view host_header) const {
  if (any_) return true;
  std::string host = host_of(host_header);
  return is_loopback_name(host) || std::ranges::find(hosts_, host) != hosts_.end();
}

}  // namespace weir::net
