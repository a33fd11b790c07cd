#include "web/config_place.h"

#include <utility>
#include <variant>

#include <fmt/format.h>

#include "lang/parser.h"

namespace weir::web {
namespace {

ConfigPlace place_of(const runtime::Node::Place& place) {
  if (!place.source) return {};
  return {place.source->name(), place.source->position(place.span.begin).line};
}

}  // namespace

std::string to_string(const ConfigPlace& place) {
  return place.line == 0 ? "" : fmt::format("{}:{}", place.file, place.line);
}

ConfigPlace ConfigPlaces::of(const runtime::Node& node) {
  return place_of(node.place());
}

ConfigPlace ConfigPlaces::of(const runtime::Node& node, std::string_view block, std::size_t index) {
  const Component& known = component(node);
  auto lines = known.blocks.find(block);
  if (lines == known.blocks.end() || index >= lines->second.size()) return known.own;
  return {known.own.file, lines->second[index]};
}

std::size_t ConfigPlaces::count(const runtime::Node& node, std::string_view block) {
  const Component& known = component(node);
  auto lines = known.blocks.find(block);
  return lines == known.blocks.end() ? 0 : lines->second.size();
}

const ConfigPlaces::Component& ConfigPlaces::component(const runtime::Node& node) {
  auto [entry, is_new] = components_.try_emplace(&node);
  Component& component = entry->second;
  if (!is_new) return component;
  runtime::Node::Place place = node.place();
  component.own = place_of(place);
  if (!place.source) return component;
  // Its text alone, as the file has it in these lines: the file may have thousands of others.
  std::int64_t lines_before = static_cast<std::int64_t>(component.own.line) - 1;
  auto parsed = lang::parse(lang::Source::make(
      component.own.file, std::string(place.source->text(place.span)), {.bytes = 0, .lines = lines_before}));
  if (!parsed || parsed->body.statements.empty()) return component;
  auto* own = std::get_if<const lang::Block*>(&parsed->body.statements.front());
  if (own == nullptr) return component;
  for (const lang::Statement& statement : (*own)->body.statements) {
    auto* block = std::get_if<const lang::Block*>(&statement);
    if (block == nullptr) continue;
    component.blocks[std::string((*block)->name)].push_back(
        parsed->source->position((*block)->name_span.begin).line);
  }
  return component;
}

}  // namespace weir::web
