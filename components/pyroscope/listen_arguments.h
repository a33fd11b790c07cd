// Where a component listens, and by which certificates: the blocks http and http > tls.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "base/duration.h"
#include "components/server_certificate.h"
#include "lang/field.h"
#include "net/options.h"

namespace weir::pyroscope {

struct ListenTlsArguments : ServerCertificate {
  std::optional<std::string> client_ca;
  std::string client_auth_type = "NoClientCert";
  std::string cipher_suites;
  std::string min_version;

  static constexpr auto fields() {
    using Self = ListenTlsArguments;
    return std::tuple_cat(
        server_certificate_fields<Self>(),
        std::tuple{
            lang::optional(
                "client_ca", &Self::client_ca,
                "Certificates, in PEM form, that issue those of clients; or client_ca_file. Without either "
                "the system's are trusted."),
            lang::optional(
                "client_auth_type", &Self::client_auth_type,
                "Which certificates clients must have. Only those with Verify in their name look at the "
                "issuer.")
                .one_of("NoClientCert|RequestClientCert|RequireClientCert|RequireAnyClientCert|"
                        "VerifyClientCertIfGiven|RequireAndVerifyClientCert|"),
            lang::optional("cipher_suites", &Self::cipher_suites,
                           "Names of cipher suites to speak, separated by commas, such as "
                           "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256; else all that are safe."),
            lang::optional(
                "min_version", &Self::min_version,
                "Oldest TLS version: VersionTLS12 or VersionTLS13; else VersionTLS12. What is older is not "
                "spoken."),
        });
  }
  void check(lang::Problems& problems) const;
  net::ServerTlsOptions options() const;
  std::vector<std::string> suites() const;
  bool operator==(const ListenTlsArguments&) const = default;
};

struct ListenArguments {
  std::string listen_address;
  std::int64_t listen_port = 8080;
  std::int64_t conn_limit = 16384;
  Duration server_read_timeout = std::chrono::seconds(30);
  Duration server_write_timeout = std::chrono::seconds(30);
  Duration server_idle_timeout = std::chrono::seconds(120);
  std::optional<ListenTlsArguments> tls;

  static constexpr auto fields() {
    using Self = ListenArguments;
    return std::tuple{
        lang::optional(
            "listen_address", &Self::listen_address,
            "Address to listen on; without any every address of this machine. Who sends is asked for a "
            "certificate where tls says so, and else believed: 127.0.0.1 keeps it to this machine."),
        lang::optional("listen_port", &Self::listen_port, "Port to listen on; 0 picks one.")
            .at_least(0)
            .at_most(65535),
        lang::optional(
            "conn_limit", &Self::conn_limit,
            "How many connections there may be at a time. When one more comes, one that waits for its "
            "sender is closed for it.")
            .at_least(1),
        lang::optional("server_read_timeout", &Self::server_read_timeout,
                       "How long the head of a request may take to come.")
            .at_least(0.1),
        lang::optional("server_write_timeout", &Self::server_write_timeout,
                       "How long the answer may take to be made.")
            .at_least(0.1),
        lang::optional(
            "server_idle_timeout", &Self::server_idle_timeout,
            "How long a connection stays open without a request, and how long each 64 KiB of one may take.")
            .at_least(0.1),
        lang::block("tls", &Self::tls, "Certificates; with them only TLS is spoken."),
    };
  }
  std::string address() const;  // host:port
  bool operator==(const ListenArguments&) const = default;
};

}  // namespace weir::pyroscope
