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

// The length is 32 bits, or 64 after 0xffffffff; the CIE pointer has 32 in both (unlike
// in .debug_frame). It counts back from itself.
std::optional<CfiEntry> next_entry(Cursor& in, std::span<const std::uint8_t> section) {
  std::uint64_t length = in.fixed<std::uint32_t>();
  if (length == 0xffffffff) length = in.fixed<std::uint64_t>();
  if (!in.ok()) return std::nullopt;
  CfiEntry entry;
  if (length == 0) return entry;
  Cursor body = in.take(length);
  if (!in.ok()) return std::nullopt;
  auto here = static_cast<std::uint64_t>(body.at() - section.data());
  std::uint32_t pointer = body.fixed<std::uint32_t>();
  if (!body.ok() || pointer > here) return std::nullopt;
  entry.kind = pointer == 0 ? CfiEntry::Kind::cie : CfiEntry::Kind::fde;
  entry.cie = here - pointer;
  entry.body = body;
  return entry;
}

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

std::optional<Fde> parse_fde(Cursor body, const Cie& cie, const EhBases& bases) {
  Fde fde;
  auto start = read_pointer(body, cie.pointers, bases);
  if (!start) return std::nullopt;
  auto size = read_pointer_value(body, cie.pointers);
  if (!size) return std::nullopt;
  if (cie.augmentation == Cie::Augmentation::sized) body.skip(body.uleb());
  if (!body.ok()) return std::nullopt;
  fde.start = *start;
  fde.size = *size;
  fde.instructions = body;
  return fde;
}

}  // namespace weir::profiler
