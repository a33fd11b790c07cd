#include "components/server_certificate.h"

#include <fmt/core.h>

#include "net/options.h"

namespace weir {
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

}  // namespace

void check_certificate(lang::Problems& problems, const ServerCertificate& certificate) {
  exactly_one(problems, "cert_pem", !certificate.cert_pem.empty(), "cert_file",
              !certificate.cert_file.empty());
  exactly_one(problems, "key_pem", !certificate.key_pem.text.empty(), "key_file",
              !certificate.key_file.empty());
}

void check_client_ca(lang::Problems& problems, std::string_view name, const std::string& ca,
                     const std::string& client_ca_file, std::string_view client_auth_type) {
  if (!ca.empty() && !client_ca_file.empty()) {
    problems.add("client_ca_file", fmt::format("at most one of {} and client_ca_file may be given", name));
  }
  bool has_ca = !ca.empty() || !client_ca_file.empty();
  if (has_ca && (client_auth_type.empty() || client_auth_type == "NoClientCert")) {
    problems.add(ca.empty() ? "client_ca_file" : std::string(name),
                 "no client is asked for a certificate: set client_auth_type to RequireAndVerifyClientCert");
  }
}

void check_cipher_suites(lang::Problems& problems, const std::vector<std::string>& names) {
  if (auto known = net::check_cipher_suites(names); !known)
    problems.add("cipher_suites", known.error().message);
}

}  // namespace weir
