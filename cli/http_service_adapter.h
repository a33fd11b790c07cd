// HttpServiceAdapter: the runtime's HttpService over the server of net/. The
// page's router finds the component and calls handle(). Until it is known whom
// the server is to believe, the page's handler is not asked.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "net/http.h"
#include "runtime/http_service.h"

namespace weir::cli {

class HttpServiceAdapter final : public runtime::HttpService {
 public:
  HttpServiceAdapter();
  ~HttpServiceAdapter() override;

  // The server that is to be secured, and what answers there until it is and after. Outlives everybody who
  // may secure it. What stands at a path also stands below the prefix, and is secured there too.
  void use(net::Server& server, net::Handler closed, net::Handler handler, std::string path_prefix = "");
  // A config without an `http` block opens the server to everybody. The first one with it closes it until the
  // block has its say; the next ones leave it as it is. True: the one before had the block, and this one
  // opens what it protected.
  bool take_config(bool has_http_block);
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

  void answer_all(const net::Handler& handler);  // with the lock held

  std::shared_ptr<Mounts> mounts_;
  std::mutex mutex_;  // guards what follows
  net::Server* server_ = nullptr;
  net::Handler closed_, handler_;
  std::string path_prefix_;
  bool has_http_block_ = false;
  bool is_open_ = false;  // everybody may ask: the server has been told so
  // How often secure() has been called, and which of these calls come too late to change anything.
  std::uint64_t asked_ = 0, overtaken_ = 0;
};

}  // namespace weir::cli
