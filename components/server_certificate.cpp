#include "components/server_certificate.h"

#include <fmt/core.h>

#include "base/file_system.h"
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

void check_client_ca(lang::Problems& problems, const ServerCertificate& certificate, std::string_view name,
                     const std::optional<std::string>& ca, std::string_view client_auth_type) {
  const auto& client_ca_file = certificate.client_ca_file;
  if (!ca && !client_ca_file) return;
  if (ca && client_ca_file) {
    problems.add("client_ca_file", fmt::format("at most one of {} and client_ca_file may be given", name));
  }
  std::string given = ca ? std::string(name) : "client_ca_file";
  if (ca ? ca->empty() : client_ca_file->empty()) {
    problems.add(
        given,
        "an empty one would believe whomever the system's certificates vouch for: is what it is made of "
        "set?");
  }
  if (client_auth_type == "VerifyClientCertIfGiven" || client_auth_type == "RequireAndVerifyClientCert")
    return;
  bool is_asked = !client_auth_type.empty() && client_auth_type != "NoClientCert";
  problems.add(std::move(given),
               fmt::format("{}: set client_auth_type to RequireAndVerifyClientCert",
                           is_asked ? fmt::format("{} believes any certificate", client_auth_type)
                                    : "no client is asked for a certificate"));
}

void check_cipher_suites(lang::Problems& problems, const std::vector<std::string>& names,
                         std::string_view max_version) {
  if (auto known = net::check_cipher_suites(names, max_version); !known)
    problems.add("cipher_suites", known.error().message);
}

std::string certificate_stamp(const ServerCertificate& certificate) {
  std::string stamp;
  for (const std::string& file :
       {certificate.cert_file, certificate.key_file, certificate.client_ca_file.value_or("")}) {
    stamp += file_stamp(file);
  }
  return stamp;
}

}  // namespace weir
