#include "components/http_block.h"

#include <string_view>
#include <utility>

#include <fmt/ranges.h>

#include "lang/text.h"
#include "net/options.h"
#include "runtime/http_service.h"

namespace weir {
namespace {

// Between two looks at the files; and until what was unusable is tried again.
constexpr Duration kPause = std::chrono::seconds(5);

runtime::HttpTls tls_of(const HttpBlockTls& tls) {
  return {.cert_pem = tls.cert_pem,
          .cert_file = tls.cert_file,
          .key_pem = tls.key_pem.text,
          .key_file = tls.key_file,
          .client_ca_pem = tls.client_ca_pem.value_or(""),
          .client_ca_file = tls.client_ca_file.value_or(""),
          .client_auth_type = tls.client_auth_type,
          .cipher_suites = tls.cipher_suites,
          .curve_preferences = tls.curve_preferences,
          .min_version = tls.min_version,
          .max_version = tls.max_version};
}

runtime::HttpSecurity security_of(const HttpBlockArguments& args) {
  runtime::HttpSecurity security;
  if (args.tls) security.tls = tls_of(*args.tls);
  if (args.auth && args.auth->basic) {
    security.password = {.username = args.auth->basic->username,
                         .password = args.auth->basic->password.text,
                         .paths = {},
                         .authenticates_matching = true};
    if (const auto& filter = args.auth->filter) {
      security.password->paths = filter->paths;
      security.password->authenticates_matching = filter->authenticate_matching_paths;
    }
  }
  return security;
}

std::string stamp_of(const HttpBlockArguments& args) {
  return args.tls ? certificate_stamp(*args.tls) : "";
}

std::string_view clients_text(std::string_view client_auth_type) {
  if (client_auth_type == "RequestClientCert") return ", clients are asked for a certificate, and need none";
  if (client_auth_type == "RequireAnyClientCert") return ", clients need a certificate, and any will do";
  if (client_auth_type == "RequireAndVerifyClientCert") return ", clients need a certificate";
  if (client_auth_type == "VerifyClientCertIfGiven") return ", certificates of clients are verified";
  return "";
}

// For health: what protects the server.
std::string summary(const runtime::HttpSecurity& security) {
  if (!security.tls && !security.password)
    return "no password and no TLS: whoever reaches the server may ask";
  std::string text = "plain HTTP";
  if (security.tls) text = fmt::format("TLS{}", clients_text(security.tls->client_auth_type));
  if (!security.password) return text + "; no password";
  if (security.password->paths.empty()) return text + "; a password is needed";
  return fmt::format("{}; a password is needed {} {}", text,
                     security.password->authenticates_matching ? "below" : "for all but",
                     fmt::join(security.password->paths, ", "));
}

}  // namespace

void HttpBlockTls::check(lang::Problems& problems) const {
  if (windows_certificate_filter) {
    problems.add(
        "windows_certificate_filter",
        "certificates from the store of Windows are not supported: name files in cert_file and key_file");
  } else {
    check_certificate(problems, *this);
  }
  check_client_ca(problems, *this, "client_ca_pem", client_ca_pem, client_auth_type);
  check_cipher_suites(problems, cipher_suites, max_version);
  if (auto known = net::check_curves(curve_preferences); !known)
    problems.add("curve_preferences", known.error().message);
  // Words in the order of the versions.
  if (!max_version.empty() && min_version > max_version) {
    problems.add("min_version", fmt::format("{} is newer than max_version {}", min_version, max_version));
  }
}

void HttpBlockBasic::check(lang::Problems& problems) const {
  if (username.contains(':')) {
    problems.add("username", "no client can send one with a \":\" in it: what follows would be the password");
  }
  if (password.text.empty()) {
    problems.add("password", "an empty password protects nothing: is what it is made of set?");
  }
}

// One that is the beginning of no path would leave open what it is to protect.
void HttpBlockFilter::check(lang::Problems& problems) const {
  for (const std::string& path : paths) {
    if (!path.starts_with('/')) {
      problems.add("paths", fmt::format("\"{}\" is the beginning of no path: write \"/{}\"",
                                        lang::printable(path), lang::printable(path)));
    } else if (path.find_first_of("%?") != std::string::npos) {
      problems.add("paths",
                   fmt::format("\"{}\" is the beginning of no path: what is compared has its escapes "
                               "decoded and ends before a \"?\"; write it so",
                               lang::printable(path)));
    }
  }
}

void HttpBlock::apply(Arguments args) {
  args_ = std::move(args);
  secure();
}

void HttpBlock::secure() {
  runtime::HttpSecurity security = security_of(args_);
  stamp_ = stamp_of(args_);
  auto secured = ctx_.http().secure(security);
  is_in_effect_ = secured.has_value();
  std::string message =
      secured ? summary(security)
              : fmt::format("{}; until it is usable the server stays as it is, and weir tries again",
                            secured.error().message);
  if (std::exchange(last_message_, message) != message) {
    if (secured) {
      ctx_.log().info("the server is secured", {{"by", message}});
    } else {
      ctx_.log().warn("the server cannot be secured", {{"error", message}});
    }
  }
  ctx_.set_health(secured ? runtime::HealthState::healthy : runtime::HealthState::unhealthy,
                  std::move(message));
  look_later();
}

void HttpBlock::look_later() {
  timer_ = ctx_.after(kPause, [this] { look(); });
}

// The server takes up other files only when it is told to.
void HttpBlock::look() {
  if (!is_in_effect_ || stamp_of(args_) != stamp_) return secure();
  look_later();
}

}  // namespace weir
