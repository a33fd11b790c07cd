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

net::ProxyOptions to_net(runtime::FetchProxy proxy) {
  return {.url = std::move(proxy.url),
          .no_proxy = std::move(proxy.no_proxy),
          .from_environment = proxy.from_environment,
          .connect_headers = std::move(proxy.connect_headers)};
}

net::OAuth2Options to_net(runtime::FetchOAuth2 oauth2) {
  return {.client_id = std::move(oauth2.client_id),
          .client_secret = std::move(oauth2.client_secret),
          .token_url = std::move(oauth2.token_url),
          .scopes = std::move(oauth2.scopes),
          .endpoint_params = std::move(oauth2.endpoint_params),
          .tls = to_net(std::move(oauth2.tls)),
          .proxy = to_net(std::move(oauth2.proxy))};
}

net::ClientRequest to_net(runtime::FetchRequest request) {
  net::ClientRequest result{.method = std::move(request.method),
                            .url = std::move(request.url),
                            .unix_target = std::move(request.unix_target),
                            .body = std::move(request.body),
                            .tls = to_net(std::move(request.tls)),
                            .follow_redirects = request.follow_redirects,
                            .proxy = to_net(std::move(request.proxy)),
                            .connect_timeout = request.connect_timeout,
                            .header_timeout = request.header_timeout,
                            .idle_timeout = request.idle_timeout,
                            .total_timeout = request.total_timeout,
                            .max_body_bytes = request.max_body_bytes};
  for (const auto& [name, value] : request.headers) result.headers.add(name, value);
  for (const auto& [name, value] : request.own_headers) result.own_headers.add(name, value);
  if (request.oauth2) result.oauth2 = to_net(*std::move(request.oauth2));
  return result;
}

runtime::FetchResponse from_net(const net::ClientResponse& response) {
  return {.status = response.status, .headers = response.headers.all(), .body = {}};
}

// As other programs read them: the upper case form first.
std::string either(const std::function<std::string(std::string_view)>& environment, std::string_view upper,
                   std::string_view lower) {
  std::string value = environment(upper);
  return value.empty() ? environment(lower) : value;
}

}  // namespace

FetcherAdapter::FetcherAdapter(const std::function<std::string(std::string_view)>& environment)
    : client_(net::Client::create({.http_proxy = either(environment, "HTTP_PROXY", "http_proxy"),
                                   .https_proxy = either(environment, "HTTPS_PROXY", "https_proxy"),
                                   .no_proxy = either(environment, "NO_PROXY", "no_proxy")})) {}

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
