#include "net/stream.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "base/file_system.h"
#include "net/text.h"

namespace weir::net {

namespace {

namespace ssl = asio::ssl;

class PlainStream final : public Stream {
 public:
  explicit PlainStream(Socket socket) : socket_(std::move(socket)) {}

  asio::awaitable<Result<>> handshake() override { co_return Result<>(); }
  asio::awaitable<Moved> read_some(asio::mutable_buffer buffer) override {
    auto [error, n] = co_await socket_.async_read_some(buffer, kResult);
    co_return Moved{error, n};
  }
  asio::awaitable<Moved> write_some(asio::const_buffer buffer) override {
    auto [error, n] = co_await socket_.async_write_some(buffer, kResult);
    co_return Moved{error, n};
  }
  Socket& socket() override { return socket_; }

 private:
  Socket socket_;
};

class TlsStream final : public Stream {
 public:
  TlsStream(Socket socket, std::shared_ptr<ssl::context> context, std::string name)
      : context_(std::move(context)), stream_(std::move(socket), *context_), name_(std::move(name)) {}

  Result<> prepare() {
    SSL* handle = stream_.native_handle();
    error_code not_an_address;
    asio::ip::make_address(name_, not_an_address);
    if (!not_an_address) {
      X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(handle), name_.c_str());
      return {};
    }
    SSL_set_hostflags(handle, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    bool ok =
        SSL_set1_host(handle, name_.c_str()) == 1 && SSL_set_tlsext_host_name(handle, name_.c_str()) == 1;
    if (!ok) return fail("tls: \"{}\" cannot be a server name", name_);
    return {};
  }

  asio::awaitable<Result<>> handshake() override {
    auto [error] = co_await stream_.async_handshake(ssl::stream_base::client, kResult);
    if (!error) co_return Result<>();
    long verdict = SSL_get_verify_result(stream_.native_handle());
    if (verdict != X509_V_OK) {
      co_return fail("tls: the certificate of \"{}\" is not accepted: {}", name_,
                     X509_verify_cert_error_string(verdict));
    }
    co_return fail("tls handshake with \"{}\": {}", name_, text_of(error));
  }
  asio::awaitable<Moved> read_some(asio::mutable_buffer buffer) override {
    auto [error, n] = co_await stream_.async_read_some(buffer, kResult);
    // Many servers close without saying so in TLS. Whether the message is whole is
    // for its framing to say, but one that only ends with the connection may have been cut.
    co_return Moved{error, n};
  }
  asio::awaitable<Moved> write_some(asio::const_buffer buffer) override {
    auto [error, n] = co_await stream_.async_write_some(buffer, kResult);
    co_return Moved{error, n};
  }
  Socket& socket() override { return stream_.next_layer(); }

 private:
  std::shared_ptr<ssl::context> context_;
  ssl::stream<Socket> stream_;
  std::string name_;
};

// The text of the last OpenSSL error, for what is not an error_code.
std::string ssl_reason() {
  unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* text = ERR_reason_error_string(code);
  return text ? to_lower(text) : "unknown reason";
}

Result<int> version_number(std::string_view name) {
  if (name.empty() || name == "TLS12") return TLS1_2_VERSION;
  if (name == "TLS10") return TLS1_VERSION;
  if (name == "TLS11") return TLS1_1_VERSION;
  if (name == "TLS13") return TLS1_3_VERSION;
  return fail("tls: min_version \"{}\" is not one of TLS10, TLS11, TLS12, TLS13", name);
}

// The text itself, or what its file holds.
Result<std::string> pem_of(const std::string& pem, const std::string& file, std::string_view what) {
  constexpr std::size_t kLimit = 4 << 20;
  if (!pem.empty() || file.empty()) return pem;
  auto content = read_file(file, kLimit);
  if (!content) return fail("tls {}: {}", what, content.error().message);
  return content;
}

}  // namespace

std::unique_ptr<Stream> plain_stream(Socket socket) {
  return std::make_unique<PlainStream>(std::move(socket));
}

std::string text_of(error_code error) {
  if (error == asio::error::eof || error == ssl::error::stream_truncated) return "connection closed";
  if (error.category() == boost::system::system_category()) return errno_text(error.value());
  return to_lower(error.message());
}

struct TlsContexts::Context {
  std::shared_ptr<ssl::context> context = std::make_shared<ssl::context>(ssl::context::tls_client);

  Result<> trust(const std::string& ca) {
    error_code error;
    if (ca.empty()) {
      context->set_default_verify_paths(error);
      if (error) return fail("tls: load the system's certificates: {}", text_of(error));
      return {};
    }
    context->add_certificate_authority(asio::buffer(ca), error);
    if (error) return fail("tls ca: no certificate in PEM form found in it: {}", text_of(error));
    return {};
  }

  Result<> identify(const std::string& cert, const std::string& key) {
    if (cert.empty() && key.empty()) return {};
    if (cert.empty() || key.empty())
      return fail("tls: a certificate needs its key, and a key its certificate");
    error_code error;
    context->use_certificate_chain(asio::buffer(cert), error);
    if (error) return fail("tls cert: {}", text_of(error));
    context->use_private_key(asio::buffer(key), ssl::context::pem, error);
    if (error) return fail("tls key: {}", text_of(error));
    if (SSL_CTX_check_private_key(context->native_handle()) != 1) {
      return fail("tls: key and certificate do not belong together: {}", ssl_reason());
    }
    return {};
  }
};

TlsContexts::TlsContexts() = default;
TlsContexts::~TlsContexts() = default;

Result<std::shared_ptr<TlsContexts::Context>> TlsContexts::context(const TlsOptions& options) {
  auto ca = pem_of(options.ca_pem, options.ca_file, "ca");
  if (!ca) return fail(ca.error());
  auto cert = pem_of(options.cert_pem, options.cert_file, "cert");
  if (!cert) return fail(cert.error());
  auto key = pem_of(options.key_pem, options.key_file, "key");
  if (!key) return fail(key.error());
  auto version = version_number(options.min_version);
  if (!version) return fail(version.error());

  std::string known_as =
      fmt::format("{}\n{}\n{}\n{}\n{}", *ca, *cert, *key, *version, options.insecure_skip_verify);
  if (auto it = contexts_.find(known_as); it != contexts_.end()) return it->second;

  auto made = std::make_shared<Context>();
  SSL_CTX* handle = made->context->native_handle();
  SSL_CTX_set_min_proto_version(handle, *version);
  // OpenSSL's default level knows no ciphers for what is older than TLS 1.2.
  if (*version < TLS1_2_VERSION) SSL_CTX_set_security_level(handle, 0);
  SSL_CTX_set_verify(handle, options.insecure_skip_verify ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  if (!options.insecure_skip_verify) {
    if (auto ok = made->trust(*ca); !ok) return fail(ok.error());
  }
  if (auto ok = made->identify(*cert, *key); !ok) return fail(ok.error());
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
  auto stream = std::make_unique<TlsStream>(std::move(socket), (*found)->context, name);
  if (auto ok = stream->prepare(); !ok) return fail(ok.error());
  return stream;
}

}  // namespace weir::net
