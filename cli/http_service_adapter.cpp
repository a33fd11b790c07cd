#include "cli/http_service_adapter.h"

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace weir::cli {

namespace {

// Recursive: a handler may destroy its own mount.
struct Mounted {
  std::recursive_mutex mutex;
  bool open = true;
  bool running = false;
  runtime::HttpHandler handler;
};

runtime::HttpRequest to_runtime(std::string_view rest, const net::Request& request) {
  std::string path(rest.substr(0, rest.find('?')));
  if (!path.starts_with('/')) path.insert(0, 1, '/');
  std::size_t mark = request.target.find('?');
  return {.method = request.method,
          .path = std::move(path),
          .query = mark == std::string::npos ? "" : request.target.substr(mark + 1),
          .content_type = std::string(request.headers.get("Content-Type")),
          .body = request.body};
}

net::Security to_net(const runtime::HttpSecurity& security, const std::string& path_prefix) {
  net::Security result;
  if (const auto& tls = security.tls) {
    result.tls = {.cert_pem = tls->cert_pem,
                  .cert_file = tls->cert_file,
                  .key_pem = tls->key_pem,
                  .key_file = tls->key_file,
                  .client_ca_pem = tls->client_ca_pem,
                  .client_ca_file = tls->client_ca_file,
                  .client_auth_type = tls->client_auth_type,
                  .min_version = tls->min_version,
                  .max_version = tls->max_version,
                  .cipher_suites = tls->cipher_suites,
                  .curves = tls->curve_preferences};
  }
  if (const auto& password = security.password) {
    result.auth = {.username = password->username,
                   .password = password->password,
                   .paths = password->paths,
                   .paths_need_it = password->authenticates_matching,
                   .path_prefix = path_prefix};
  }
  return result;
}

}  // namespace

struct HttpServiceAdapter::Mounts {
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<Mounted>, std::less<>> by_id;

  std::shared_ptr<Mounted> find(std::string_view id) {
    std::lock_guard lock(mutex);
    auto it = by_id.find(id);
    return it == by_id.end() ? nullptr : it->second;
  }
};

class HttpServiceAdapter::AdaptedMount final : public Mount {
 public:
  AdaptedMount(std::shared_ptr<Mounts> mounts, std::string id, std::shared_ptr<Mounted> mounted)
      : mounts_(std::move(mounts)), id_(std::move(id)), mounted_(std::move(mounted)) {}

  ~AdaptedMount() override {
    {
      std::lock_guard lock(mounts_->mutex);
      auto it = mounts_->by_id.find(id_);
      if (it != mounts_->by_id.end() && it->second == mounted_) mounts_->by_id.erase(it);
    }
    std::lock_guard lock(mounted_->mutex);
    mounted_->open = false;
    if (!mounted_->running) mounted_->handler = nullptr;
  }

 private:
  std::shared_ptr<Mounts> mounts_;
  std::string id_;
  std::shared_ptr<Mounted> mounted_;
};

HttpServiceAdapter::HttpServiceAdapter() : mounts_(std::make_shared<Mounts>()) {}
HttpServiceAdapter::~HttpServiceAdapter() = default;

void HttpServiceAdapter::use(net::Server& server, net::Handler closed, net::Handler handler,
                             std::string path_prefix) {
  std::lock_guard lock(mutex_);
  server_ = &server;
  is_open_ = false;
  closed_ = std::move(closed);
  handler_ = std::move(handler);
  path_prefix_ = std::move(path_prefix);
}

bool HttpServiceAdapter::take_config(bool has_http_block) {
  std::lock_guard lock(mutex_);
  bool had_http_block = std::exchange(has_http_block_, has_http_block);
  if (has_http_block) {
    is_open_ = false;
    if (!had_http_block) answer_all(closed_);
    return false;
  }
  overtaken_ = asked_;
  // Anew it would end what goes on without any need.
  if (!std::exchange(is_open_, true)) answer_all(handler_);
  return had_http_block;
}

void HttpServiceAdapter::answer_all(const net::Handler& handler) {
  if (server_ == nullptr) return;
  // There is nothing in it that could be unusable.
  [[maybe_unused]] Result<> opened = server_->secure({}, handler);
}

Result<> HttpServiceAdapter::secure(const runtime::HttpSecurity& security) {
  net::Server* server = nullptr;
  net::Security wanted;
  std::uint64_t number = 0;
  {
    std::lock_guard lock(mutex_);
    if (server_ == nullptr) return fail("there is no server");
    if (!has_http_block_) return {};
    server = server_;
    wanted = to_net(security, path_prefix_);
    number = ++asked_;
  }
  // Files are read, which may hang.
  auto ready = server->prepare(wanted);
  if (!ready) return fail(ready.error());
  std::lock_guard lock(mutex_);
  // Of a block that has gone, or is no longer what it was.
  if (number <= overtaken_) return {};
  overtaken_ = number;
  (*ready)(handler_);
  return {};
}

std::unique_ptr<runtime::HttpService::Mount> HttpServiceAdapter::mount(std::string_view component_id,
                                                                       runtime::HttpHandler handler) {
  auto mounted = std::make_shared<Mounted>();
  mounted->handler = std::move(handler);
  {
    std::lock_guard lock(mounts_->mutex);
    mounts_->by_id[std::string(component_id)] = mounted;
  }
  return std::make_unique<AdaptedMount>(mounts_, std::string(component_id), std::move(mounted));
}

void HttpServiceAdapter::handle(std::string_view component_id, std::string_view rest,
                                const net::Request& request, net::Reply reply) const {
  if (auto mounted = mounts_->find(component_id)) {
    std::lock_guard lock(mounted->mutex);
    if (mounted->open) {
      mounted->running = true;
      mounted->handler(to_runtime(rest, request), [reply = std::move(reply)](runtime::HttpAnswer answer) {
        net::Response response{.status = answer.status, .body = std::move(answer.body)};
        response.headers.set("Content-Type", answer.content_type);
        reply(std::move(response));
      });
      mounted->running = false;
      return;
    }
  }
  reply(net::Response::text(404, fmt::format("component {} answers no requests\n", component_id)));
}

}  // namespace weir::cli
