#include "profiler/unwind/cfi_entries.h"

#include <algorithm>
#include <string_view>

namespace weir::profiler {
namespace {

// The data that "z" announces, one letter after the other. Of a letter that is not known
// the data's length is neither; what came before it stands.
bool read_augmentation(std::string_view letters, Cursor data, const EhBases& bases, Cie& cie) {
  for (char letter : letters) {
    switch (letter) {
      case 'R': cie.pointers = data.fixed<std::uint8_t>(); break;
      case 'L': data.skip(1); break;
      case 'S': cie.kind = FrameKind::signal; break;
      case 'B':
      case 'G': break;  // aarch64: pointers signed with key B; memory tagged
      case 'P': {
        std::uint8_t encoding = data.fixed<std::uint8_t>();
        constexpr std::uint8_t kDirect = 0x7f;  // we step over it and need not look where it leads
        if (encoding != kOmittedPointer && !read_pointer(data, encoding & kDirect, bases)) return false;
        break;
      }
      default: return true;
    }
  }
  return data.ok();
}

std::string_view read_string(Cursor& in) {
  auto rest = in.rest();
  auto end = std::find(rest.begin(), rest.end(), std::uint8_t{0});
  std::string_view text(reinterpret_cast<const char*>(rest.data()),
                        static_cast<std::size_t>(end - rest.begin()));
  in.skip(text.size() + 1);
  return text;
}

}  // namespace

std::optional<Cie> parse_cie(Cursor body, const EhBases& bases) {
  Cie cie;
  std::uint8_t version = body.fixed<std::uint8_t>();
  if (version != 1 && version != 3 && version != 4) return std::nullopt;
  std::string_view augmentation = read_string(body);
  if (version == 4) {
    std::uint8_t address_size = body.fixed<std::uint8_t>();
    std::uint8_t segment_size = body.fixed<std::uint8_t>();
    if (address_size != sizeof(std::uint64_t) || segment_size != 0) return std::nullopt;
  }
  if (augmentation == "eh") {  // GCC 2: a pointer to its table of exceptions
    body.skip(sizeof(std::uint64_t));
    augmentation = {};
  }
  cie.code_alignment = body.uleb();
  cie.data_alignment = body.sleb();
  cie.return_address = version == 1 ? body.fixed<std::uint8_t>() : body.uleb();
  if (augmentation.starts_with('z')) {
    cie.augmentation = Cie::Augmentation::sized;
    Cursor data = body.take(body.uleb());
    if (!read_augmentation(augmentation.substr(1), data, bases, cie)) return std::nullopt;
  } else if (!augmentation.empty()) {
    return std::nullopt;
  }
  if (!body.ok()) return std::nullopt;
  cie.instructions = body.rest();
  return cie;
}

}  // namespace weir::profiler
