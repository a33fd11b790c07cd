// HttpServiceAdapter: the runtime's HttpService over the server of net/. The
// page's router finds the component and calls handle(). Until it is known whom
// the server is to believe, the page's handler is not asked.
#pragma once

#include <memory>
#include <mutex>
#include <string_view>

#include "net/http.h"
#include "runtime/http_service.h"

namespace weir::cli {

class HttpServiceAdapter final : public runtime::HttpService {
 public:
  HttpServiceAdapter();
  ~HttpServiceAdapter() override;

  // The server that is to be secured, and what answers there once it is. Outlives everybody who may secure
  // it.
  void use(net::Server& server, net::Handler handler);
  // A config without an `http` block opens the server to everybody; one with it leaves it as it is until the
  // block has its say.
  void take_config(bool has_http_block);
  Result<> secure(const runtime::HttpSecurity& security) override;

  // The newest mount of an id answers. A mount's destructor waits for a handler
  // that is running on the server's thread; do not hold a lock the handler takes.
  std::unique_ptr<Mount> mount(std::string_view component_id, runtime::HttpHandler handler) override;

  // On the server's thread. `rest` is the path below the component's.
  void handle(std::string_view component_id, std::string_view rest, const net::Request& request,
              net::Reply reply) const;

 private:
  struct Mounts;
  class AdaptedMount;

  void open();  // with the lock held

  std::shared_ptr<Mounts> mounts_;
  std::mutex mutex_;  // guards what follows
  net::Server* server_ = nullptr;
  net::Handler handler_;
  bool has_http_block_ = false;
};

}  // namespace weir::cli
