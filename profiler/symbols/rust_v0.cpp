#include "profiler/symbols/rust_v0.h"

#include <algorithm>

#include "profiler/symbols/rust.h"

namespace weir::profiler {
namespace rust {
namespace {

// By letter: 'a' …
constexpr std::string_view kBasicTypes[26] = {
    "i8",   "bool", "char", "f64", "str", "f32", "",    "u8", "isize", "usize", "",    "i32", "u32",
    "i128", "u128", "_",    "",    "",    "i16", "u16", "()", "...",   "",      "i64", "u64", "!"};

}  // namespace

void V0Printer::path(Separator separator) {
  if (begin_step()) path_here(separator);
  --depth_;
}

void V0Printer::path_here(Separator separator) {
  switch (char kind = peek()) {
    case 'C': ++at_; return write(identifier().name);
    case 'M':
    case 'X':
    case 'Y':
      ++at_;
      if (kind != 'Y') implementation();
      write('<');
      type();
      if (kind != 'M') {
        write(" as ");
        path(Separator::none);
      }
      return write('>');
    case 'N': return nested_path(separator);
    case 'I':
      ++at_;
      path(separator);
      write(separator == Separator::colons ? "::<" : "<");
      generic_arguments();
      write('>');
      return expect('E');
    case 'B': return back_reference([&] { path(separator); });
    default: return fail();
  }
}

void V0Printer::nested_path(Separator separator) {
  ++at_;
  char space = peek();
  if (!is_lower(space) && !is_upper(space)) return fail();
  ++at_;
  path(separator);
  auto [number, name] = identifier();
  if (is_lower(space)) {
    write("::");
    return write(name);
  }
  write("::{");
  if (space == 'C') {
    write("closure");
  } else if (space == 'S') {
    write("shim");
  } else {
    write(space);
  }
  if (!name.empty()) write(":" + name);
  write("#" + std::to_string(number) + "}");
}

// Where the implementation stands is not shown.
void V0Printer::implementation() {
  bool was_silent = std::exchange(is_silent_, true);
  disambiguator();
  path(Separator::none);
  is_silent_ = was_silent;
}

void V0Printer::generic_arguments() {
  bool was_silent = is_silent_;
  if (mode_ == Demangle::simplified) is_silent_ = true;
  for (bool is_first = true; !at_end() && peek() != 'E'; is_first = false) {
    if (!is_first) write(", ");
    generic_argument();
  }
  is_silent_ = was_silent;
}

void V0Printer::generic_argument() {
  if (take('L')) return lifetime(base62());
  if (take('K')) return constant();
  type();
}

void V0Printer::type() {
  if (begin_step()) type_here();
  --depth_;
}

void V0Printer::type_here() {
  char kind = peek();
  if (is_lower(kind)) {
    ++at_;
    std::string_view text = kBasicTypes[kind - 'a'];
    return text.empty() ? fail() : write(text);
  }
  switch (kind) {
    case 'C':
    case 'M':
    case 'X':
    case 'Y':
    case 'N':
    case 'I': return path(Separator::none);
    case 'A':
    case 'S': return array();
    case 'T': return tuple();
    case 'R':
    case 'Q': return reference();
    case 'P':
    case 'O':
      ++at_;
      write(kind == 'P' ? "*const " : "*mut ");
      return type();
    case 'F': return function();
    case 'D': return dyn();
    case 'B': return back_reference([&] { type(); });
    default: return fail();
  }
}

// With a length, or a slice without.
void V0Printer::array() {
  bool has_length = take('A');
  if (!has_length) ++at_;
  write('[');
  type();
  if (has_length) {
    write("; ");
    constant();
  }
  write(']');
}

void V0Printer::tuple() {
  ++at_;
  write('(');
  std::size_t count = 0;
  for (; !at_end() && peek() != 'E'; ++count) {
    if (count > 0) write(", ");
    type();
  }
  write(count == 1 ? ",)" : ")");
  expect('E');
}

void V0Printer::reference() {
  bool is_mutable = take('Q');
  if (!is_mutable) ++at_;
  write('&');
  if (take('L')) {
    if (std::int64_t index = base62(); index > 0) {
      lifetime(index);
      write(' ');
    }
  }
  if (is_mutable) write("mut ");
  type();
}

void V0Printer::function() {
  ++at_;
  std::int64_t outer = lifetimes_;
  binder();
  if (take('U')) write("unsafe ");
  if (take('K')) abi();
  write("fn(");
  for (bool is_first = true; !at_end() && peek() != 'E'; is_first = false) {
    if (!is_first) write(", ");
    type();
  }
  expect('E');
  write(')');
  if (!take('u')) {
    write(" -> ");
    type();
  }
  lifetimes_ = outer;
}

void V0Printer::abi() {
  if (take('C')) return write("extern \"C\" ");
  bool is_punycode = false;
  std::string name = plain_identifier(is_punycode);
  if (is_punycode) return fail();
  std::ranges::replace(name, '_', '-');
  write("extern \"" + name + "\" ");
}

void V0Printer::dyn() {
  ++at_;
  std::int64_t outer = lifetimes_;
  write("dyn ");
  binder();
  for (bool is_first = true; !at_end() && peek() != 'E'; is_first = false) {
    if (!is_first) write(" + ");
    dyn_trait();
  }
  expect('E');
  lifetimes_ = outer;
  expect('L');
  std::int64_t index = base62();
  if (index <= 0) return;
  write(out_.ends_with(' ') ? "+ " : " + ");
  lifetime(index);
}

// With what its associated types are.
void V0Printer::dyn_trait() {
  bool is_open = open_path();
  while (take('p')) {
    write(is_open ? ", " : "<");
    is_open = true;
    bool is_punycode = false;
    write(plain_identifier(is_punycode));
    write(" = ");
    type();
  }
  if (is_open) write('>');
}

// A path whose generic arguments, when it has any, are still to be closed: true then.
bool V0Printer::open_path() {
  bool is_open = false;
  if (begin_step()) {
    if (take('I')) {
      path(Separator::none);
      write('<');
      generic_arguments();
      expect('E');
      is_open = true;
    } else if (peek() == 'B') {
      back_reference([&] { is_open = open_path(); });
    } else {
      path(Separator::none);
    }
  }
  --depth_;
  return is_open;
}

}  // namespace rust

std::optional<std::string> demangle_rust_v0(std::string_view name, Demangle mode) {
  if (!name.starts_with("_R")) return std::nullopt;
  return rust::V0Printer(name.substr(2, name.find('.') - 2), mode).run();
}

}  // namespace weir::profiler
