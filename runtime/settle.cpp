#include "runtime/settle.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "runtime/config_blocks.h"
#include "runtime/expansion.h"
#include "runtime/foreach.h"
#include "runtime/secret_names.h"
#include "runtime/stability.h"

namespace weir::runtime {
namespace {

// A text that only defines; what it holds beside that would be lost without a word.
void check_definitions_only(const std::vector<FilePtr>& files, lang::Diagnostics& wrong) {
  for (const FilePtr& file : files) {
    for (const lang::Statement& statement : file->body.statements) {
      auto* block = std::get_if<const lang::Block*>(&statement);
      bool is_definition =
          block != nullptr && ((*block)->name == "declare" || (*block)->name.starts_with("import."));
      if (is_definition) continue;
      auto* attribute = std::get_if<lang::Attribute>(&statement);
      wrong.push_back(
          {.source = file->source,
           .span = attribute ? attribute->name_span : (*block)->name_span,
           .message = fmt::format("only declare and import blocks are allowed in a module, got {}",
                                  attribute ? attribute->name : (*block)->name)});
    }
  }
}

std::vector<FilePtr> parse_texts(const lang::Value& texts, lang::Diagnostics& wrong) {
  std::vector<lang::SourcePtr> sources;
  std::size_t bytes = 0;
  texts.as_map()->visit([&](std::string_view name, const lang::Value& text) {
    const std::string* content = text.as_string();
    if (content == nullptr) {
      wrong.push_back(
          {.source = nullptr, .span = {}, .message = fmt::format("its text \"{}\" is not a string", name)});
      return;
    }
    bytes += content->size();
    sources.push_back(lang::Source::make(std::string(name), *content));
  });
  if (!wrong.empty()) return {};
  if (bytes <= kMaxContentBytes) return parse_all(sources, wrong);
  wrong.push_back(
      {.source = nullptr,
       .span = {},
       .message = fmt::format("its texts have {} bytes, at most {} are read", bytes, kMaxContentBytes)});
  return {};
}

bool is_text_of(const Content& content, const lang::SourcePtr& source) {
  return source != nullptr &&
         std::ranges::any_of(content.files, [&](const FilePtr& file) { return file->source == source; });
}

}  // namespace

bool brings_texts(const PlannedNode& node) {
  return node.kind == NodeKind::import || (node.kind == NodeKind::module && node.type != &module_type());
}

std::vector<std::string> item_names(const lang::Value& exports) {
  std::vector<std::string> names;
  auto map = exports.as_map();
  auto items = map ? map->find(kItems).value_or(lang::Value()).as_map() : nullptr;
  if (items) items->visit([&](std::string_view name, const lang::Value&) { names.emplace_back(name); });
  return names;
}

std::string summary(const lang::Diagnostics& diagnostics) {
  std::string text;
  std::size_t errors = 0;
  for (const auto& diagnostic : diagnostics) {
    if (diagnostic.severity != lang::Severity::error) continue;
    if (errors++ == 0) text = lang::one_line_with_notes(diagnostic);
  }
  return errors > 1 ? fmt::format("{} (and {} more)", text, errors - 1) : text;
}

std::string refusal(bool goes_on, std::string_view why) {
  return fmt::format("not used{}: {}", goes_on ? ", what was there before goes on" : "", why);
}

void drop_repetitions(lang::Diagnostics& diagnostics) {
  std::set<std::tuple<const lang::Source*, std::uint32_t, std::uint32_t, std::string>> seen;
  std::erase_if(diagnostics, [&](const lang::Diagnostic& one) {
    return !seen.emplace(one.source.get(), one.span.begin, one.span.end, one.message).second;
  });
}

bool Settlement::take(PlanInputs& inputs, const PlannedNode& node, const lang::Value& texts) {
  ContentPtr& held = inputs.contents[node.id];
  std::string asked_for(node.source->text(node.block->span));
  if (held != nullptr && held->texts == texts) {
    Content same = *held;
    same.asked_for = std::move(asked_for);
    held = std::make_shared<const Content>(std::move(same));
    return false;
  }
  Content content{.texts = texts, .asked_for = std::move(asked_for)};
  bool is_world =
      std::ranges::any_of(node.dependent, [](const auto& one) { return !one.references.empty(); });
  const ConfigBlock* block = config_block(node.type->name);
  content.is_literal = block != nullptr && block->has_text_in_config && !is_world;
  lang::Diagnostics wrong;
  content.files = parse_texts(texts, wrong);
  if (node.kind == NodeKind::import && wrong.empty()) check_definitions_only(content.files, wrong);
  content.is_there = wrong.empty();
  if (!wrong.empty() && (content.is_literal || purpose_ == Purpose::validate)) {
    for (lang::Diagnostic& one : wrong) {
      one.notes.push_back({node.source,
                           {node.block->name_span.begin, node.block->label_span.end},
                           fmt::format("brought by {}", node.id)});
      wrong_texts_.push_back(std::move(one));
    }
  } else if (!wrong.empty()) {
    content.is_there = held && held->is_there;
    hide_secrets(wrong, registry_);
    content.refused = refusal(content.is_there, summary(wrong));
    content.files = held ? held->files : std::vector<FilePtr>();
  }
  held = std::make_shared<const Content>(std::move(content));
  return true;
}

bool Settlement::take_texts(PlanInputs& inputs, const Plan& plan, const ExportList& exports) {
  bool is_new = false;
  for (const PlannedNode& node : plan.nodes) {
    if (!brings_texts(node)) continue;
    const ConfigBlock* block = config_block(node.type->name);
    if (block == nullptr || block->read_texts == nullptr) continue;
    if (purpose_ == Purpose::update && inputs.contents.contains(node.id)) continue;
    if (!is_complete(node, exports, env_) || !looked_at_.insert(node.id).second) continue;
    lang::Diagnostics wrong;
    ArgumentsPtr arguments = decode_arguments(plan, node, exports, env_, wrong);
    if (arguments == nullptr) continue;
    auto texts = block->read_texts(arguments, node.id);
    if (texts) {
      is_new = take(inputs, node, *texts) || is_new;
    } else if (purpose_ == Purpose::validate) {
      wrong_texts_.push_back(
          {.severity = lang::Severity::warning,
           .source = node.source,
           .span = {node.block->name_span.begin, node.block->label_span.end},
           .message = fmt::format("what it defines is not checked: {}", texts.error().message)});
    }
  }
  return is_new;
}

bool Settlement::take_items(PlanInputs& inputs, const Plan& plan, const ExportList& exports) {
  bool is_new = false;
  for (const PlannedNode& node : plan.nodes) {
    if (node.kind != NodeKind::foreach || node.type == nullptr) continue;
    const lang::Attribute* collection = find_attribute(node.block->body, "collection");
    std::string asked_for(collection ? node.source->text(collection->span) : "");
    Items& held = inputs.items[node.id];
    if (!is_complete(node, exports, env_)) {
      // Items of another list are none of this one.
      if (held.asked_for == asked_for) continue;
      is_new = is_new || !held.names.empty();
      held = {.names = {}, .asked_for = std::move(asked_for)};
      continue;
    }
    lang::Diagnostics wrong;
    ArgumentsPtr arguments = decode_arguments(plan, node, exports, env_, wrong);
    if (arguments == nullptr) continue;
    Items items{.names = item_names(foreach_items(arguments)), .asked_for = std::move(asked_for)};
    is_new = is_new || held.names != items.names;
    held = std::move(items);
  }
  return is_new;
}

// What another block of that id has brought before may be nothing like what this one is about to bring.
bool Settlement::drop_outdated(PlanInputs& inputs, const Plan& plan) const {
  bool is_dropped = false;
  for (auto& [id, held] : inputs.contents) {
    const NodeIndex* index = plan.find(id);
    if (index == nullptr || !held->is_there) continue;
    const PlannedNode& node = plan.nodes[*index];
    if (node.source->text(node.block->span) == held->asked_for) continue;
    held = std::make_shared<const Content>();
    is_dropped = true;
  }
  return is_dropped;
}

// Its errors are not those of the config: it is left out, and what it was before goes on.
bool Settlement::refuse_blamed(PlanInputs& inputs, const lang::Diagnostics& found) {
  bool is_refused = false;
  for (const lang::Diagnostic& diagnostic : found) {
    if (diagnostic.severity != lang::Severity::error) continue;
    for (auto& [id, held] : inputs.contents) {
      if (held->is_literal || !is_text_of(*held, diagnostic.source)) continue;
      auto before = before_.find(id);
      bool goes_on = before != before_.end() && before->second != held && before->second->is_there;
      lang::Diagnostics shown{diagnostic};
      hide_secrets(shown, registry_);
      Content content{.texts = held->texts,
                      .refused = refusal(goes_on, lang::one_line_with_notes(shown.front())),
                      .asked_for = held->asked_for};
      if (goes_on) {
        content.files = before->second->files;
        content.is_there = true;
        before_.erase(before);
      }
      held = std::make_shared<const Content>(std::move(content));
      is_refused = true;
    }
  }
  return is_refused;
}

// A load fails on what is less stable than whoever runs weir wants.
PlanPtr Settlement::plan_of(PlanInputs inputs, lang::Diagnostics& found) const {
  PlanPtr plan = make_plan(std::move(inputs), registry_, found);
  check_stability(*plan, least_stability_, found);
  for (const auto& unused : plan->templates) check_stability(*unused, least_stability_, found);
  return plan;
}

// The body of a foreach that has no items yet.
void Settlement::check_templates(PlanInputs inputs, PlanPtr plan, lang::Diagnostics& found) {
  bool has_any = false;
  for (int depth = 0; depth < kMaxModuleDepth; ++depth) {
    bool is_new = false;
    for (const PlannedNode& node : plan->nodes) {
      if (node.kind != NodeKind::foreach || !inputs.items[node.id].names.empty()) continue;
      inputs.items[node.id].names = {"foreach_item_1"};
      is_new = true;
    }
    if (!is_new) break;
    has_any = true;
    lang::Diagnostics ignored;
    plan = make_plan(inputs, registry_, ignored);
  }
  if (!has_any) return;
  lang::Diagnostics more;
  plan = plan_of(std::move(inputs), more);
  if (plan->graph.cycles().empty()) check_components(*plan, exports_for_(*plan), env_, more);
  std::erase_if(more, [](const auto& one) { return one.severity != lang::Severity::error; });
  found.insert(found.end(), more.begin(), more.end());
}

PlanPtr Settlement::settle(PlanInputs inputs, lang::Diagnostics& diagnostics) {
  before_ = inputs.contents;
  for (;;) {
    lang::Diagnostics found;
    PlanPtr plan = plan_of(inputs, found);
    bool may_evaluate = plan->graph.cycles().empty();
    if (may_evaluate) {
      lang::Diagnostics ignored;
      ExportList exports = exports_for_(*plan);
      evaluate_values(*plan, exports, env_, ignored);
      bool has_texts = take_texts(inputs, *plan, exports);
      bool has_items = take_items(inputs, *plan, exports);
      if (has_texts || has_items) continue;
      check_components(*plan, std::move(exports), env_, found);
    }
    if (may_evaluate) check_templates(inputs, plan, found);
    bool may_leave_out = purpose_ == Purpose::load && lang::has_errors(found);
    if (may_leave_out && (refuse_blamed(inputs, found) || drop_outdated(inputs, *plan))) continue;
    diagnostics.insert(diagnostics.end(), found.begin(), found.end());
    diagnostics.insert(diagnostics.end(), wrong_texts_.begin(), wrong_texts_.end());
    drop_repetitions(diagnostics);
    return plan;
  }
}

}  // namespace weir::runtime
