#include "runtime/plan.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "lang/eval.h"
#include "lang/parser.h"
#include "lang/stdlib.h"
#include "runtime/type_check.h"

namespace weir::runtime {
namespace {

// Looking for what was meant costs as much as there are components.
constexpr int kMostSuggestions = 20;
// Components of a cycle that are named.
constexpr std::size_t kMostNamed = 10;

constexpr std::array kNotYet = {"http",     "tracing", "remotecfg", "livedebugging",
                                "argument", "export",  "declare",   "foreach"};

bool is_unsupported(const lang::Block& block) {
  if (block.name.starts_with("import.") || block.name.starts_with("module.")) return true;
  return std::ranges::find(kNotYet, block.name) != kNotYet.end();
}

std::string join(const std::vector<std::string_view>& names, std::size_t count) {
  std::string joined;
  for (std::size_t i = 0; i < std::min(count, names.size()); ++i) {
    if (i > 0) joined += '.';
    joined += names[i];
  }
  return joined;
}

std::string place(const lang::SourcePtr& source, lang::Span span) {
  auto position = source->position(span.begin);
  return fmt::format("{}:{}:{}", source->name(), position.line, position.column);
}

// A lone word that nothing is called: how what was meant is written.
std::string word_hint(std::string_view word) {
  std::string lower(word);
  std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kOtherwise = {{{"true", "true"},
                                                                                        {"yes", "true"},
                                                                                        {"on", "true"},
                                                                                        {"false", "false"},
                                                                                        {"no", "false"},
                                                                                        {"off", "false"},
                                                                                        {"nil", "null"}}};
  for (const auto& [other, ours] : kOtherwise) {
    if (lower == other) return fmt::format(", did you mean {}?", ours);
  }
  return fmt::format(": text stands in double quotes, \"{}\"", word);
}

class Planner {
 public:
  Planner(const Registry& registry, lang::Diagnostics& diagnostics)
      : registry_(registry), diagnostics_(diagnostics) {}

  PlanPtr run(std::vector<lang::File> files) {
    plan_->files = std::move(files);
    for (const lang::File& file : plan_->files) read_file(file);
    for (const auto& node : plan_->nodes) plan_->sorted_ids.push_back(node.id);
    std::ranges::sort(plan_->sorted_ids);
    std::vector<std::vector<NodeIndex>> needs;
    for (PlannedNode& node : plan_->nodes) needs.push_back(resolve(node));
    if (plan_->logging.block != nullptr) resolve_logging();
    plan_->graph = Graph(std::move(needs));
    for (const auto& cycle : plan_->graph.cycles()) report_cycle(cycle);
    return plan_;
  }

 private:
  std::string suggestion(std::string_view word, const std::vector<std::string_view>& candidates) {
    if (++suggestions_ > kMostSuggestions) return "";
    return lang::did_you_mean_hint(word, candidates);
  }

  void error(const lang::SourcePtr& source, lang::Span span, std::string message) {
    diagnostics_.push_back({.source = source, .span = span, .message = std::move(message), .notes = {}});
  }

  void read_file(const lang::File& file) {
    lang::Dialect dialect = lang::dialect_of_file(file.source->name());
    for (const lang::Statement& statement : file.body.statements) {
      if (auto* attribute = std::get_if<lang::Attribute>(&statement)) {
        error(file.source, attribute->name_span,
              fmt::format("unrecognized attribute \"{}\": attributes stand inside of a block",
                          attribute->name));
        continue;
      }
      const auto& block = *std::get<const lang::Block*>(statement);
      read_block({.block = &block, .source = file.source, .dialect = dialect});
    }
  }

  void read_block(const PlannedBlock& found) {
    const lang::Block& block = *found.block;
    if (block.name == "logging") return read_logging(found);
    if (is_unsupported(block)) {
      return error(found.source, block.name_span,
                   fmt::format("block \"{}\" is not supported yet", block.name));
    }
    const ComponentType* type = registry_.find(block.name);
    if (type == nullptr) {
      error(
          found.source, block.name_span,
          fmt::format("cannot find the definition of component name \"{}\"{}", block.name, name_hint(block)));
    } else if (block.label.empty()) {
      return error(
          found.source, block.name_span,
          fmt::format("component \"{0}\" must have a label: write {0} \"name\" {{ … }}", block.name));
    }
    std::string id(block.name);
    if (!block.label.empty()) (id += '.') += block.label;
    auto [it, is_new] = plan_->by_id.try_emplace(id, static_cast<NodeIndex>(plan_->nodes.size()));
    if (!is_new) {
      const PlannedNode& first = plan_->nodes[it->second];
      return report_duplicate(found, id, first.source, *first.block);
    }
    plan_->nodes.push_back({.id = std::move(id),
                            .type = type,
                            .block = &block,
                            .source = found.source,
                            .dialect = found.dialect,
                            .dependent = {}});
  }

  void read_logging(const PlannedBlock& found) {
    if (!found.block->label.empty()) {
      return error(found.source, found.block->label_span, "block \"logging\" takes no label");
    }
    if (plan_->logging.block == nullptr) {
      plan_->logging = found;
      return;
    }
    report_duplicate(found, "logging", plan_->logging.source, *plan_->logging.block);
  }

  void report_duplicate(const PlannedBlock& found, const std::string& id, const lang::SourcePtr& source,
                        const lang::Block& first) {
    lang::Span span{first.name_span.begin, first.open.begin};
    while (span.end > span.begin && source->text()[span.end - 1] == ' ') --span.end;
    error(found.source, found.block->name_span,
          fmt::format("block {} already declared at {}", id, place(source, first.name_span)));
    diagnostics_.back().notes.push_back({.source = source, .span = span, .message = "first declared here"});
  }

  // What the name of an unknown block was meant to be.
  std::string name_hint(const lang::Block& block) {
    // discovery.docker.local { … }
    std::string_view name = block.name;
    if (block.label.empty() && std::ranges::count(name, '.') > 1) {
      std::string_view label = name.substr(name.rfind('.') + 1);
      name.remove_suffix(label.size() + 1);
      if (registry_.find(name)) return fmt::format(": write {} \"{}\" {{ … }}", name, label);
    }
    std::string near = suggestion(block.name, registry_.names());
    if (!near.empty()) return near;
    std::string first(block.name.substr(0, block.name.find('.')));
    std::vector<std::string_view> family = registry_.names();
    std::erase_if(family, [&](std::string_view one) { return !one.starts_with(first + "."); });
    return family.empty() ? "" : fmt::format(" (there are {})", fmt::join(family, ", "));
  }

  // The nodes that this one needs.
  std::vector<NodeIndex> resolve(PlannedNode& node) {
    std::vector<NodeIndex> needs;
    resolve_body(node, node.block->body, node.type ? node.type->arguments : nullptr, needs);
    return needs;
  }

  void resolve_body(PlannedNode& node, const lang::Body& body, const lang::BodySchema* schema,
                    std::vector<NodeIndex>& needs) {
    for (const lang::Statement& statement : body.statements) {
      if (auto* block = std::get_if<const lang::Block*>(&statement)) {
        const lang::FieldSchema* field = schema ? schema->find((*block)->name) : nullptr;
        resolve_body(node, (*block)->body, field ? field->body : nullptr, needs);
        continue;
      }
      const auto& attribute = std::get<lang::Attribute>(statement);
      PlannedAttribute planned{.attribute = &attribute, .references = {}};
      for (const auto& reference : lang::references(*attribute.value)) {
        if (lang::reads_environment(reference, node.dialect)) planned.reads_environment = true;
        auto resolved = resolve_reference(reference, node.source, node.dialect);
        if (!resolved) {
          planned.is_broken =
              planned.is_broken || !lang::is_library_name(reference.names.front(), node.dialect);
          continue;
        }
        needs.push_back(resolved->target);
        planned.references.push_back(*std::move(resolved));
      }
      if (planned.references.empty() && !planned.is_broken && !planned.reads_environment) continue;
      const lang::FieldSchema* field = schema ? schema->find(attribute.name) : nullptr;
      std::size_t count = diagnostics_.size();
      if (field != nullptr) check_types(*plan_, node, attribute, *field, diagnostics_);
      planned.is_broken = planned.is_broken || diagnostics_.size() > count;
      node.dependent.push_back(std::move(planned));
    }
  }

  // The shortest prefix that names a node wins.
  std::optional<PlannedReference> resolve_reference(const lang::Reference& reference,
                                                    const lang::SourcePtr& source, lang::Dialect dialect) {
    for (std::size_t count = 1; count <= reference.names.size(); ++count) {
      std::string prefix = join(reference.names, count);
      const NodeIndex* target = plan_->find(prefix);
      if (target == nullptr) continue;
      if (!check_export(reference, count, prefix, plan_->nodes[*target], source)) return std::nullopt;
      return PlannedReference{
          .target = *target, .text = join(reference.names, count + 1), .span = reference.span};
    }
    if (lang::is_library_name(reference.names.front(), dialect)) return std::nullopt;
    report_missing(reference, source, dialect);
    return std::nullopt;
  }

  void report_missing(const lang::Reference& reference, const lang::SourcePtr& source,
                      lang::Dialect dialect) {
    // At most an id is quoted: what follows names exports and fields of theirs.
    std::string wanted = join(reference.names, 3);
    bool is_word = reference.names.size() == 1;
    if (source->text().substr(reference.span.end).starts_with('(')) {
      return error(source, reference.span,
                   fmt::format("function \"{}\" does not exist{}", wanted, function_hint(wanted, dialect)));
    }
    error(source, reference.span,
          is_word ? fmt::format("there is nothing called \"{}\"{}", wanted, word_hint(wanted))
                  : fmt::format("component \"{}\" does not exist or is out of scope{}", wanted,
                                reference_hint(reference, wanted)));
  }

  std::string function_hint(std::string_view wanted, lang::Dialect dialect) {
    std::string_view last = wanted.substr(wanted.rfind('.') + 1);
    if (dialect == lang::Dialect::alloy || !lang::find_signature(wanted, lang::Dialect::alloy)) {
      return suggestion(wanted, lang::library_names(dialect));
    }
    if (lang::is_library_name(last, dialect)) return fmt::format(": in a .river file it is called {}", last);
    return ": only .alloy files have it";
  }

  std::string reference_hint(const lang::Reference& reference, const std::string& wanted) {
    // discovery.docker.targets, without the label.
    std::string prefix = join(reference.names, reference.names.size() - 1) + ".";
    auto one = std::ranges::lower_bound(plan_->sorted_ids, prefix);
    bool is_there = one != plan_->sorted_ids.end() && one->starts_with(prefix);
    const ComponentType* type = is_there ? plan_->nodes[*plan_->find(*one)].type : nullptr;
    if (type && type->exports->find(reference.names.back())) {
      return fmt::format(": its label is missing, as in {}.{}", *one, reference.names.back());
    }
    std::vector<std::string_view> ids(plan_->sorted_ids.begin(), plan_->sorted_ids.end());
    return suggestion(wanted, ids);
  }

  bool check_export(const lang::Reference& reference, std::size_t count, const std::string& id,
                    const PlannedNode& target, const lang::SourcePtr& source) {
    if (target.type == nullptr) return true;  // reported already
    const lang::BodySchema& exports = *target.type->exports;
    if (exports.fields.empty()) {
      error(source, reference.span, fmt::format("component \"{}\" exports nothing", id));
      return false;
    }
    if (count == reference.names.size()) return true;
    std::string_view name = reference.names[count];
    if (exports.find(name) != nullptr) return true;
    std::vector<std::string_view> names;
    for (const auto& field : exports.fields) names.push_back(field.name);
    std::string hint = suggestion(name, names);
    if (hint.empty()) hint = fmt::format(", it has {}", fmt::join(names, ", "));
    if (target.type->arguments->find(name)) {
      hint = fmt::format(": that is an argument, and it exports {}", fmt::join(names, ", "));
    }
    error(source, reference.name_spans[count],
          fmt::format("component \"{}\" has no export \"{}\"{}", id, name, hint));
    return false;
  }

  // Its level and format are needed before any component is there.
  void resolve_logging() {
    const PlannedBlock& logging = plan_->logging;
    for (const lang::Statement& statement : logging.block->body.statements) {
      auto* attribute = std::get_if<lang::Attribute>(&statement);
      if (attribute == nullptr) continue;
      for (const auto& reference : lang::references(*attribute->value)) {
        auto resolved = resolve_reference(reference, logging.source, logging.dialect);
        if (!resolved || attribute->name == "write_to") continue;
        error(logging.source, reference.span,
              fmt::format("\"{}\" of block \"logging\" cannot refer to a component yet", attribute->name));
      }
    }
  }

  lang::Span place_of_need(NodeIndex node, NodeIndex target) const {
    for (const PlannedAttribute& attribute : plan_->nodes[node].dependent) {
      auto it = std::ranges::find(attribute.references, target, &PlannedReference::target);
      if (it != attribute.references.end()) return it->span;
    }
    return plan_->nodes[node].block->name_span;
  }

  void report_cycle(const std::vector<NodeIndex>& cycle) {
    const PlannedNode& first = plan_->nodes[cycle.front()];
    lang::Span span = place_of_need(cycle.front(), cycle[1 % cycle.size()]);
    if (cycle.size() == 1) return error(first.source, span, fmt::format("self reference: {}", first.id));
    std::string path;
    std::size_t named = std::min(cycle.size(), kMostNamed);
    for (std::size_t i = 0; i < named; ++i) path += plan_->nodes[cycle[i]].id + " -> ";
    if (named < cycle.size()) path += fmt::format("({} more) -> ", cycle.size() - named);
    error(first.source, span, fmt::format("cycle: {}{}", path, first.id));
    for (std::size_t i = 1; i < named; ++i) {
      const PlannedNode& node = plan_->nodes[cycle[i]];
      NodeIndex next = cycle[(i + 1) % cycle.size()];
      diagnostics_.back().notes.push_back(
          {.source = node.source,
           .span = place_of_need(cycle[i], next),
           .message = fmt::format("{} uses {} here", node.id, plan_->nodes[next].id)});
    }
  }

  const Registry& registry_;
  lang::Diagnostics& diagnostics_;
  int suggestions_ = 0;
  std::shared_ptr<Plan> plan_ = std::make_shared<Plan>();
};

}  // namespace

PlanPtr make_plan(std::vector<lang::File> files, const Registry& registry, lang::Diagnostics& diagnostics) {
  return Planner(registry, diagnostics).run(std::move(files));
}

PlanPtr make_plan(const std::vector<lang::SourcePtr>& sources, const Registry& registry,
                  lang::Diagnostics& diagnostics) {
  std::vector<lang::File> files;
  bool all_parsed = true;
  for (const lang::SourcePtr& source : sources) {
    auto file = lang::parse(source);
    if (file) {
      files.push_back(*std::move(file));
      continue;
    }
    all_parsed = false;
    diagnostics.insert(diagnostics.end(), file.error().begin(), file.error().end());
  }
  // What a file that does not parse declares is not known: errors about names would mislead.
  if (!all_parsed) return nullptr;
  return make_plan(std::move(files), registry, diagnostics);
}

}  // namespace weir::runtime
