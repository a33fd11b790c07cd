#include "net/auth_check.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>

#include "net/text.h"

namespace weir::net {

namespace {

// What the path is without the prefix, where it stands below it.
std::string_view without_prefix(std::string_view path, std::string_view prefix) {
  if (prefix.empty() || !path.starts_with(prefix)) return path;
  std::string_view below = path.substr(prefix.size());
  if (below.empty()) return "/";
  return below.starts_with('/') ? below : path;
}

}  // namespace

AuthCheck::AuthCheck(const std::optional<ServerAuthOptions>& options) : options_(options) {
  if (!options_) return;
  // One may be written as the browser shows the path.
  for (std::string& path : options_->paths) path = std::string(without_prefix(path, options_->path_prefix));
  username_ = digest(options_->username);
  password_ = digest(options_->password);
}

// Digests are compared, so that the time it takes tells nothing, not even a length.
AuthCheck::Digest AuthCheck::digest(std::string_view text) {
  Digest result;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), result.data());
  return result;
}

bool AuthCheck::is_named(std::string_view path) const {
  return std::ranges::any_of(options_->paths, [&](const auto& begin) { return path.starts_with(begin); });
}

bool AuthCheck::needs_password(std::string_view path) const {
  if (options_->paths.empty()) return true;
  std::string_view below = without_prefix(path, options_->path_prefix);
  // Where paths are named that need none, "/metrics" does not mean the page below "/metrics-of-weir".
  return options_->paths_need_it ? is_named(path) || is_named(below) : !is_named(below);
}

bool AuthCheck::allows(const Request& request) const {
  if (!options_ || !needs_password(decode_path(request.path()))) return true;
  std::string_view header = trim(request.headers.get("Authorization"));
  std::size_t space = std::min(header.find(' '), header.size());
  if (!equal_ignoring_case(header.substr(0, space), "basic")) return false;
  auto pair = from_base64(trim(header.substr(space)));
  std::size_t colon = pair ? pair->find(':') : std::string::npos;
  if (colon == std::string::npos) return false;
  Digest username = digest(std::string_view(*pair).substr(0, colon));
  Digest password = digest(std::string_view(*pair).substr(colon + 1));
  // Both, whatever the first says.
  int wrong = CRYPTO_memcmp(username.data(), username_.data(), username.size());
  wrong |= CRYPTO_memcmp(password.data(), password_.data(), password.size());
  return wrong == 0;
}

}  // namespace weir::net
