// Names that compilers make up: vtables, thunks, guard variables.
#include "profiler/symbols/itanium/parser.h"

namespace weir::profiler::itanium {
namespace {

struct Prefix {
  char code;
  std::string_view text;
};

constexpr Prefix kOfTypes[] = {{'V', "vtable for "},      {'T', "VTT for "},
                               {'I', "typeinfo for "},    {'S', "typeinfo name for "},
                               {'F', "typeinfo fn for "}, {'J', "java Class for "}};
constexpr Prefix kOfNames[] = {{'H', "TLS init function for "}, {'W', "TLS wrapper function for "}};
constexpr Prefix kThunks[] = {
    {'h', "non-virtual thunk to "}, {'v', "virtual thunk to "}, {'c', "covariant return thunk to "}};

template <std::size_t n>
std::string_view find(const Prefix (&prefixes)[n], char code) {
  for (const Prefix& prefix : prefixes) {
    if (prefix.code == code) return prefix.text;
  }
  return {};
}

}  // namespace

Node* Parser::special_name() {
  bool is_of_type = at('T');
  char code = peek(1);
  if (rest_.size() < 2) return fail();
  skip(2);
  if (is_of_type) return type_special(code);
  switch (code) {
    case 'V': return make({.kind = Kind::special, .text = "guard variable for ", .a = name().node});
    case 'R': {
      Node* of = name().node;
      sequence_id(true);
      return make({.kind = Kind::special, .text = "reference temporary for ", .a = of});
    }
    case 'A':
      return make({.kind = Kind::special,
                   .text = "hidden alias for ",
                   .a = encoding(Parameters::read, Place::anywhere)});
    case 'T': {
      std::string_view text = at('n') ? "non-transaction clone for " : "transaction clone for ";
      if (rest_.empty()) return fail();
      skip(1);
      return make({.kind = Kind::special, .text = text, .a = encoding(Parameters::read, Place::anywhere)});
    }
    case 'r': return java_resource();
    case 'I': {
      Node* module = module_name(nullptr);
      if (module == nullptr) return fail();
      return make({.kind = Kind::special, .text = "initializer for module ", .a = module});
    }
    default: return fail();
  }
}

Node* Parser::type_special(char code) {
  if (std::string_view text = find(kOfTypes, code); !text.empty())
    return make({.kind = Kind::special, .text = text, .a = type(Of::plain)});
  if (std::string_view text = find(kOfNames, code); !text.empty())
    return make({.kind = Kind::special, .text = text, .a = name().node});
  if (std::string_view text = find(kThunks, code); !text.empty()) {
    call_offset(code == 'c' ? '\0' : code);
    if (code == 'c') call_offset('\0');
    return make({.kind = Kind::special, .text = text, .a = encoding(Parameters::read, Place::anywhere)});
  }
  if (code == 'A')
    return make(
        {.kind = Kind::special, .text = "template parameter object for ", .a = template_argument({})});
  if (code != 'C') return fail();
  Node* derived = type(Of::plain);
  if (number() < 0) return fail();
  expect('_');
  return make({.kind = Kind::construction, .a = type(Of::plain), .b = derived});
}

// How far a thunk moves `this`: not shown. '\0': the code comes first.
void Parser::call_offset(char code) {
  if (code == '\0') {
    code = peek(0);
    skip(1);
  }
  if (code != 'h' && code != 'v') {
    fail();
    return;
  }
  number();
  if (code == 'v') {
    expect('_');
    number();
  }
  expect('_');
}

Node* Parser::java_resource() {
  int length = number();
  if (length <= 1 || !take('_')) return fail();
  auto size = static_cast<std::size_t>(length - 1);
  if (size > rest_.size()) return fail();
  std::string_view mangled = rest_.substr(0, size);
  skip(size);
  std::string text;
  for (std::size_t i = 0; i < mangled.size(); ++i) {
    if (mangled[i] != '$') {
      text += mangled[i];
      continue;
    }
    switch (++i < mangled.size() ? mangled[i] : '\0') {
      case 'S': text += '/'; break;
      case '_': text += '.'; break;
      case '$': text += '$'; break;
      default: return fail();
    }
  }
  Node* resource = make({.kind = Kind::name, .text = tree_.keep(text)});
  return make({.kind = Kind::special, .text = "java resource ", .a = resource});
}

}  // namespace weir::profiler::itanium
