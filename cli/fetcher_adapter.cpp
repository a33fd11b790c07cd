#include "cli/fetcher_adapter.h"

#include <utility>

namespace weir::cli {

namespace {

class AdaptedFetch final : public runtime::Fetch {
 public:
  explicit AdaptedFetch(std::unique_ptr<net::Pending> pending) : pending_(std::move(pending)) {}

 private:
  std::unique_ptr<net::Pending> pending_;
};

net::TlsOptions to_net(runtime::FetchTls tls) {
  return {.ca_pem = std::move(tls.ca_pem),
          .ca_file = std::move(tls.ca_file),
          .cert_pem = std::move(tls.cert_pem),
          .cert_file = std::move(tls.cert_file),
          .key_pem = std::move(tls.key_pem),
          .key_file = std::move(tls.key_file),
          .server_name = std::move(tls.server_name),
          .insecure_skip_verify = tls.insecure_skip_verify,
          .min_version = std::move(tls.min_version)};
}

net::ClientRequest to_net(runtime::FetchRequest request) {
  net::ClientRequest result{.method = std::move(request.method),
                            .url = std::move(request.url),
                            .unix_target = std::move(request.unix_target),
                            .body = std::move(request.body),
                            .tls = to_net(std::move(request.tls)),
                            .follow_redirects = request.follow_redirects,
                            .proxy_url = std::move(request.proxy_url),
                            .connect_timeout = request.connect_timeout,
                            .header_timeout = request.header_timeout,
                            .idle_timeout = request.idle_timeout,
                            .total_timeout = request.total_timeout,
                            .max_body_bytes = request.max_body_bytes};
  for (const auto& [name, value] : request.headers) result.headers.add(name, value);
  return result;
}

runtime::FetchResponse from_net(const net::ClientResponse& response) {
  return {.status = response.status, .headers = response.headers.all(), .body = {}};
}

}  // namespace

std::unique_ptr<runtime::Fetch> FetcherAdapter::fetch(runtime::FetchRequest request,
                                                      runtime::FetchEvents events) {
  net::ClientEvents adapted;
  if (events.on_head) {
    adapted.on_head = [on_head = std::move(events.on_head)](const net::ClientResponse& head) {
      on_head(from_net(head));
    };
  }
  adapted.on_data = std::move(events.on_data);
  adapted.on_done = [on_done = std::move(events.on_done)](Result<net::ClientResponse> result) {
    if (!on_done) return;
    if (!result) return on_done(fail(std::move(result).error()));
    runtime::FetchResponse response = from_net(*result);
    response.body = std::move(result->body);
    on_done(std::move(response));
  };
  return std::make_unique<AdaptedFetch>(client_->send(to_net(std::move(request)), std::move(adapted)));
}

}  // namespace weir::cli
