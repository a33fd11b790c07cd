#include "components/http_client.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/file_system.h"
#include "net/text.h"
#include "net/url.h"

namespace weir {

namespace {

void at_most_one(lang::Problems& problems, std::string_view first, bool has_first, std::string_view second,
                 bool has_second) {
  if (!has_first || !has_second) return;
  problems.add(std::string(second), fmt::format("at most one of {} and {} may be given", first, second));
}

// Files end with a newline that is not part of the secret.
Result<std::string> secret_of(const lang::Secret& secret, const std::string& file, std::string_view what) {
  constexpr std::size_t kLimit = 64 << 10;
  if (file.empty()) return secret.text;
  auto content = read_regular_file(file, kLimit);
  if (!content) return fail("{}: {}", what, content.error().message);
  return std::string(net::trim(*content));
}

// "" when there are no credentials.
Result<std::string> authorization_header(const HttpClientArguments& args) {
  if (const auto& basic = args.basic_auth) {
    auto password = secret_of(basic->password, basic->password_file, "basic_auth.password_file");
    if (!password) return password;
    return "Basic " + net::base64(basic->username + ":" + *password);
  }
  if (const auto& other = args.authorization) {
    auto credentials =
        secret_of(other->credentials, other->credentials_file, "authorization.credentials_file");
    if (!credentials) return credentials;
    return other->type + " " + *credentials;
  }
  auto token = secret_of(args.bearer_token, args.bearer_token_file, "bearer_token_file");
  if (!token || token->empty()) return token;
  return "Bearer " + *token;
}

runtime::FetchTls tls_of(const TlsArguments& args) {
  return {.ca_pem = args.ca_pem,
          .ca_file = args.ca_file,
          .cert_pem = args.cert_pem,
          .cert_file = args.cert_file,
          .key_pem = args.key_pem.text,
          .key_file = args.key_file,
          .server_name = args.server_name,
          .insecure_skip_verify = args.insecure_skip_verify,
          .min_version = args.min_version};
}

using SecretHeaders = std::map<std::string, std::vector<lang::Secret>>;

runtime::HeaderList headers_of(const SecretHeaders& headers) {
  runtime::HeaderList list;
  for (const auto& [name, values] : headers) {
    for (const auto& value : values) list.emplace_back(name, value.text);
  }
  return list;
}

// Of the client itself and of its oauth2 block.
template <class Arguments>
runtime::FetchProxy proxy_of(const Arguments& args) {
  return {.url = args.proxy_url,
          .no_proxy = args.no_proxy,
          .from_environment = args.proxy_from_environment,
          .connect_headers = headers_of(args.proxy_connect_header)};
}

Result<runtime::FetchOAuth2> oauth2_of(const OAuth2Arguments& args) {
  auto secret = secret_of(args.client_secret, args.client_secret_file, "oauth2.client_secret_file");
  if (!secret) return fail(secret.error());
  return runtime::FetchOAuth2{.client_id = args.client_id,
                              .client_secret = *std::move(secret),
                              .token_url = args.token_url,
                              .scopes = args.scopes,
                              .endpoint_params = {args.endpoint_params.begin(), args.endpoint_params.end()},
                              .tls = args.tls_config ? tls_of(*args.tls_config) : runtime::FetchTls(),
                              .proxy = proxy_of(args)};
}

void check_headers(const SecretHeaders& headers, std::string_view field, lang::Problems& problems) {
  for (const auto& [name, values] : headers) {
    bool valid =
        std::ranges::all_of(values, [](const auto& value) { return net::valid_header_value(value.text); });
    if (net::valid_header_name(name) && valid) continue;
    problems.add(std::string(field), fmt::format("\"{}\" cannot be sent as a header", name));
  }
}

void check_credentials(const HttpClientArguments& args, lang::Problems& problems) {
  const std::pair<std::string_view, bool> kinds[] = {
      {"basic_auth", args.basic_auth.has_value()},
      {"authorization", args.authorization.has_value()},
      {"oauth2", args.oauth2.has_value()},
      {"bearer_token", !args.bearer_token.text.empty()},
      {"bearer_token_file", !args.bearer_token_file.empty()},
  };
  std::string_view last;
  int given = 0;
  for (const auto& [name, is_given] : kinds) {
    if (!is_given) continue;
    ++given;
    last = name;
  }
  if (given > 1) {
    problems.add(
        std::string(last),
        "at most one of basic_auth, authorization, oauth2, bearer_token and bearer_token_file may be given");
  }
  if (const auto& basic = args.basic_auth) {
    at_most_one(problems, "basic_auth.password", !basic->password.text.empty(), "basic_auth.password_file",
                !basic->password_file.empty());
  }
  if (const auto& other = args.authorization) {
    at_most_one(problems, "authorization.credentials", !other->credentials.text.empty(),
                "authorization.credentials_file", !other->credentials_file.empty());
    if (equal_ignoring_case(net::trim(other->type), "basic")) {
      problems.add("authorization.type", "the type cannot be \"basic\"; use a basic_auth block instead");
    }
  }
}

template <class Arguments>
void check_proxy(const Arguments& args, lang::Problems& problems) {
  bool has_url = !args.proxy_url.empty();
  bool has_no_proxy = !args.no_proxy.empty();
  if (has_url) {
    auto url = net::parse_url(args.proxy_url);
    if (!url) problems.add("proxy_url", url.error().message);
    if (url && url->scheme != "http") problems.add("proxy_url", "only http:// proxies are supported");
  }
  if (args.proxy_from_environment && has_url) {
    problems.add("proxy_url", "proxy_from_environment and proxy_url exclude each other");
  }
  if (args.proxy_from_environment && has_no_proxy) {
    problems.add("no_proxy", "proxy_from_environment and no_proxy exclude each other");
  }
  if (has_no_proxy && !has_url && !args.proxy_from_environment) {
    problems.add("no_proxy", "no_proxy needs proxy_url");
  }
  if (!args.proxy_connect_header.empty() && !has_url && !args.proxy_from_environment) {
    problems.add("proxy_connect_header", "proxy_connect_header needs proxy_url or proxy_from_environment");
  }
  check_headers(args.proxy_connect_header, "proxy_connect_header", problems);
}

}  // namespace

void TlsArguments::check(lang::Problems& problems) const {
  at_most_one(problems, "ca_pem", !ca_pem.empty(), "ca_file", !ca_file.empty());
  at_most_one(problems, "cert_pem", !cert_pem.empty(), "cert_file", !cert_file.empty());
  at_most_one(problems, "key_pem", !key_pem.text.empty(), "key_file", !key_file.empty());
  bool has_cert = !cert_pem.empty() || !cert_file.empty();
  bool has_key = !key_pem.text.empty() || !key_file.empty();
  if (has_cert && !has_key) {
    problems.add(cert_pem.empty() ? "cert_file" : "cert_pem", "a certificate needs key_pem or key_file");
  }
  if (has_key && !has_cert) {
    problems.add(key_file.empty() ? "key_pem" : "key_file", "a key needs cert_pem or cert_file");
  }
  constexpr std::string_view kVersions[] = {"", "TLS10", "TLS11", "TLS12", "TLS13"};
  if (std::ranges::find(kVersions, min_version) == std::end(kVersions)) {
    problems.add("min_version",
                 fmt::format("\"{}\" is not one of TLS10, TLS11, TLS12 and TLS13", min_version));
  }
}

void OAuth2Arguments::check(lang::Problems& problems) const {
  at_most_one(problems, "client_secret", !client_secret.text.empty(), "client_secret_file",
              !client_secret_file.empty());
  if (client_id.empty())
    problems.add("client_id", "a client id is needed: the token is asked for in its name");
  if (auto url = net::parse_url(token_url); !url || url->is_unix()) {
    problems.add("token_url", url ? "tokens come from an http:// or https:// URL" : url.error().message);
  }
  check_proxy(*this, problems);
}

void HttpClientArguments::check(lang::Problems& problems) const {
  check_credentials(*this, problems);
  check_proxy(*this, problems);
  check_headers(http_headers, "http_headers", problems);
}

Result<> HttpClientArguments::apply_to(runtime::FetchRequest& request) const {
  for (auto& header : headers_of(http_headers)) request.own_headers.push_back(std::move(header));
  auto authorization_text = authorization_header(*this);
  if (!authorization_text) return fail(authorization_text.error());
  if (!authorization_text->empty()) request.headers.emplace_back("Authorization", *authorization_text);
  if (tls_config) request.tls = tls_of(*tls_config);
  if (oauth2) {
    auto credentials = oauth2_of(*oauth2);
    if (!credentials) return fail(credentials.error());
    request.oauth2 = *std::move(credentials);
  }
  request.proxy = proxy_of(*this);
  request.follow_redirects = follow_redirects;
  return {};
}

}  // namespace weir
