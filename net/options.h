// How the client and the server of this room identify themselves and whom they
// believe: TLS, proxies, tokens, passwords.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace weir::net {

// In order; a name may come more than once.
using HeaderPairs = std::vector<std::pair<std::string, std::string>>;

struct TlsOptions {
  std::string ca_pem, ca_file;
  std::string cert_pem, cert_file;
  std::string key_pem, key_file;
  std::string server_name;  // "" = the URL's host
  bool insecure_skip_verify = false;
  std::string min_version;  // "", TLS10 … TLS13; what is older than TLS12 means TLS12

  bool operator==(const TlsOptions&) const = default;
};

// Through which HTTP proxy a request goes: asked for again where a redirect leads elsewhere.
struct ProxyOptions {
  std::string url;       // http://…; "" = none
  std::string no_proxy;  // what is reached without it; see proxy.h
  // Instead of both: as the client's environment says.
  bool from_environment = false;
  // For the proxy alone, where it is asked for a tunnel.
  HeaderPairs connect_headers;

  bool operator==(const ProxyOptions&) const = default;
};

// What HTTP_PROXY, HTTPS_PROXY and NO_PROXY say.
struct ProxyEnvironment {
  std::string http_proxy, https_proxy, no_proxy;
};

// Client credentials, RFC 6749, 4.4.
struct OAuth2Options {
  std::string client_id, client_secret;
  std::string token_url;
  std::vector<std::string> scopes;
  HeaderPairs endpoint_params;  // further fields of the form
  TlsOptions tls;
  ProxyOptions proxy;

  bool operator==(const OAuth2Options&) const = default;
};

struct ServerTlsOptions {
  std::string cert_pem, cert_file;
  std::string key_pem, key_file;
  std::string client_ca_pem, client_ca_file;  // none: the system's
  // "" = NoClientCert, RequestClientCert, RequireAnyClientCert, VerifyClientCertIfGiven,
  // RequireAndVerifyClientCert.
  std::string client_auth_type;
  std::string min_version, max_version;    // as a client's; max_version "" = the newest
  std::vector<std::string> cipher_suites;  // TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, …; none: OpenSSL's own
  std::vector<std::string> curves;         // CurveP256, CurveP384, CurveP521, X25519, the best first

  bool operator==(const ServerTlsOptions&) const = default;
};

// Whether there are such, and one of them is of a version that is spoken; no file is opened.
Result<> check_cipher_suites(const std::vector<std::string>& names, std::string_view max_version = {});
Result<> check_curves(const std::vector<std::string>& names);

struct ServerAuthOptions {
  std::string username, password;
  // Beginnings of paths: those that need the password or, when `paths_need_it` is
  // false, those that do not. None: every path needs it.
  std::vector<std::string> paths;
  bool paths_need_it = true;
  // "/weir": what stands below it is compared without it, and counts for both places. "": none.
  std::string path_prefix;

  bool operator==(const ServerAuthOptions&) const = default;
};

}  // namespace weir::net
