// What the tls blocks of servers have in common: the certificate, and whom they
// ask for one. Such a block's arguments inherit it:
//
//   struct Tls : ServerCertificate {
//     static constexpr auto fields() {
//       return std::tuple_cat(server_certificate_fields<Tls>(), std::tuple{…});
//     }
//     void check(lang::Problems& problems) const;   // calls what is declared below
//   };
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "lang/codec.h"
#include "lang/field.h"
#include "lang/value.h"

namespace weir {

struct ServerCertificate {
  std::string cert_pem, cert_file;
  lang::Secret key_pem;
  std::string key_file;
  std::optional<std::string> client_ca_file;

  bool operator==(const ServerCertificate&) const = default;
};

template <class Owner>
constexpr auto server_certificate_fields() {
  using Self = ServerCertificate;
  return std::tuple{
      lang::optional<Owner, std::string>("cert_pem", &Self::cert_pem,
                                         "The server's certificate, in PEM form; or cert_file."),
      lang::optional<Owner, std::string>("cert_file", &Self::cert_file,
                                         "File of the server's certificate; read again when it changes."),
      lang::optional<Owner, lang::Secret>("key_pem", &Self::key_pem,
                                          "Key of the certificate, in PEM form; or key_file."),
      lang::optional<Owner, std::string>("key_file", &Self::key_file,
                                         "File of the key; read again when it changes."),
      lang::optional<Owner, std::optional<std::string>>(
          "client_ca_file", &Self::client_ca_file,
          "File of certificates that issue those of clients; read again when it changes."),
  };
}

// One of each pair.
void check_certificate(lang::Problems& problems, const ServerCertificate& certificate);
// Who names an issuer must have certificates verified. `ca` is the text of one, `name` that argument's.
void check_client_ca(lang::Problems& problems, const ServerCertificate& certificate, std::string_view name,
                     const std::optional<std::string>& ca, std::string_view client_auth_type);
void check_cipher_suites(lang::Problems& problems, const std::vector<std::string>& names,
                         std::string_view max_version = {});

// Another one when a file has changed: to be taken before they are read.
std::string certificate_stamp(const ServerCertificate& certificate);

}  // namespace weir
