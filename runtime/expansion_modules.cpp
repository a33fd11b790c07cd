// The part of Expansion that makes modules, and finds what they are made from.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "lang/eval.h"
#include "lang/text.h"
#include "runtime/config_blocks.h"
#include "runtime/expansion.h"
#include "runtime/plan_messages.h"

namespace weir::runtime {
namespace {

const lang::Block* find_block(const lang::Body& body, std::string_view name) {
  for (const lang::Statement& statement : body.statements) {
    auto* block = std::get_if<const lang::Block*>(&statement);
    if (block != nullptr && (*block)->name == name) return *block;
  }
  return nullptr;
}

}  // namespace

const lang::Attribute* find_attribute(const lang::Body& body, std::string_view name) {
  const lang::Attribute* found = nullptr;
  for (const lang::Statement& statement : body.statements) {
    auto* attribute = std::get_if<lang::Attribute>(&statement);
    if (attribute != nullptr && attribute->name == name) found = attribute;
  }
  return found;
}

// ---- definitions ----

void Expansion::define(Definitions& into, const Place& place, const ModuleText& text,
                       const lang::Block& block) {
  if (block.name != "declare") return define_import(into, place, text, block);
  if (!has_label(text, block, "block")) return;
  if (config_block(block.label) != nullptr) {
    return messages_.error(text.source, block.label_span,
                           fmt::format("\"{}\" is not a valid label for declare: a block of that name means "
                                       "something else",
                                       block.label));
  }
  if (!is_free(text, block)) return;
  ModuleText body{.body = &block.body, .source = text.source, .dialect = text.dialect};
  auto [it, is_new] = into.declares.try_emplace(
      block.label, Definitions::Declare{.block = &block, .text = body, .where = &into});
  if (is_new) return;
  messages_.already_declared(fmt::format("declare.{}", block.label), text.source, block,
                             it->second.text.source, *it->second.block);
}

// A name of the library would be hidden by it, and by itself mean all that is below it, which is no value.
bool Expansion::is_free(const ModuleText& text, const lang::Block& block) {
  bool is_taken = block.label == kModulePath || lang::is_library_name(block.label, lang::Dialect::river) ||
                  lang::is_library_name(block.label, lang::Dialect::alloy);
  if (!is_taken) return true;
  messages_.error(text.source, block.label_span,
                  fmt::format("\"{}\" is a name of the library: choose another label", block.label));
  return false;
}

void Expansion::define_import(Definitions& into, const Place& place, const ModuleText& text,
                              const lang::Block& block) {
  const ComponentType* type = registry_.find(block.name);
  if (type == nullptr) {
    return messages_.error(text.source, block.name_span,
                           fmt::format("cannot find the definition of component name \"{}\"{}", block.name,
                                       messages_.name_hint(block, registry_, {})));
  }
  if (!has_label(text, block, "block") || !is_free(text, block)) return;
  PlannedNode* node = add(place, text, block, NodeKind::import, type);
  if (node == nullptr) return;
  NodeIndex index = plan_.by_id.at(node->id);
  std::string id = node->id;
  auto [it, is_new] = into.imports.try_emplace(
      block.label, Definitions::Import{.id = id, .block = &block, .source = text.source});
  if (!is_new) {
    messages_.already_declared(fmt::format("import \"{}\"", block.label), text.source, block,
                               it->second.source, *it->second.block);
    return;
  }
  auto found = plan_.inputs.contents.find(id);
  if (found == plan_.inputs.contents.end() || !found->second->is_there) return;
  it->second.content = definitions_in(*found->second, place, text, block, index);
}

const Definitions* Expansion::definitions_in(const Content& content, const Place& place,
                                             const ModuleText& text, const lang::Block& block,
                                             NodeIndex owner) {
  if (!may_nest(place, content, text, block)) return nullptr;
  Definitions& definitions = definitions_.emplace_back();
  definitions.is_imported = true;
  Place inside{.scope = add_scope(plan_.nodes[owner].id, owner), .depth = place.depth + 1};
  inside.inside_of = std::make_shared<const Link>(Link{.content = &content, .outer = place.inside_of});
  for (const FilePtr& file : content.files) {
    ModuleText part{.body = &file->body, .source = file->source, .dialect = dialect_of(*file, text.dialect)};
    for (const lang::Statement& statement : file->body.statements) {
      // That there is nothing else has been seen to when it came.
      if (auto* one = std::get_if<const lang::Block*>(&statement)) define(definitions, inside, part, **one);
    }
  }
  return &definitions;
}

// ---- uses ----

bool Expansion::may_nest(const Place& place, const ModuleText& text, const lang::Block& block) {
  if (place.depth < kMaxModuleDepth) return true;
  messages_.error(text.source, block.name_span,
                  fmt::format("modules are nested deeper than {}", kMaxModuleDepth));
  return false;
}

bool Expansion::may_nest(const Place& place, const Content& content, const ModuleText& text,
                         const lang::Block& block) {
  for (const Link* link = place.inside_of.get(); link != nullptr; link = link->outer.get()) {
    if (link->content == nullptr || !(link->content->texts == content.texts)) continue;
    messages_.error(text.source, block.name_span,
                    fmt::format("{} \"{}\" brings the text that it stands in", block.name, block.label));
    return false;
  }
  return may_nest(place, text, block);
}

bool Expansion::may_nest(const Place& place, const Definitions::Declare& declare, const ModuleText& text,
                         const lang::Block& block) {
  std::string path;
  for (const Link* link = place.inside_of.get(); link != nullptr; link = link->outer.get()) {
    if (link->declare == nullptr) continue;
    path.insert(0, fmt::format("{} -> ", link->declare->label));
    if (link->declare != declare.block) continue;
    messages_.error(text.source, block.name_span,
                    fmt::format("declare \"{0}\" contains itself: {1}{0}", declare.block->label, path));
    messages_.note(declare.text.source, declare.block->name_span, "declared here");
    return false;
  }
  return may_nest(place, text, block);
}

void Expansion::take_given(Module& inner, const Place& outside, const ModuleText& text,
                           const lang::Body& body) {
  for (const lang::Statement& statement : body.statements) {
    if (auto* block = std::get_if<const lang::Block*>(&statement)) {
      messages_.error(text.source, (*block)->name_span,
                      fmt::format("nested blocks not supported here: write {} = {{ … }}", (*block)->name));
      continue;
    }
    const auto& attribute = std::get<lang::Attribute>(statement);
    inner.given[attribute.name] = {.attribute = &attribute, .text = text, .names = outside.scope};
  }
}

void Expansion::report_no_definition(const ModuleText& text, const lang::Block& block,
                                     const Meaning& meaning) {
  std::string hint = ": the first part of the name is defined in the config, the whole is not";
  if (meaning.import != nullptr) {
    std::vector<std::string> names;
    for (const auto& [name, declare] : meaning.import->content->declares) {
      names.push_back(fmt::format("{}.{}", meaning.import->block->label, name));
    }
    hint = messages_.suggestion(block.name, {names.begin(), names.end()});
    if (hint.empty() && !names.empty()) hint = fmt::format(" (there are {})", fmt::join(names, ", "));
    if (names.empty()) hint = fmt::format(": {} defines nothing", meaning.import->id);
  }
  messages_.error(text.source, block.name_span,
                  fmt::format("cannot find the definition of component name \"{}\"{}", block.name, hint));
}

void Expansion::use_declare(Module& module, const ModuleText& text, const lang::Block& block,
                            const Meaning& meaning) {
  PlannedNode* node = add(module.place, text, block, NodeKind::module, &module_type());
  if (node == nullptr) return;
  if (meaning.declare == nullptr && meaning.import != nullptr && meaning.import->content == nullptr) {
    node->waits_for = meaning.import->id;
    return;
  }
  if (meaning.declare == nullptr) return report_no_definition(text, block, meaning);
  const Definitions::Declare& declare = *meaning.declare;
  used_.insert(declare.block);
  if (!may_nest(module.place, declare, text, block)) return;
  NodeIndex index = plan_.by_id.at(node->id);
  ScopeIndex scope = add_scope(node->id, index);
  plan_.nodes[index].inner = scope;
  Module inner{.kind = Kind::declare,
               .place = {.scope = scope, .depth = module.place.depth + 1},
               .texts = {declare.text},
               .outer = declare.where,
               .use = &block,
               .use_source = text.source};
  inner.place.inside_of =
      std::make_shared<const Link>(Link{.declare = declare.block, .outer = module.place.inside_of});
  take_given(inner, module.place, text, block.body);
  queue_.push_back(std::move(inner));
}

void Expansion::use_text(Module& module, const ModuleText& text, const lang::Block& block) {
  if (!has_label(text, block, "component")) return;
  PlannedNode* node = add(module.place, text, block, NodeKind::module, registry_.find(block.name));
  if (node == nullptr) return;
  NodeIndex index = plan_.by_id.at(node->id);
  auto found = plan_.inputs.contents.find(node->id);
  if (found == plan_.inputs.contents.end() || !found->second->is_there) {
    node->waits_for = "its text";
    return;
  }
  const Content& content = *found->second;
  if (!may_nest(module.place, content, text, block)) return;
  ScopeIndex scope = add_scope(node->id, index);
  plan_.nodes[index].inner = scope;
  Module inner{.kind = Kind::module_text,
               .place = {.scope = scope, .depth = module.place.depth + 1},
               .use = &block,
               .use_source = text.source};
  inner.is_imported = !content.is_literal;
  inner.place.inside_of =
      std::make_shared<const Link>(Link{.content = &content, .outer = module.place.inside_of});
  for (const FilePtr& file : content.files) {
    inner.texts.push_back(
        {.body = &file->body, .source = file->source, .dialect = dialect_of(*file, text.dialect)});
  }
  if (const lang::Block* given = find_block(block.body, "arguments")) {
    take_given(inner, module.place, text, given->body);
  }
  queue_.push_back(std::move(inner));
}

// ---- foreach ----

std::string Expansion::variable_of(const ModuleText& text, const lang::Block& block) {
  const lang::Attribute* attribute = find_attribute(block.body, "var");
  if (attribute == nullptr) return "";  // the table says that it is missing
  auto value = lang::evaluate(*attribute->value, text.source, {.dialect = text.dialect});
  const std::string* name = value ? value->as_string() : nullptr;
  if (name != nullptr && lang::is_identifier(*name)) return *name;
  messages_.error(text.source, attribute->value->span,
                  "\"var\" must be a name in double quotes, as in var = \"each\"");
  return "";
}

void Expansion::read_foreach(Module& module, const ModuleText& text, const lang::Block& block) {
  const ComponentType* type = registry_.find(block.name);
  if (type == nullptr) return read_component(module, text, block);
  if (!has_label(text, block, "block")) return;
  PlannedNode* node = add(module.place, text, block, NodeKind::foreach, type);
  if (node == nullptr) return;
  NodeIndex index = plan_.by_id.at(node->id);
  std::string id = node->id;
  std::string variable = variable_of(text, block);
  const lang::Block* body = find_block(block.body, "template");
  if (body == nullptr) {
    messages_.error(text.source, {block.name_span.begin, block.open.end},
                    "missing required block \"template\"");
  }
  auto items = plan_.inputs.items.find(id);
  if (body == nullptr || variable.empty() || items == plan_.inputs.items.end()) return;
  if (!may_nest(module.place, text, block)) return;
  ModuleText inside{.body = &body->body, .source = text.source, .dialect = text.dialect};
  for (const std::string& item : items->second.names) {
    ScopeIndex scope = add_scope(fmt::format("{}/{}", id, item), index);
    plan_.scopes[scope].outer = module.place.scope;
    Module inner{.kind = Kind::item, .place = module.place, .texts = {inside}, .outer = module.definitions};
    inner.place.scope = scope;
    ++inner.place.depth;
    if (add(inner.place, text, block, variable, NodeKind::variable, nullptr) == nullptr) return;
    queue_.push_back(std::move(inner));
  }
}

}  // namespace weir::runtime
