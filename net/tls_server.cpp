// The server's side of TLS.
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/ranges.h>

#include "net/text.h"
#include "net/tls.h"
#include "net/tls_context.h"

namespace weir::net {

namespace {

namespace ssl = asio::ssl;

class ServerStream final : public tls::TlsStream {
 public:
  using TlsStream::TlsStream;

  asio::awaitable<Result<>> handshake() override {
    auto [error] = co_await stream().async_handshake(ssl::stream_base::server, kResult);
    if (!error) co_return Result<>();
    long verdict = SSL_get_verify_result(handle());
    if (verdict != X509_V_OK) {
      co_return fail("tls: the client's certificate is not accepted: {}",
                     X509_verify_cert_error_string(verdict));
    }
    co_return fail("tls handshake: {}", text_of(error));
  }
};

struct ClientAuth {
  int mode = SSL_VERIFY_NONE;
  bool is_verified = false;
};

Result<ClientAuth> client_auth(std::string_view type) {
  constexpr int kMust = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  if (type.empty() || type == "NoClientCert") return ClientAuth{};
  if (type == "RequestClientCert") return ClientAuth{.mode = SSL_VERIFY_PEER};
  if (type == "RequireAnyClientCert") return ClientAuth{.mode = kMust};
  if (type == "VerifyClientCertIfGiven") return ClientAuth{.mode = SSL_VERIFY_PEER, .is_verified = true};
  if (type == "RequireAndVerifyClientCert") return ClientAuth{.mode = kMust, .is_verified = true};
  return fail(
      "tls: client_auth_type \"{}\" is not one of NoClientCert, RequestClientCert, RequireAnyClientCert, "
      "VerifyClientCertIfGiven, RequireAndVerifyClientCert",
      type);
}

int accept_any(int, X509_STORE_CTX*) {
  return 1;
}

Result<> ask_clients(ssl::context& context, const ServerTlsOptions& options, const std::string& client_ca) {
  auto asked = client_auth(options.client_auth_type);
  if (!asked) return fail(asked.error());
  SSL_CTX* handle = context.native_handle();
  SSL_CTX_set_verify(handle, asked->mode, asked->is_verified ? nullptr : accept_any);
  if (!asked->is_verified) return {};
  return tls::trust(context, client_ca);
}

Result<> choose_versions(ssl::context& context, const ServerTlsOptions& options) {
  auto least = tls::version_number(options.min_version, "min_version", TLS1_2_VERSION);
  if (!least) return fail(least.error());
  auto most = tls::version_number(options.max_version, "max_version", TLS1_3_VERSION);
  if (!most) return fail(most.error());
  if (*least > *most) {
    return fail("tls: min_version {} is newer than max_version {}", options.min_version, options.max_version);
  }
  SSL_CTX_set_min_proto_version(context.native_handle(), *least);
  SSL_CTX_set_max_proto_version(context.native_handle(), *most);
  return {};
}

// The names of the standard; those of TLS 1.3 are a list of their own.
Result<> choose_ciphers(ssl::context& context, const std::vector<std::string>& names) {
  constexpr std::string_view kNewest[] = {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
                                          "TLS_CHACHA20_POLY1305_SHA256"};
  std::vector<std::string> old, newest;
  for (const std::string& name : names) {
    const char* known = OPENSSL_cipher_name(name.c_str());
    bool is_known = known && std::string_view(known) != "(NONE)";
    if (!is_known) return fail("tls: cipher suite \"{}\" is not known", name);
    bool is_newest = std::ranges::find(kNewest, name) != std::end(kNewest);
    (is_newest ? newest : old).push_back(is_newest ? name : known);
  }
  SSL_CTX* handle = context.native_handle();
  if (!newest.empty() &&
      SSL_CTX_set_ciphersuites(handle, fmt::format("{}", fmt::join(newest, ":")).c_str()) != 1) {
    return fail("tls: cipher suites: {}", tls::last_error());
  }
  if (!old.empty() && SSL_CTX_set_cipher_list(handle, fmt::format("{}", fmt::join(old, ":")).c_str()) != 1) {
    return fail("tls: cipher suites: {}", tls::last_error());
  }
  if (newest.empty() || !old.empty()) return {};
  // Nothing that an older version could use.
  long most = SSL_CTX_get_max_proto_version(handle);
  if (most != 0 && most < TLS1_3_VERSION) {
    return fail(
        "tls: the cipher suites are all of TLS 1.3, and max_version is older: name one of TLS 1.2 as well, "
        "or none");
  }
  SSL_CTX_set_min_proto_version(handle, TLS1_3_VERSION);
  return {};
}

Result<> choose_curves(ssl::context& context, const std::vector<std::string>& names) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kCurves = {
      {{"CurveP256", "P-256"}, {"CurveP384", "P-384"}, {"CurveP521", "P-521"}, {"X25519", "X25519"}}};
  std::vector<std::string_view> groups;
  for (const std::string& name : names) {
    auto it = std::ranges::find(kCurves, std::string_view(name),
                                &std::pair<std::string_view, std::string_view>::first);
    if (it == kCurves.end())
      return fail("tls: curve \"{}\" is not one of CurveP256, CurveP384, CurveP521, X25519", name);
    groups.push_back(it->second);
  }
  if (groups.empty()) return {};
  if (SSL_CTX_set1_groups_list(context.native_handle(), fmt::format("{}", fmt::join(groups, ":")).c_str()) !=
      1) {
    return fail("tls: curves: {}", tls::last_error());
  }
  return {};
}

// Whoever resumes a session is not verified again: neither an expired certificate nor one of an issuer who is
// no longer believed would be noticed.
void resume_nothing(SSL_CTX* handle) {
  SSL_CTX_set_session_cache_mode(handle, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(handle, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(handle, 0);  // those of TLS 1.3
}

Result<> set_up(ssl::context& context, const ServerTlsOptions& options, const std::string& client_ca) {
  auto cert = tls::pem_of(options.cert_pem, options.cert_file, "cert");
  if (!cert) return fail(cert.error());
  auto key = tls::pem_of(options.key_pem, options.key_file, "key");
  if (!key) return fail(key.error());
  if (cert->empty() || key->empty()) return fail("tls: a server needs a certificate and its key");
  if (auto ok = tls::identify(context, *cert, *key); !ok) return ok;
  if (auto ok = ask_clients(context, options, client_ca); !ok) return ok;
  if (auto ok = choose_versions(context, options); !ok) return ok;
  if (auto ok = choose_ciphers(context, options.cipher_suites); !ok) return ok;
  return choose_curves(context, options.curves);
}

}  // namespace

Result<> check_cipher_suites(const std::vector<std::string>& names, std::string_view max_version) {
  ssl::context context(ssl::context::tls_server);
  auto most = tls::version_number(max_version, "max_version", TLS1_3_VERSION);
  if (!most) return fail(most.error());
  SSL_CTX_set_max_proto_version(context.native_handle(), *most);
  return choose_ciphers(context, names);
}

Result<> check_curves(const std::vector<std::string>& names) {
  ssl::context context(ssl::context::tls_server);
  return choose_curves(context, names);
}

struct ServerTls::Context {
  ssl::context context{ssl::context::tls_server};
};

ServerTls::~ServerTls() = default;

Result<std::shared_ptr<ServerTls>> ServerTls::make(ServerTlsOptions options) {
  std::shared_ptr<ServerTls> made(new ServerTls(std::move(options)));
  auto ca = tls::pem_of(made->options_.client_ca_pem, made->options_.client_ca_file, "client_ca");
  if (!ca) return fail(ca.error());
  made->client_ca_ = *std::move(ca);
  made->context_ = std::make_shared<Context>();
  if (auto ok = set_up(made->context_->context, made->options_, made->client_ca_); !ok)
    return fail(ok.error());
  resume_nothing(made->context_->context.native_handle());
  return made;
}

bool ServerTls::believes_as(const ServerTls& other) const {
  return options_ == other.options_ && client_ca_ == other.client_ca_;
}

std::unique_ptr<Stream> ServerTls::wrap(Socket socket) {
  return std::make_unique<ServerStream>(std::move(socket),
                                        std::shared_ptr<ssl::context>(context_, &context_->context));
}

}  // namespace weir::net
