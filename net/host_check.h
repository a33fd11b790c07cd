// Which Host headers a server answers. A page from elsewhere whose name is made
// to resolve to this machine (DNS rebinding) would otherwise read everything.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir::net {

class HostCheck {
 public:
  // `listen_host` as configured, `is_loopback` of what it resolved to.
  HostCheck(std::string listen_host, bool is_loopback, std::vector<std::string> allowed_hosts);

  bool allows(std::string_view host_header) const;

 private:
  bool any_;
  std::vector<std::string> hosts_;  // lower case, without port
};

}  // namespace weir::net
