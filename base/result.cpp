#include "base/result.h"

#include <cctype>

namespace weir {

std::string errno_text(int error_number) {
  char buffer[128];
  // The GNU form: may or may not use the buffer.
  std::string text = strerror_r(error_number, buffer, sizeof buffer);
  // "No such file" -> "no such file", but leave words such as "RPC" alone.
  if (text.size() > 1 && std::isupper(static_cast<unsigned char>(text[0])) &&
      std::islower(static_cast<unsigned char>(text[1]))) {
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  }
  return text;
}

}  // namespace weir
