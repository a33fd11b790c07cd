// Which requests need a password, and whether they carry it.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "net/http.h"

namespace weir::net {

class AuthCheck {
 public:
  AuthCheck() = default;  // none does
  explicit AuthCheck(const std::optional<ServerAuthOptions>& options);

  bool allows(const Request& request) const;

 private:
  using Digest = std::array<unsigned char, 32>;
  static Digest digest(std::string_view text);
  bool is_named(std::string_view path) const;
  bool needs_password(std::string_view path) const;

  std::optional<ServerAuthOptions> options_;
  Digest username_{}, password_{};
};

}  // namespace weir::net
