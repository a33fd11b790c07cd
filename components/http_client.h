// The HTTP settings that many components share, at their own level: credentials,
// TLS, proxy. A component's arguments inherit them and add their fields:
//
//   struct Arguments : HttpClientArguments {
//     std::string url;
//
//     static constexpr auto fields() {
//       return std::tuple_cat(std::tuple{lang::required("url", &Arguments::url, "…")},
//                             http_client_fields<Arguments>());
//     }
//     void check(lang::Problems& problems) const {
//       HttpClientArguments::check(problems);   // not needed without a check of its own
//       …
//     }
//     bool operator==(const Arguments&) const = default;
//   };
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "lang/codec.h"
#include "lang/field.h"
#include "lang/value.h"
#include "runtime/fetcher.h"

namespace weir {

struct BasicAuthArguments {
  std::string username;
  lang::Secret password;
  std::string password_file;

  static constexpr auto fields() {
    using Self = BasicAuthArguments;
    return std::tuple{
        lang::optional("username", &Self::username, "User name."),
        lang::optional("password", &Self::password, "Password; or password_file."),
        lang::optional("password_file", &Self::password_file,
                       "File that holds the password; read for each request."),
    };
  }
  bool operator==(const BasicAuthArguments&) const = default;
};

struct AuthorizationArguments {
  std::string type = "Bearer";
  lang::Secret credentials;
  std::string credentials_file;

  static constexpr auto fields() {
    using Self = AuthorizationArguments;
    return std::tuple{
        lang::optional("type", &Self::type, "First word of the Authorization header."),
        lang::optional("credentials", &Self::credentials, "What follows it; or credentials_file."),
        lang::optional("credentials_file", &Self::credentials_file,
                       "File that holds the credentials; read for each request."),
    };
  }
  bool operator==(const AuthorizationArguments&) const = default;
};

struct TlsArguments {
  std::string ca_pem, ca_file;
  std::string cert_pem, cert_file;
  lang::Secret key_pem;
  std::string key_file;
  std::string server_name;
  bool insecure_skip_verify = false;
  std::string min_version;

  static constexpr auto fields() {
    using Self = TlsArguments;
    return std::tuple{
        lang::optional("ca_pem", &Self::ca_pem,
                       "Certificates to trust, in PEM form, instead of the system's."),
        lang::optional("ca_file", &Self::ca_file, "File of certificates to trust."),
        lang::optional("cert_pem", &Self::cert_pem, "Certificate of this client, in PEM form."),
        lang::optional("cert_file", &Self::cert_file, "File of this client's certificate."),
        lang::optional("key_pem", &Self::key_pem, "Key of this client's certificate, in PEM form."),
        lang::optional("key_file", &Self::key_file, "File of the key."),
        lang::optional("server_name", &Self::server_name,
                       "Name the server's certificate must carry; else the URL's host."),
        lang::optional("insecure_skip_verify", &Self::insecure_skip_verify, "Accept any certificate."),
        lang::optional(
            "min_version", &Self::min_version,
            "Oldest TLS version: TLS12 or TLS13; else TLS12. TLS10 and TLS11 mean TLS12 too: what is "
            "older is not spoken."),
    };
  }
  void check(lang::Problems& problems) const;
  bool operator==(const TlsArguments&) const = default;
};

struct OAuth2Arguments {
  std::string client_id;
  lang::Secret client_secret;
  std::string client_secret_file;
  std::vector<std::string> scopes;
  std::string token_url;
  std::map<std::string, std::string> endpoint_params;
  std::string proxy_url, no_proxy;
  bool proxy_from_environment = false;
  std::map<std::string, std::vector<lang::Secret>> proxy_connect_header;
  std::optional<TlsArguments> tls_config;

  static constexpr auto fields() {
    using Self = OAuth2Arguments;
    return std::tuple{
        lang::optional("client_id", &Self::client_id, "Client id."),
        lang::optional("client_secret", &Self::client_secret, "Client secret; or client_secret_file."),
        lang::optional(
            "client_secret_file", &Self::client_secret_file,
            "File that holds the client secret; read for each request, a new secret gets a new token."),
        lang::optional("scopes", &Self::scopes, "Scopes to ask for."),
        lang::optional(
            "token_url", &Self::token_url,
            "Where tokens are fetched. One serves many requests, until shortly before it expires or the "
            "server answers 401."),
        lang::optional("endpoint_params", &Self::endpoint_params, "Further parameters of the token request."),
        lang::optional("proxy_url", &Self::proxy_url, "Proxy for token requests."),
        lang::optional("no_proxy", &Self::no_proxy, "Hosts that token requests reach without the proxy."),
        lang::optional("proxy_from_environment", &Self::proxy_from_environment,
                       "Take the proxy of token requests from HTTP_PROXY, HTTPS_PROXY and NO_PROXY."),
        lang::optional("proxy_connect_header", &Self::proxy_connect_header,
                       "Headers for the proxy of token requests itself, where it is asked for a tunnel."),
        lang::block("tls_config", &Self::tls_config, "TLS settings of token requests."),
    };
  }
  void check(lang::Problems& problems) const;
  bool operator==(const OAuth2Arguments&) const = default;
};

struct HttpClientArguments {
  std::optional<BasicAuthArguments> basic_auth;
  std::optional<AuthorizationArguments> authorization;
  std::optional<OAuth2Arguments> oauth2;
  lang::Secret bearer_token;
  std::string bearer_token_file;
  std::optional<TlsArguments> tls_config;
  std::string proxy_url;
  std::string no_proxy;
  bool proxy_from_environment = false;
  std::map<std::string, std::vector<lang::Secret>> proxy_connect_header;
  std::map<std::string, std::vector<lang::Secret>> http_headers;
  bool follow_redirects = true;
  bool enable_http2 = true;

  void check(lang::Problems& problems) const;

  // Adds the settings to a request whose URL stands. Files of passwords and tokens
  // are read now, so that a rotated one takes effect; one that cannot be read is the error.
  Result<> apply_to(runtime::FetchRequest& request) const;

  bool operator==(const HttpClientArguments&) const = default;
};

// The fields of HttpClientArguments as fields of an Owner that inherits them.
template <class Owner>
constexpr auto http_client_fields() {
  using Self = HttpClientArguments;
  auto attribute = []<class T>(std::string_view name, T Self::* member, std::string_view doc) {
    return lang::optional<Owner, T>(name, member, doc);
  };
  auto block = []<class T>(std::string_view name, T Self::* member, std::string_view doc) {
    return lang::block<Owner, T>(name, member, doc);
  };
  return std::tuple{
      block("basic_auth", &Self::basic_auth, "User name and password."),
      block("authorization", &Self::authorization, "Authorization header of another kind."),
      block("oauth2", &Self::oauth2, "Access tokens by OAuth 2.0 client credentials."),
      attribute("bearer_token", &Self::bearer_token, "Bearer token."),
      attribute("bearer_token_file", &Self::bearer_token_file,
                "File that holds the bearer token; read for each request."),
      block("tls_config", &Self::tls_config, "TLS settings."),
      attribute("proxy_url", &Self::proxy_url, "HTTP proxy to send requests through."),
      attribute(
          "no_proxy", &Self::no_proxy,
          "Hosts to reach without the proxy, separated by commas: names with all below them, .example.com "
          "for "
          "only what is below, addresses, networks such as 10.0.0.0/8; this machine's own are always among "
          "them."),
      attribute("proxy_from_environment", &Self::proxy_from_environment,
                "Take the proxy from HTTP_PROXY, HTTPS_PROXY and NO_PROXY."),
      attribute("proxy_connect_header", &Self::proxy_connect_header,
                "Headers for the proxy itself, where it is asked for a tunnel to an https server."),
      attribute("http_headers", &Self::http_headers,
                "Headers to send with each request; a redirect to another server does not get them."),
      attribute("follow_redirects", &Self::follow_redirects, "Follow redirects of the server."),
      attribute("enable_http2", &Self::enable_http2, "Speak HTTP/2.")
          .without_effect("weir always speaks HTTP/1.1, which every such server understands"),
  };
}

}  // namespace weir
