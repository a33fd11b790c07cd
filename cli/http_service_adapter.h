// HttpServiceAdapter: the runtime's HttpService over the server of net/. The
// page's router finds the component and calls handle().
#pragma once

#include <memory>
#include <string_view>

#include "net/http.h"
#include "runtime/http_service.h"

namespace weir::cli {

class HttpServiceAdapter final : public runtime::HttpService {
 public:
  HttpServiceAdapter();
  ~HttpServiceAdapter() override;

  // The newest mount of an id answers. A mount's destructor waits for a handler
  // that is running on the server's thread; do not hold a lock the handler takes.
  std::unique_ptr<Mount> mount(std::string_view component_id, runtime::HttpHandler handler) override;

  // On the server's thread. `rest` is the path below the component's.
  void handle(std::string_view component_id, std::string_view rest, const net::Request& request,
              net::Reply reply) const;

 private:
  struct Mounts;
  class AdaptedMount;

  std::shared_ptr<Mounts> mounts_;
};

}  // namespace weir::cli
