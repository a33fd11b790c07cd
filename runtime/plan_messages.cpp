#include "runtime/plan_messages.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace weir::runtime {
namespace {

std::string place(const lang::SourcePtr& source, lang::Span span) {
  auto position = source->position(span.begin);
  return fmt::format("{}:{}:{}", source->name(), position.line, position.column);
}

}  // namespace

void PlanMessages::error(const lang::SourcePtr& source, lang::Span span, std::string message) {
  diagnostics_.push_back({.source = source, .span = span, .message = std::move(message), .notes = {}});
}

void PlanMessages::note(const lang::SourcePtr& source, lang::Span span, std::string message) {
  diagnostics_.back().notes.push_back({.source = source, .span = span, .message = std::move(message)});
}

void PlanMessages::already_declared(const std::string& id, const lang::SourcePtr& source,
                                    const lang::Block& block, const lang::SourcePtr& first_source,
                                    const lang::Block& first) {
  lang::Span span{first.name_span.begin, first.open.begin};
  while (span.end > span.begin && first_source->text()[span.end - 1] == ' ') --span.end;
  error(source, block.name_span,
        fmt::format("block {} already declared at {}", id, place(first_source, first.name_span)));
  note(first_source, span, "first declared here");
}

std::string PlanMessages::suggestion(std::string_view word, const std::vector<std::string_view>& candidates) {
  if (++suggestions_ > kMostSuggestions) return "";
  return lang::did_you_mean_hint(word, candidates);
}

std::string PlanMessages::name_hint(const lang::Block& block, const Registry& registry,
                                    const std::vector<std::string_view>& own_names) {
  // discovery.docker.local { … }
  std::string_view name = block.name;
  if (block.label.empty() && std::ranges::count(name, '.') > 1) {
    std::string_view label = name.substr(name.rfind('.') + 1);
    name.remove_suffix(label.size() + 1);
    if (registry.find(name)) return fmt::format(": write {} \"{}\" {{ … }}", name, label);
  }
  std::vector<std::string_view> names = registry.names();
  names.insert(names.end(), own_names.begin(), own_names.end());
  std::string near = suggestion(block.name, names);
  if (!near.empty()) return near;
  std::string first(block.name.substr(0, block.name.find('.')));
  std::erase_if(names, [&](std::string_view one) { return !one.starts_with(first + "."); });
  return names.empty() ? "" : fmt::format(" (there are {})", fmt::join(names, ", "));
}

}  // namespace weir::runtime
