#include "lang/locate.h"

#include <charconv>
#include <optional>

#include "lang/eval.h"

namespace weir::lang {
namespace {

const Expr& without_parens(const Expr& expr) {
  const Expr* inner = &expr;
  while (auto* paren = std::get_if<ParenExpr>(&inner->node)) inner = paren->inner;
  return *inner;
}

// Takes "[2]" off the front of `path`.
std::optional<std::size_t> take_index(std::string_view& path) {
  if (!path.starts_with('[')) return std::nullopt;
  std::size_t index = 0;
  auto [end, error] = std::from_chars(path.data() + 1, path.data() + path.size(), index);
  if (error != std::errc() || end == path.data() + path.size() || *end != ']') return std::nullopt;
  path.remove_prefix(static_cast<std::size_t>(end - path.data()) + 1);
  return index;
}

bool ends_segment(std::string_view rest) {
  return rest.empty() || rest[0] == '.' || rest[0] == '[';
}

// Takes `name` off the front of `path`, when it stands there as a whole segment.
bool take_name(std::string_view& path, std::string_view name) {
  if (!path.starts_with(name) || !ends_segment(path.substr(name.size()))) return false;
  path.remove_prefix(name.size());
  return true;
}

const Expr* field_value(const ObjectExpr& object, std::string_view& path) {
  for (auto it = object.fields.rbegin(); it != object.fields.rend(); ++it) {
    std::string_view rest = path;
    bool found = false;
    if (rest.starts_with('.')) {
      rest.remove_prefix(1);
      found = take_name(rest, it->name);
    } else if (rest.starts_with("[\"")) {
      rest.remove_prefix(2);
      found = rest.starts_with(it->name) && rest.substr(it->name.size()).starts_with("\"]");
      if (found) rest.remove_prefix(it->name.size() + 2);
    }
    if (!found) continue;
    path = rest;
    return it->value;
  }
  return nullptr;
}

const Expr* step(const Expr& expr, std::string_view& path) {
  const Expr& inner = without_parens(expr);
  if (auto* array = std::get_if<ArrayExpr>(&inner.node)) {
    std::string_view rest = path;
    auto index = take_index(rest);
    if (!index || *index >= array->elements.size()) return nullptr;
    path = rest;
    return array->elements[*index];
  }
  if (auto* object = std::get_if<ObjectExpr>(&inner.node)) return field_value(*object, path);
  return nullptr;
}

struct Found {
  const Attribute* attribute = nullptr;
  const Block* block = nullptr;
};

Found find_statement(const Body& body, std::string_view& path) {
  Found last;
  for (const Statement& statement : body.statements) {
    std::string_view rest = path;
    if (auto* attribute = std::get_if<Attribute>(&statement)) {
      if (!take_name(rest, attribute->name)) continue;
      path = rest;
      return {.attribute = attribute};
    }
  }
  std::size_t seen = 0;
  for (const Statement& statement : body.statements) {
    auto* block = std::get_if<const Block*>(&statement);
    std::string_view rest = path;
    if (!block || !take_name(rest, (*block)->name)) continue;
    auto wanted = take_index(rest);
    if (wanted.value_or(0) != seen++) continue;
    if (rest.starts_with('.')) rest.remove_prefix(1);
    path = rest;
    return {.block = *block};
  }
  return last;
}

}  // namespace

Innermost innermost(const Expr& expr, std::string_view path) {
  const Expr* at = &expr;
  while (!path.empty()) {
    const Expr* next = step(*at, path);
    if (!next) break;
    at = next;
  }
  return {at, path};
}

Span locate(const Body& body, Span fallback, std::string_view path) {
  const Body* inside = &body;
  while (!path.empty()) {
    Found found = find_statement(*inside, path);
    if (found.attribute) return innermost(*found.attribute->value, path).expr->span;
    if (!found.block) break;
    fallback = {found.block->name_span.begin, found.block->open.end};
    inside = &found.block->body;
  }
  return fallback;
}

}  // namespace weir::lang
