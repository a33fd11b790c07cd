#include "components/pyroscope/listen_arguments.h"

#include <ranges>
#include <string_view>

#include "net/text.h"

namespace weir::pyroscope {
namespace {

// "VersionTLS12" -> "TLS12".
std::string_view short_version(std::string_view name) {
  constexpr std::string_view kPrefix = "Version";
  return name.starts_with(kPrefix) ? name.substr(kPrefix.size()) : name;
}

}  // namespace

void ListenTlsArguments::check(lang::Problems& problems) const {
  check_certificate(problems, *this);
  check_client_ca(problems, *this, "client_ca", client_ca, client_auth_type);
  check_cipher_suites(problems, suites());
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
                                .client_ca_pem = client_ca.value_or(""),
                                .client_ca_file = client_ca_file.value_or(""),
                                .client_auth_type = client_auth_type,
                                .min_version = std::string(short_version(min_version)),
                                .cipher_suites = suites()};
  // The name it had before.
  if (client_auth_type == "RequireClientCert") options.client_auth_type = "RequireAnyClientCert";
  return options;
}

std::vector<std::string> ListenTlsArguments::suites() const {
  std::vector<std::string> names;
  for (auto part : std::views::split(std::string_view(cipher_suites), ',')) {
    std::string_view name = net::trim(std::string_view(part));
    if (!name.empty()) names.emplace_back(name);
  }
  return names;
}

std::string ListenArguments::address() const {
  bool is_v6 = listen_address.find(':') != std::string::npos && !listen_address.starts_with('[');
  std::string host = listen_address.empty() ? "0.0.0.0" : listen_address;
  return fmt::format("{}:{}", is_v6 ? "[" + host + "]" : host, listen_port);
}

}  // namespace weir::pyroscope
