// Types whose code begins with "D".
#include <string>

#include "profiler/symbols/itanium/parser.h"

namespace weir::profiler::itanium {
namespace {

struct Word {
  char code;
  std::string_view text;
};

// Behind "D".
constexpr Word kMoreBuiltins[] = {{'f', "decimal32"}, {'d', "decimal64"},        {'e', "decimal128"},
                                  {'h', "half"},      {'u', "char8_t"},          {'s', "char16_t"},
                                  {'i', "char32_t"},  {'n', "decltype(nullptr)"}};

constexpr Word kFixedPoint[] = {{'s', "short "},    {'t', "unsigned short "}, {'i', ""},
                                {'j', "unsigned "}, {'l', "long "},           {'m', "unsigned long "}};

}  // namespace

Node* Parser::d_type(Of of, bool& is_candidate) {
  skip(1);
  if (rest_.empty()) return fail();
  char code = rest_[0];
  skip(1);
  is_candidate = code == 'T' || code == 't' || code == 'p' || code == 'v' || code == 'B' || code == 'U';
  for (const Word& word : kMoreBuiltins) {
    if (word.code == code) return make({.kind = Kind::builtin, .text = word.text});
  }
  switch (code) {
    case 'T':
    case 't': {
      Node* node = expression();
      expect('E');
      return make({.kind = Kind::decltype_, .a = node});
    }
    case 'p': {
      Node* node = type(of);
      return make({.kind = Kind::pack_expansion, .a = node, .link = find_pack(tree_, walks_, node)});
    }
    case 'a': return make({.kind = Kind::name, .text = "auto"});
    case 'c': return make({.kind = Kind::name, .text = "decltype(auto)"});
    case 'F': return float_type(of);
    case 'v': return vector_type(of);
    case 'B':
    case 'U': return bit_int(code == 'B');
    case 'k': return make({.kind = Kind::suffixed, .text = "auto", .a = name().node});
    case 'K': return make({.kind = Kind::suffixed, .text = "decltype(auto)", .a = name().node});
    case 'A':
    case 'R':
    case 'S': return fixed_point_word(code);
    default: return fail();
  }
}

Node* Parser::float_type(Of of) {
  bool has_bits = at_digit();
  int bits = has_bits ? number() : 0;
  if (at('_') || at('x')) {
    std::string_view suffix = at('x') ? "x" : "";
    skip(1);
    return bits == 0 ? fail() : make({.kind = Kind::binary_float, .number = bits, .text = suffix});
  }
  if (take('b')) return bits == 16 ? make({.kind = Kind::builtin, .text = "std::bfloat16_t"}) : fail();
  // A fixed-point type, as older compilers wrote it.
  Node* base = type(of);
  if (at_digit()) number();
  bool is_saturating = at('s');
  skip(1);
  return make({.kind = Kind::fixed_point, .flag = has_bits, .number = is_saturating ? 1 : 0, .a = base});
}

// Behind "A" or "R", or "S" when "D" and one of these follow: _Accum or _Fract, by width.
Node* Parser::fixed_point_word(char code) {
  std::string text;
  if (code == 'S') {
    if (!take('D')) return fail();
    text = "_Sat ";
    code = peek(0);
    skip(1);
  }
  if (code != 'A' && code != 'R') return fail();
  std::string_view kind = code == 'A' ? "_Accum" : "_Fract";
  for (const Word& word : kFixedPoint) {
    if (!take(word.code)) continue;
    text.append(word.text).append(kind);
    return make({.kind = Kind::builtin, .text = tree_.keep(text)});
  }
  return fail();
}

Node* Parser::bit_int(bool is_signed) {
  Node* size = nullptr;
  if (at_digit()) {
    size = make({.kind = Kind::name, .text = tree_.keep(std::to_string(number()))});
  } else {
    size = expression();
  }
  expect('_');
  return make({.kind = Kind::bit_int, .flag = is_signed, .a = size});
}

}  // namespace weir::profiler::itanium
