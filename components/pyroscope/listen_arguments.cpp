#include "components/pyroscope/listen_arguments.h"

#include <ranges>
#include <string_view>

#include "net/text.h"

namespace weir::pyroscope {
namespace {

void exactly_one(lang::Problems& problems, std::string_view first, bool has_first, std::string_view second,
                 bool has_second) {
  if (has_first && has_second) {
    problems.add(std::string(second), fmt::format("at most one of {} and {} may be given", first, second));
  }
  if (!has_first && !has_second) {
    problems.add(std::string(first), fmt::format("a server with tls needs {} or {}", first, second));
  }
}

// "VersionTLS12" -> "TLS12".
std::string_view short_version(std::string_view name) {
  constexpr std::string_view kPrefix = "Version";
  return name.starts_with(kPrefix) ? name.substr(kPrefix.size()) : name;
}

}  // namespace

void ListenTlsArguments::check(lang::Problems& problems) const {
  exactly_one(problems, "cert_pem", !cert_pem.empty(), "cert_file", !cert_file.empty());
  exactly_one(problems, "key_pem", !key_pem.text.empty(), "key_file", !key_file.empty());
  bool has_ca = !client_ca.empty() || !client_ca_file.empty();
  if (!client_ca.empty() && !client_ca_file.empty()) {
    problems.add("client_ca_file", "at most one of client_ca and client_ca_file may be given");
  }
  if (has_ca && (client_auth_type.empty() || client_auth_type == "NoClientCert")) {
    problems.add(client_ca.empty() ? "client_ca_file" : "client_ca",
                 "no client is asked for a certificate: set client_auth_type to RequireAndVerifyClientCert");
  }
  constexpr std::string_view kVersions[] = {"", "TLS10", "TLS11", "TLS12", "TLS13"};
  if (std::ranges::find(kVersions, short_version(min_version)) == std::end(kVersions)) {
    problems.add("min_version",
                 fmt::format("\"{}\" is not one of VersionTLS12 and VersionTLS13", min_version));
  }
}

net::ServerTlsOptions ListenTlsArguments::options() const {
  net::ServerTlsOptions options{.cert_pem = cert_pem,
                                .cert_file = cert_file,
                                .key_pem = key_pem.text,
                                .key_file = key_file,
                                .client_ca_pem = client_ca,
                                .client_ca_file = client_ca_file,
                                .client_auth_type = client_auth_type,
                                .min_version = std::string(short_version(min_version))};
  // The name it had before.
  if (client_auth_type == "RequireClientCert") options.client_auth_type = "RequireAnyClientCert";
  for (auto part : std::views::split(std::string_view(cipher_suites), ',')) {
    std::string_view name = net::trim(std::string_view(part));
    if (!name.empty()) options.cipher_suites.emplace_back(name);
  }
  return options;
}

std::string ListenArguments::address() const {
  bool is_v6 = listen_address.find(':') != std::string::npos && !listen_address.starts_with('[');
  std::string host = listen_address.empty() ? "0.0.0.0" : listen_address;
  return fmt::format("{}:{}", is_v6 ? "[" + host + "]" : host, listen_port);
}

}  // namespace weir::pyroscope
