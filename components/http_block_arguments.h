// The arguments of the block http.
#pragma once

#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "base/duration.h"
#include "components/server_certificate.h"
#include "lang/field.h"
#include "lang/value.h"

namespace weir {

// Of the store of Windows: known, so that what is said of it is more than that it is unknown.
struct WindowsServerCertificate {
  std::string store, system_store;
  std::vector<std::string> issuer_common_names;
  std::string template_id;
  Duration refresh_interval = std::chrono::minutes(5);

  static constexpr auto fields() {
    return std::tuple{
        lang::optional("store", &WindowsServerCertificate::store, "Store of the certificate."),
        lang::optional("system_store", &WindowsServerCertificate::system_store, "Where that store is."),
        lang::optional("issuer_common_names", &WindowsServerCertificate::issuer_common_names,
                       "Who has issued it."),
        lang::optional("template_id", &WindowsServerCertificate::template_id, "Template of it."),
        lang::optional("refresh_interval", &WindowsServerCertificate::refresh_interval,
                       "How often to look for it."),
    };
  }
  bool operator==(const WindowsServerCertificate&) const = default;
};

struct WindowsClientCertificates {
  std::vector<std::string> issuer_common_names;
  std::string subject_regex, template_id;

  static constexpr auto fields() {
    return std::tuple{
        lang::optional("issuer_common_names", &WindowsClientCertificates::issuer_common_names,
                       "Who has issued those of clients."),
        lang::optional("subject_regex", &WindowsClientCertificates::subject_regex,
                       "What their subject is like."),
        lang::optional("template_id", &WindowsClientCertificates::template_id, "Template of them."),
    };
  }
  bool operator==(const WindowsClientCertificates&) const = default;
};

struct WindowsCertificateFilter {
  std::optional<WindowsServerCertificate> server;
  std::optional<WindowsClientCertificates> client;

  static constexpr auto fields() {
    using Self = WindowsCertificateFilter;
    return std::tuple{lang::block("server", &Self::server, "The server's certificate."),
                      lang::block("client", &Self::client, "Certificates of clients.")};
  }
  bool operator==(const WindowsCertificateFilter&) const = default;
};

struct HttpBlockTls : ServerCertificate {
  std::optional<std::string> client_ca_pem;
  std::string client_auth_type = "NoClientCert";
  std::vector<std::string> cipher_suites, curve_preferences;
  std::string min_version, max_version;
  std::optional<WindowsCertificateFilter> windows_certificate_filter;

  static constexpr auto fields() {
    return std::tuple_cat(
        server_certificate_fields<HttpBlockTls>(),
        std::tuple{
            lang::optional("client_ca_pem", &HttpBlockTls::client_ca_pem,
                           "Certificates, in PEM form, that issue those of clients; or client_ca_file. "
                           "Without either the system's are trusted."),
            lang::optional(
                "client_auth_type", &HttpBlockTls::client_auth_type,
                "Which certificates clients must have. Only those with Verify in their name look at the "
                "issuer.")
                .one_of("NoClientCert|RequestClientCert|RequireAnyClientCert|VerifyClientCertIfGiven|"
                        "RequireAndVerifyClientCert"),
            lang::optional("cipher_suites", &HttpBlockTls::cipher_suites,
                           "Names of cipher suites to speak, such as "
                           "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256; else all that are safe."),
            lang::optional("curve_preferences", &HttpBlockTls::curve_preferences,
                           "Curves to agree on a key with, the best first: CurveP256, CurveP384, "
                           "CurveP521, X25519; else all of them."),
            lang::optional(
                "min_version", &HttpBlockTls::min_version,
                "Oldest TLS version; else TLS12. TLS10 and TLS11 mean TLS12 too: what is older is not "
                "spoken.")
                .one_of("|TLS10|TLS11|TLS12|TLS13"),
            lang::optional("max_version", &HttpBlockTls::max_version,
                           "Newest TLS version; else the newest there is.")
                .one_of("|TLS10|TLS11|TLS12|TLS13"),
            lang::block("windows_certificate_filter", &HttpBlockTls::windows_certificate_filter,
                        "Certificates from the store of Windows. Not supported: an error."),
        });
  }
  void check(lang::Problems& problems) const;
  bool operator==(const HttpBlockTls&) const = default;
};

struct HttpBlockBasic {
  std::string username;
  lang::Secret password;

  static constexpr auto fields() {
    return std::tuple{
        lang::required("username", &HttpBlockBasic::username, "User name to ask for, without a \":\"."),
        lang::required("password", &HttpBlockBasic::password,
                       "Password to ask for; an empty one is an error."),
    };
  }
  void check(lang::Problems& problems) const;
  bool operator==(const HttpBlockBasic&) const = default;
};

struct HttpBlockFilter {
  std::vector<std::string> paths;
  bool authenticate_matching_paths = true;

  static constexpr auto fields() {
    return std::tuple{
        lang::optional("paths", &HttpBlockFilter::paths,
                       "Beginnings of paths, such as \"/metrics\", without escapes such as %2F. Without any "
                       "the password is needed for all."),
        lang::optional("authenticate_matching_paths", &HttpBlockFilter::authenticate_matching_paths,
                       "Whether the password is needed for these paths; else for all the others."),
    };
  }
  void check(lang::Problems& problems) const;
  bool operator==(const HttpBlockFilter&) const = default;
};

struct HttpBlockAuth {
  std::optional<HttpBlockBasic> basic;
  std::optional<HttpBlockFilter> filter;

  static constexpr auto fields() {
    return std::tuple{
        lang::block("basic", &HttpBlockAuth::basic, "The password. Without this block none is asked for."),
        lang::block("filter", &HttpBlockAuth::filter, "What the password is needed for; else everything."),
    };
  }
  bool operator==(const HttpBlockAuth&) const = default;
};

struct HttpBlockArguments {
  std::optional<HttpBlockTls> tls;
  std::optional<HttpBlockAuth> auth;

  static constexpr auto fields() {
    return std::tuple{
        lang::block("tls", &HttpBlockArguments::tls, "Certificates; with them only TLS is spoken."),
        lang::block("auth", &HttpBlockArguments::auth, "Who may ask."),
    };
  }
  bool operator==(const HttpBlockArguments&) const = default;
};

}  // namespace weir
