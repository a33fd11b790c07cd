#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>

#include "base/file_system.h"
#include "net/text.h"
#include "net/tls_context.h"

namespace weir::net {

namespace tls {

std::string last_error() {
  unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* text = ERR_reason_error_string(code);
  return text ? to_lower(text) : "unknown reason";
}

Result<std::string> pem_of(const std::string& pem, const std::string& file, std::string_view what) {
  constexpr std::size_t kLimit = 4 << 20;
  if (!pem.empty() || file.empty()) return pem;
  auto content = read_regular_file(file, kLimit);
  if (!content) return fail("tls {}: {}", what, content.error().message);
  // Half written, most likely. No certificates at all would mean to trust those of the system.
  if (content->empty()) return fail("tls {}: {} is empty", what, file);
  return content;
}

Result<int> version_number(std::string_view name, std::string_view what, int fallback) {
  if (name.empty()) return fallback;
  if (name == "TLS10" || name == "TLS11" || name == "TLS12") return TLS1_2_VERSION;
  if (name == "TLS13") return TLS1_3_VERSION;
  return fail("tls: {} \"{}\" is not one of TLS10, TLS11, TLS12, TLS13", what, name);
}

Result<> trust(ssl::context& context, const std::string& ca) {
  error_code error;
  if (ca.empty()) {
    context.set_default_verify_paths(error);
    if (error) return fail("tls: load the system's certificates: {}", text_of(error));
    return {};
  }
  context.add_certificate_authority(asio::buffer(ca), error);
  if (error) return fail("tls ca: no certificate in PEM form found in it: {}", text_of(error));
  return {};
}

Result<> identify(ssl::context& context, const std::string& cert, const std::string& key) {
  if (cert.empty() && key.empty()) return {};
  if (cert.empty() || key.empty()) return fail("tls: a certificate needs its key, and a key its certificate");
  error_code error;
  context.use_certificate_chain(asio::buffer(cert), error);
  if (error) return fail("tls cert: {}", text_of(error));
  context.use_private_key(asio::buffer(key), ssl::context::pem, error);
  bool is_of_another =
      ERR_GET_REASON(static_cast<unsigned long>(error.value())) == X509_R_KEY_VALUES_MISMATCH;
  if (error && is_of_another) return fail("tls key: the key is not that of the certificate");
  if (error) return fail("tls key: {}", text_of(error));
  if (SSL_CTX_check_private_key(context.native_handle()) != 1) {
    return fail("tls key: the key is not that of the certificate: {}", last_error());
  }
  return {};
}

}  // namespace tls

namespace {

namespace ssl = asio::ssl;

class ClientStream final : public tls::TlsStream {
 public:
  ClientStream(Socket socket, std::shared_ptr<ssl::context> context, std::string name)
      : TlsStream(std::move(socket), std::move(context)), name_(std::move(name)) {}

  Result<> prepare() {
    error_code not_an_address;
    asio::ip::make_address(name_, not_an_address);
    if (!not_an_address) {
      bool ok = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(handle()), name_.c_str()) == 1;
      if (!ok) return fail("tls: \"{}\" cannot be a server name", name_);
      return {};
    }
    SSL_set_hostflags(handle(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    bool ok =
        SSL_set1_host(handle(), name_.c_str()) == 1 && SSL_set_tlsext_host_name(handle(), name_.c_str()) == 1;
    if (!ok) return fail("tls: \"{}\" cannot be a server name", name_);
    return {};
  }

  asio::awaitable<Result<>> handshake() override {
    auto [error] = co_await stream().async_handshake(ssl::stream_base::client, kResult);
    if (!error) co_return Result<>();
    long verdict = SSL_get_verify_result(handle());
    if (verdict != X509_V_OK) {
      co_return fail("tls: the certificate of \"{}\" is not accepted: {}", name_,
                     X509_verify_cert_error_string(verdict));
    }
    co_return fail("tls handshake with \"{}\": {}{}", name_, text_of(error), remedy(error));
  }

 private:
  static std::string_view remedy(error_code error) {
    if (error.category() != asio::error::get_ssl_category()) return {};
    switch (ERR_GET_REASON(static_cast<unsigned long>(error.value()))) {
      case SSL_R_UNSUPPORTED_PROTOCOL:
      case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
        return "; it must speak TLS 1.2 or newer, and min_version or newer";
      default: return {};
    }
  }

  std::string name_;
};

}  // namespace

struct TlsContexts::Context {
  std::shared_ptr<ssl::context> context = std::make_shared<ssl::context>(ssl::context::tls_client);
};

TlsContexts::TlsContexts() = default;
TlsContexts::~TlsContexts() = default;

Result<std::shared_ptr<TlsContexts::Context>> TlsContexts::context(const TlsOptions& options) {
  auto ca = tls::pem_of(options.ca_pem, options.ca_file, "ca");
  if (!ca) return fail(ca.error());
  auto cert = tls::pem_of(options.cert_pem, options.cert_file, "cert");
  if (!cert) return fail(cert.error());
  auto key = tls::pem_of(options.key_pem, options.key_file, "key");
  if (!key) return fail(key.error());
  auto version = tls::version_number(options.min_version, "min_version", TLS1_2_VERSION);
  if (!version) return fail(version.error());

  std::string known_as =
      fmt::format("{}\n{}\n{}\n{}\n{}", *ca, *cert, *key, *version, options.insecure_skip_verify);
  if (auto it = contexts_.find(known_as); it != contexts_.end()) return it->second;

  auto made = std::make_shared<Context>();
  SSL_CTX* handle = made->context->native_handle();
  SSL_CTX_set_min_proto_version(handle, *version);
  SSL_CTX_set_verify(handle, options.insecure_skip_verify ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  if (!options.insecure_skip_verify) {
    if (auto ok = tls::trust(*made->context, *ca); !ok) return fail(ok.error());
  }
  if (auto ok = tls::identify(*made->context, *cert, *key); !ok) return fail(ok.error());
  // Rotated files leave old contexts behind; streams keep what they use.
  constexpr std::size_t kMost = 16;
  if (contexts_.size() >= kMost) contexts_.clear();
  contexts_[known_as] = made;
  return made;
}

Result<std::unique_ptr<Stream>> TlsContexts::wrap(Socket socket, const TlsOptions& options,
                                                  const std::string& host) {
  auto found = context(options);
  if (!found) return fail(found.error());
  const std::string& name = options.server_name.empty() ? host : options.server_name;
  auto stream = std::make_unique<ClientStream>(std::move(socket), (*found)->context, name);
  if (auto ok = stream->prepare(); !ok) return fail(ok.error());
  return stream;
}

}  // namespace weir::net
