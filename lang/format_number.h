// The numbers of format(): flags, width and precision of a directive, and the verbs for numbers.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lang/value.h"

namespace weir::lang {

struct FormatSpec {
  bool minus = false;
  bool plus = false;
  bool sharp = false;
  bool space = false;
  bool zero = false;
  bool sharp_v = false;  // %#v
  std::optional<int> width, precision;

  // Padded to the width in runes.
  void pad_to(std::string& out, std::string_view text) const;
};

// Like quote(), in ASCII where `ascii_only`.
std::string quote_with(std::string_view text, bool ascii_only);

// False when the verb does not suit; nothing is written then.
bool print_integer(std::string& out, const Value& value, const FormatSpec& spec, char32_t verb);
bool print_float(std::string& out, double value, const FormatSpec& spec, char32_t verb);

}  // namespace weir::lang
