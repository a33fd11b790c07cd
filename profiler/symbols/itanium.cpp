#include "profiler/symbols/itanium.h"

#include <algorithm>

#include "profiler/symbols/itanium/parser.h"
#include "profiler/symbols/itanium/printer.h"

namespace weir::profiler {
namespace {

using itanium::Kind;
using itanium::Node;
using itanium::Parameters;

// What is longer, nobody reads: the name as it is says as much.
constexpr std::size_t kMaxShown = 64u << 10;

Node* parse(itanium::Tree& tree, std::string_view encoding, Parameters parameters) {
  return itanium::Parser(tree, encoding).parse(parameters);
}

// "_block_invoke", "_", a number and ".", in that order, each but the first may be missing.
bool is_block(std::string_view text) {
  text.remove_prefix(std::string_view("_block_invoke").size());
  if (text.starts_with('_')) text.remove_prefix(1);
  text.remove_prefix(std::min(text.find_first_not_of("0123456789"), text.size()));
  return text.empty() || text[0] == '.';
}

// A function that Clang made of a block.
Node* parse_block(itanium::Tree& tree, std::string_view name, Parameters parameters) {
  std::size_t end = name.rfind("_block_invoke");
  if (end == std::string_view::npos || end < 4 || !is_block(name.substr(end))) return nullptr;
  Node* around = parse(tree, name.substr(4, end - 4), parameters);
  if (around == nullptr) return nullptr;
  return tree.make({.kind = Kind::special, .text = "invocation function for block in ", .a = around});
}

// "_GLOBAL_", "_", "." or "$", "I" or "D", and "_": what runs before and after main.
Node* parse_global(itanium::Tree& tree, std::string_view name) {
  std::string_view key = name.substr(8);
  if (key.size() < 4 || !std::string_view("._$").contains(key[0]) || key[2] != '_') return nullptr;
  if (key[1] != 'I' && key[1] != 'D') return nullptr;
  Node* of = nullptr;
  if (key.substr(3).starts_with("_Z")) {
    of = parse(tree, key.substr(5), Parameters::read);
  } else {
    of = tree.make({.kind = Kind::name, .text = key});
  }
  if (of == nullptr) return nullptr;
  bool is_first = key[1] == 'I';
  return tree.make({.kind = Kind::special,
                    .text = is_first ? "global constructors keyed to " : "global destructors keyed to ",
                    .a = of});
}

Node* parse_any(itanium::Tree& tree, std::string_view name, Parameters parameters) {
  if (name.starts_with("_Z")) return parse(tree, name.substr(2), parameters);
  if (name.starts_with("___Z")) return parse_block(tree, name, parameters);
  if (name.starts_with("_GLOBAL_")) return parse_global(tree, name);
  return nullptr;
}

}  // namespace

std::optional<std::string> demangle_itanium(std::string_view name, Demangle mode) {
  itanium::Tree tree;
  Node* root = parse_any(tree, name, mode == Demangle::full ? Parameters::read : Parameters::omit);
  if (root == nullptr) return std::nullopt;
  std::string text = itanium::Printer(tree, mode, kMaxShown).text_of(root);
  return tree.is_exhausted() ? std::nullopt : std::optional(std::move(text));
}

}  // namespace weir::profiler
