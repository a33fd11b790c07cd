#include "runtime/expansion.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "lang/eval.h"
#include "runtime/config_blocks.h"
#include "runtime/plan_messages.h"
#include "runtime/resolution.h"

namespace weir::runtime {
namespace {

// A setting of the whole program: once, in the config itself.
bool is_singleton(std::string_view name) {
  const ConfigBlock* block = config_block(name);
  return block != nullptr && !block->is_labelled;
}

bool defines(const lang::Block& block) {
  return block.name == "declare" || block.name.starts_with("import.");
}

}  // namespace

lang::Dialect dialect_of(const lang::File& file, lang::Dialect otherwise) {
  std::string_view name = file.source->name();
  bool is_told = name.ends_with(".river") || name.ends_with(".alloy");
  return is_told ? lang::dialect_of_file(name) : otherwise;
}

void Expansion::run() {
  Module root;
  for (const FilePtr& file : plan_.inputs.files) {
    root.texts.push_back({.body = &file->body,
                          .source = file->source,
                          .dialect = lang::dialect_of_file(file->source->name())});
  }
  queue_.push_back(std::move(root));
  drain();
  read_templates();
}

// Modules in modules are read one after the other: a deep config needs no deep stack.
void Expansion::drain() {
  for (; !queue_.empty(); queue_.pop_front()) read(queue_.front());
}

// What nothing uses is checked as well, as far as that can be without a use. What was brought from elsewhere
// is not: a library may define more than there is here.
void Expansion::read_templates() {
  std::set<const lang::Block*> seen = used_;
  for (std::size_t i = 0; i < definitions_.size(); ++i) {
    if (definitions_[i].is_imported) continue;
    for (const auto& [name, declare] : definitions_[i].declares) {
      if (!seen.insert(declare.block).second) continue;
      auto unused = std::make_shared<Plan>();
      Expansion expansion(*unused, registry_, messages_);
      Module module{.kind = Kind::declare, .texts = {declare.text}, .outer = declare.where};
      module.place.inside_of = std::make_shared<const Link>(Link{.declare = declare.block});
      module.is_template = true;
      expansion.queue_.push_back(std::move(module));
      expansion.drain();
      expansion.read_templates();
      resolve_names(*unused, messages_);
      plan_.templates.push_back(std::move(unused));
    }
  }
}

void Expansion::read(Module& module) {
  Definitions& own = definitions_.emplace_back();
  own.outer = module.outer;
  own.is_imported = module.is_imported || (module.outer != nullptr && module.outer->is_imported);
  module.definitions = &own;
  for (const ModuleText& text : module.texts) {
    for (const lang::Statement& statement : text.body->statements) {
      auto* block = std::get_if<const lang::Block*>(&statement);
      if (block != nullptr && defines(**block)) define(own, module.place, text, **block);
    }
  }
  for (const ModuleText& text : module.texts) {
    for (const lang::Statement& statement : text.body->statements) {
      if (is_full_) return;
      if (auto* attribute = std::get_if<lang::Attribute>(&statement)) {
        messages_.error(text.source, attribute->name_span,
                        fmt::format("unrecognized attribute \"{}\": attributes stand inside of a block",
                                    attribute->name));
      } else {
        read_block(module, text, *std::get<const lang::Block*>(statement));
      }
    }
  }
  check_given(module);
}

bool Expansion::refuse_misplaced(const Module& module, const ModuleText& text, const lang::Block& block) {
  bool is_root = module.kind == Kind::config;
  std::string message;
  if (block.name == "argument" && (is_root || module.kind == Kind::item)) {
    message = "argument blocks only allowed inside a module";
  } else if (block.name == "export" && is_root) {
    message = "export blocks only allowed inside a module";
  } else if (!is_root && (block.name == "logging" || block.name == "tracing")) {
    message = fmt::format("{} block not allowed inside a module", block.name);
  } else if (!is_root && is_singleton(block.name)) {
    message = fmt::format("service blocks not allowed inside a module: \"{}\"", block.name);
  }
  if (message.empty()) return false;
  messages_.error(text.source, block.name_span, std::move(message));
  return true;
}

void Expansion::read_block(Module& module, const ModuleText& text, const lang::Block& block) {
  if (defines(block) || refuse_misplaced(module, text, block)) return;
  if (block.name == "logging") return read_logging(text, block);
  if (block.name == "argument") return read_argument(module, text, block);
  if (block.name == "export") return read_export(module, text, block);
  if (is_singleton(block.name)) return read_singleton(module, text, block);
  if (block.name == "foreach") return read_foreach(module, text, block);
  if (Meaning meaning = meaning_of(block.name, *module.definitions); meaning.is_custom) {
    return use_declare(module, text, block, meaning);
  }
  if (block.name.starts_with("module.") && registry_.find(block.name)) return use_text(module, text, block);
  read_component(module, text, block);
}

void Expansion::read_logging(const ModuleText& text, const lang::Block& block) {
  PlannedBlock& logging = plan_.logging;
  if (!block.label.empty()) {
    return messages_.error(text.source, block.label_span, "block \"logging\" takes no label");
  }
  if (logging.block != nullptr) {
    return messages_.already_declared("logging", text.source, block, logging.source, *logging.block);
  }
  logging = {.block = &block, .source = text.source, .dialect = text.dialect};
}

void Expansion::read_singleton(Module& module, const ModuleText& text, const lang::Block& block) {
  const ComponentType* type = registry_.find(block.name);
  if (type == nullptr) {
    return messages_.error(text.source, block.name_span,
                           fmt::format("block \"{}\" is not supported yet", block.name));
  }
  if (!block.label.empty()) {
    return messages_.error(text.source, block.label_span,
                           fmt::format("block \"{}\" takes no label", block.name));
  }
  add(module.place, text, block, NodeKind::component, type);
}

bool Expansion::has_label(const ModuleText& text, const lang::Block& block, std::string_view what) {
  if (!block.label.empty()) return true;
  messages_.error(text.source, block.name_span,
                  fmt::format("{0} \"{1}\" must have a label: write {1} \"name\" {{ … }}", what, block.name));
  return false;
}

void Expansion::read_component(Module& module, const ModuleText& text, const lang::Block& block) {
  const ComponentType* type = registry_.find(block.name);
  if (type == nullptr) {
    std::vector<std::string_view> own;
    for (const Definitions* one = module.definitions; one != nullptr; one = one->outer) {
      for (const auto& [name, declare] : one->declares) own.push_back(name);
    }
    messages_.error(text.source, block.name_span,
                    fmt::format("cannot find the definition of component name \"{}\"{}", block.name,
                                messages_.name_hint(block, registry_, own)));
  } else if (!has_label(text, block, "component")) {
    return;
  }
  add(module.place, text, block, NodeKind::component, type);
}

// ---- what a module takes and gives ----

void Expansion::read_argument(Module& module, const ModuleText& text, const lang::Block& block) {
  if (!has_label(text, block, "block")) return;
  lang::DecodeOptions options{
      .eval = {.dialect = text.dialect, .scope = nullptr, .env = {}},
      .is_unknown = [](const auto& attribute) { return attribute.name == "default"; }};
  lang::Span header{block.name_span.begin, block.open.end};
  auto decoded =
      lang::decode<ArgumentBlock>(block.body, header, text.source, options, messages_.diagnostics());
  PlannedNode* node = add(module.place, text, block, NodeKind::argument, nullptr);
  if (node == nullptr) return;
  node->value = {.attribute = find_attribute(block.body, "default"),
                 .source = text.source,
                 .dialect = text.dialect,
                 .names = module.place.scope};
  auto given = module.given.find(block.label);
  if (module.is_template) {
    node->waits_for = "a use";
  } else if (given != module.given.end()) {
    given->second.is_used = true;
    const ModuleText& where = given->second.text;
    node->value = {.attribute = given->second.attribute,
                   .source = where.source,
                   .dialect = where.dialect,
                   .names = given->second.names};
  } else if (decoded && !decoded->optional) {
    messages_.error(module.use_source, {module.use->name_span.begin, module.use->open.end},
                    fmt::format("missing required argument \"{}\" to module", block.label));
    messages_.note(text.source, header, "declared here");
  }
}

void Expansion::read_export(Module& module, const ModuleText& text, const lang::Block& block) {
  if (!has_label(text, block, "block")) return;
  lang::DecodeOptions options{.eval = {}, .is_unknown = [](const auto&) { return true; }};
  lang::Span header{block.name_span.begin, block.open.end};
  lang::decode<ExportBlock>(block.body, header, text.source, options, messages_.diagnostics());
  PlannedNode* node = add(module.place, text, block, NodeKind::export_value, nullptr);
  if (node == nullptr) return;
  node->value = {.attribute = find_attribute(block.body, "value"),
                 .source = text.source,
                 .dialect = text.dialect,
                 .names = module.place.scope};
}

void Expansion::check_given(const Module& module) {
  for (const auto& [name, given] : module.given) {
    if (given.is_used) continue;
    std::vector<std::string_view> known;
    for (const ModuleText& text : module.texts) {
      for (const lang::Statement& statement : text.body->statements) {
        auto* block = std::get_if<const lang::Block*>(&statement);
        if (block != nullptr && (*block)->name == "argument") known.push_back((*block)->label);
      }
    }
    messages_.error(given.text.source, given.attribute->name_span,
                    fmt::format("Provided argument \"{}\" is not defined in the module{}", name,
                                messages_.suggestion(name, known)));
  }
}

// ---- nodes and scopes ----

PlannedNode* Expansion::add(const Place& place, const ModuleText& text, const lang::Block& block,
                            NodeKind kind, const ComponentType* type) {
  std::string id(block.name);
  if (!block.label.empty()) (id += '.') += block.label;
  return add(place, text, block, id, kind, type);
}

PlannedNode* Expansion::add(const Place& place, const ModuleText& text, const lang::Block& block,
                            const std::string& local_id, NodeKind kind, const ComponentType* type) {
  if (is_full_) return nullptr;
  if (plan_.nodes.size() >= kMaxNodes) {
    is_full_ = true;
    messages_.error(text.source, block.name_span,
                    fmt::format("the config has more than {} components, arguments and exports with all its "
                                "modules: use fewer modules in modules",
                                kMaxNodes));
    return nullptr;
  }
  std::string id = plan_.scopes[place.scope].prefix + local_id;
  auto [it, is_new] = plan_.by_id.try_emplace(id, static_cast<NodeIndex>(plan_.nodes.size()));
  if (!is_new) {
    const PlannedNode& first = plan_.nodes[it->second];
    messages_.already_declared(local_id, text.source, block, first.source, *first.block);
    return nullptr;
  }
  plan_.nodes.push_back({.id = std::move(id),
                         .kind = kind,
                         .scope = place.scope,
                         .type = type,
                         .block = &block,
                         .source = text.source,
                         .dialect = text.dialect});
  return &plan_.nodes.back();
}

ScopeIndex Expansion::add_scope(std::string path, NodeIndex owner) {
  plan_.scopes.push_back({.path = path, .prefix = path + "/", .outer = {}, .owner = owner});
  return static_cast<ScopeIndex>(plan_.scopes.size() - 1);
}

}  // namespace weir::runtime
