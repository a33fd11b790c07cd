#include "runtime/host_http.h"

#include <atomic>
#include <utility>

#include "runtime/host.h"

namespace weir::runtime {
namespace {

// Replies exactly once; when nobody did, because the component is gone, it says so.
class Pending {
 public:
  explicit Pending(HttpReply reply) : reply_(std::move(reply)) {}
  ~Pending() {
    answer({.status = 503, .content_type = "text/plain; charset=utf-8", .body = "component is stopped\n"});
  }
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;

  void answer(HttpAnswer answer) {
    if (!answered_.exchange(true)) reply_(std::move(answer));
  }

 private:
  HttpReply reply_;
  std::atomic<bool> answered_ = false;
};

class StrandMount final : public HttpService::Mount {
 public:
  explicit StrandMount(std::shared_ptr<Lease> inner) : inner_(std::move(inner)) {}
  ~StrandMount() override { inner_->end(); }

 private:
  std::shared_ptr<Lease> inner_;
};

class StrandHttp final : public HttpService {
 public:
  StrandHttp(HttpService* outer, std::weak_ptr<Host> host) : outer_(outer), host_(std::move(host)) {}

  Result<> secure(const HttpSecurity& security) override {
    auto host = host_.lock();
    if (outer_ == nullptr || host == nullptr || host->closed()) return fail("there is no server any more");
    return outer_->secure(security);
  }

  std::unique_ptr<Mount> mount(std::string_view component_id, HttpHandler handler) override {
    auto host = host_.lock();
    if (outer_ == nullptr || host == nullptr || host->closed())
      return std::make_unique<StrandMount>(std::make_shared<Lease>(nullptr));
    auto shared = std::make_shared<HttpHandler>(std::move(handler));
    std::shared_ptr<Mount> mount =
        outer_->mount(component_id, [weak = host_, shared](const HttpRequest& request, HttpReply reply) {
          auto pending = std::make_shared<Pending>(std::move(reply));
          if (auto host = weak.lock()) {
            host->post([shared, request, pending] {
              (*shared)(request, [pending](HttpAnswer answer) { pending->answer(std::move(answer)); });
            });
          }
        });
    return std::make_unique<StrandMount>(host->lease(std::move(mount)));
  }

 private:
  HttpService* outer_;
  std::weak_ptr<Host> host_;
};

}  // namespace

std::unique_ptr<HttpService> strand_http(HttpService* outer, std::weak_ptr<Host> host) {
  return std::make_unique<StrandHttp>(outer, std::move(host));
}

}  // namespace weir::runtime
