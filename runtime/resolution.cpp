#include "runtime/resolution.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/ascii.h"
#include "lang/eval.h"
#include "lang/stdlib.h"
#include "runtime/config_blocks.h"
#include "runtime/plan_messages.h"
#include "runtime/type_check.h"

namespace weir::runtime {
namespace {

// Components of a cycle that are named.
constexpr std::size_t kMostNamed = 10;

std::string join(const std::vector<std::string_view>& names, std::size_t count) {
  std::string joined;
  for (std::size_t i = 0; i < std::min(count, names.size()); ++i) {
    if (i > 0) joined += '.';
    joined += names[i];
  }
  return joined;
}

// A lone word that nothing is called: how what was meant is written.
std::string word_hint(std::string_view word) {
  std::string lower = to_lower(word);
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

class Resolution {
 public:
  Resolution(const Plan& plan, PlanMessages& messages) : plan_(plan), messages_(messages) {}

  // The nodes that this one needs.
  std::vector<NodeIndex> resolve(PlannedNode& node) {
    std::vector<NodeIndex> needs;
    if (node.kind == NodeKind::variable) {
      needs.push_back(*plan_.scopes[node.scope].owner);
    } else if (node.is_value()) {
      Context context{node.value.source, node.value.dialect, node.value.names};
      if (node.value.attribute) resolve_attribute(node, context, *node.value.attribute, nullptr, needs);
    } else if (node.kind != NodeKind::module || node.type != &module_type() || !node.inner) {
      resolve_body(node, node.block->body, node.type ? node.type->arguments : nullptr, needs);
    }
    return needs;
  }

  // Its level and format are needed before any component is there.
  void resolve_logging() {
    const PlannedBlock& logging = plan_.logging;
    for (const lang::Statement& statement : logging.block->body.statements) {
      auto* attribute = std::get_if<lang::Attribute>(&statement);
      if (attribute == nullptr) continue;
      for (const auto& reference : lang::references(*attribute->value)) {
        auto resolved = resolve_reference(reference, {logging.source, logging.dialect, kRootScope});
        if (!resolved || attribute->name == "write_to") continue;
        error(logging.source, reference.span,
              fmt::format("\"{}\" of block \"logging\" cannot refer to a component yet", attribute->name));
      }
    }
  }

  void report_cycle(const std::vector<NodeIndex>& cycle) {
    const PlannedNode& first = plan_.nodes[cycle.front()];
    lang::Span span = place_of_need(cycle.front(), cycle[1 % cycle.size()]);
    if (cycle.size() == 1) return error(source_of(first), span, fmt::format("self reference: {}", first.id));
    std::string path;
    std::size_t named = std::min(cycle.size(), kMostNamed);
    for (std::size_t i = 0; i < named; ++i) path += plan_.nodes[cycle[i]].id + " -> ";
    if (named < cycle.size()) path += fmt::format("({} more) -> ", cycle.size() - named);
    error(source_of(first), span, fmt::format("cycle: {}{}", path, first.id));
    for (std::size_t i = 1; i < named; ++i) {
      const PlannedNode& node = plan_.nodes[cycle[i]];
      NodeIndex next = cycle[(i + 1) % cycle.size()];
      messages_.note(source_of(node), place_of_need(cycle[i], next),
                     fmt::format("{} uses {} here", node.id, plan_.nodes[next].id));
    }
  }

 private:
  // Where an expression stands, and what it sees.
  struct Context {
    const lang::SourcePtr& source;
    lang::Dialect dialect;
    ScopeIndex names;
    bool is_nested = false;  // in a block of the node's block
  };

  void error(const lang::SourcePtr& source, lang::Span span, std::string message) {
    messages_.error(source, span, std::move(message));
  }

  // Blocks whose body is another module's business.
  static bool is_foreign(const PlannedNode& node, const lang::Block& block) {
    return (node.kind == NodeKind::foreach && block.name == "template") ||
           (node.kind == NodeKind::module && node.inner && block.name == "arguments");
  }

  void resolve_body(PlannedNode& node, const lang::Body& body, const lang::BodySchema* schema,
                    std::vector<NodeIndex>& needs) {
    for (const lang::Statement& statement : body.statements) {
      if (auto* block = std::get_if<const lang::Block*>(&statement)) {
        if (is_foreign(node, **block)) continue;
        const lang::FieldSchema* field = schema ? schema->find((*block)->name) : nullptr;
        resolve_body(node, (*block)->body, field ? field->body : nullptr, needs);
        continue;
      }
      const auto& attribute = std::get<lang::Attribute>(statement);
      const lang::FieldSchema* field = schema ? schema->find(attribute.name) : nullptr;
      bool is_nested = &body != &node.block->body;
      resolve_attribute(node, {node.source, node.dialect, node.scope, is_nested}, attribute, field, needs);
    }
  }

  void resolve_attribute(PlannedNode& node, const Context& context, const lang::Attribute& attribute,
                         const lang::FieldSchema* field, std::vector<NodeIndex>& needs) {
    PlannedAttribute planned{.attribute = &attribute, .references = {}, .is_nested = context.is_nested};
    for (const auto& reference : lang::references(*attribute.value)) {
      if (lang::reads_environment(reference, context.dialect)) planned.reads_environment = true;
      auto resolved = resolve_reference(reference, context);
      if (!resolved) {
        planned.is_broken = planned.is_broken || !is_known_elsewhere(reference, context);
        continue;
      }
      needs.push_back(resolved->target);
      planned.references.push_back(*std::move(resolved));
    }
    if (planned.references.empty() && !planned.is_broken && !planned.reads_environment) return;
    std::size_t count = messages_.diagnostics().size();
    if (field != nullptr) check_types(plan_, node, attribute, *field, messages_.diagnostics());
    planned.is_broken = planned.is_broken || messages_.diagnostics().size() > count;
    node.dependent.push_back(std::move(planned));
  }

  static bool is_known_elsewhere(const lang::Reference& reference, const Context& context) {
    std::string_view first = reference.names.front();
    return lang::is_library_name(first, context.dialect) ||
           (context.dialect == lang::Dialect::alloy && first == kModulePath);
  }

  // The shortest prefix that names a node wins.
  std::optional<PlannedReference> resolve_reference(const lang::Reference& reference,
                                                    const Context& context) {
    for (std::size_t count = 1; count <= reference.names.size(); ++count) {
      std::string prefix = join(reference.names, count);
      const NodeIndex* target = plan_.find(context.names, prefix);
      if (target == nullptr) continue;
      if (plan_.nodes[*target].kind == NodeKind::module) return of_module(reference, count, *target, context);
      if (!check_export(reference, count, plan_.nodes[*target], context.source)) return std::nullopt;
      return PlannedReference{.target = *target,
                              .text = join(reference.names, count + 1),
                              .span = reference.span,
                              .component_span = {reference.span.begin, reference.name_spans[count - 1].end}};
    }
    if (!is_known_elsewhere(reference, context)) report_missing(reference, context);
    return std::nullopt;
  }

  // What it needs is the one export, where it names one: a module may have others that wait.
  std::optional<PlannedReference> of_module(const lang::Reference& reference, std::size_t count,
                                            NodeIndex index, const Context& context) {
    const PlannedNode& module = plan_.nodes[index];
    bool is_text = module.type != &module_type();
    PlannedReference found{.target = index,
                           .text = join(reference.names, count + (is_text ? 2 : 1)),
                           .span = reference.span,
                           .component_span = {}};
    if (is_text && count < reference.names.size()) {
      if (reference.names[count] != kExports) {
        error(context.source, reference.name_spans[count],
              fmt::format("component \"{0}\" has no export \"{1}\": write {0}.exports.{1}",
                          plan_.local_id(module), reference.names[count]));
        return std::nullopt;
      }
      ++count;
    }
    if (!module.inner || count >= reference.names.size()) return found;
    std::string prefix = plan_.scopes[*module.inner].prefix + "export.";
    if (const NodeIndex* target = plan_.find(prefix + std::string(reference.names[count]))) {
      found.target = *target;
      return found;
    }
    error(context.source, reference.name_spans[count],
          fmt::format("component \"{}\" has no export \"{}\"{}", plan_.local_id(module),
                      reference.names[count], export_hint(prefix, reference.names[count])));
    return std::nullopt;
  }

  std::string export_hint(const std::string& prefix, std::string_view wanted) {
    std::vector<std::string_view> names;
    for (auto one = std::ranges::lower_bound(plan_.sorted_ids, prefix);
         one != plan_.sorted_ids.end() && one->starts_with(prefix); ++one) {
      names.push_back(std::string_view(*one).substr(prefix.size()));
    }
    if (names.empty()) return ": the module has no export block";
    std::string hint = messages_.suggestion(wanted, names);
    return hint.empty() ? fmt::format(", it has {}", fmt::join(names, ", ")) : hint;
  }

  void report_missing(const lang::Reference& reference, const Context& context) {
    const lang::SourcePtr& source = context.source;
    // At most an id is quoted: what follows names exports and fields of theirs.
    std::string wanted = join(reference.names, 3);
    bool is_word = reference.names.size() == 1;
    if (source->text().substr(reference.span.end).starts_with('(')) {
      return error(
          source, reference.span,
          fmt::format("function \"{}\" does not exist{}", wanted, function_hint(wanted, context.dialect)));
    }
    error(source, reference.span,
          is_word ? fmt::format("there is nothing called \"{}\"{}", wanted, word_hint(wanted))
                  : fmt::format("component \"{}\" does not exist or is out of scope{}", wanted,
                                reference_hint(reference, wanted, context)));
  }

  std::string function_hint(std::string_view wanted, lang::Dialect dialect) {
    std::string_view last = wanted.substr(wanted.rfind('.') + 1);
    if (dialect == lang::Dialect::alloy || !lang::find_signature(wanted, lang::Dialect::alloy)) {
      return messages_.suggestion(wanted, lang::library_names(dialect));
    }
    if (lang::is_library_name(last, dialect)) return fmt::format(": in a .river file it is called {}", last);
    return ": only .alloy files have it";
  }

  std::string reference_hint(const lang::Reference& reference, const std::string& wanted,
                             const Context& context) {
    // discovery.docker.targets, without the label.
    const std::string& scope = plan_.scopes[context.names].prefix;
    std::string prefix = scope + join(reference.names, reference.names.size() - 1) + ".";
    auto one = std::ranges::lower_bound(plan_.sorted_ids, prefix);
    bool is_there = one != plan_.sorted_ids.end() && one->starts_with(prefix);
    const ComponentType* type = is_there ? plan_.nodes[*plan_.find(*one)].type : nullptr;
    if (type && type->exports->find(reference.names.back())) {
      return fmt::format(": its label is missing, as in {}.{}", one->substr(scope.size()),
                         reference.names.back());
    }
    std::vector<std::string_view> ids;
    for (const PlannedNode& node : plan_.nodes) {
      bool is_seen = node.scope == context.names && node.kind != NodeKind::export_value;
      if (is_seen) ids.push_back(plan_.local_id(node));
    }
    return messages_.suggestion(wanted, ids);
  }

  bool check_export(const lang::Reference& reference, std::size_t count, const PlannedNode& target,
                    const lang::SourcePtr& source) {
    if (target.kind == NodeKind::argument) return check_argument(reference, count, target, source);
    if (target.type == nullptr) return true;  // a variable; or reported already
    std::string_view id = plan_.local_id(target);
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
    std::string hint = messages_.suggestion(name, names);
    if (hint.empty()) hint = fmt::format(", it has {}", fmt::join(names, ", "));
    if (target.type->arguments->find(name)) {
      hint = fmt::format(": that is an argument, and it exports {}", fmt::join(names, ", "));
    }
    error(source, reference.name_spans[count],
          fmt::format("component \"{}\" has no export \"{}\"{}", id, name, hint));
    return false;
  }

  // argument.x is an object of one field.
  bool check_argument(const lang::Reference& reference, std::size_t count, const PlannedNode& target,
                      const lang::SourcePtr& source) {
    if (count == reference.names.size() || reference.names[count] == "value") return true;
    error(source, reference.name_spans[count],
          fmt::format("\"{0}\" has no field \"{1}\": write {0}.value", plan_.local_id(target),
                      reference.names[count]));
    return false;
  }

  lang::Span place_of_need(NodeIndex node, NodeIndex target) const {
    for (const PlannedAttribute& attribute : plan_.nodes[node].dependent) {
      auto it = std::ranges::find(attribute.references, target, &PlannedReference::target);
      if (it != attribute.references.end()) return it->span;
    }
    return plan_.nodes[node].block->name_span;
  }

  const lang::SourcePtr& source_of(const PlannedNode& node) const {
    return node.value.attribute ? node.value.source : node.source;
  }

  const Plan& plan_;
  PlanMessages& messages_;
};

void find_constant(const Plan& plan, PlannedNode& node) {
  if (!node.is_value() || node.kind == NodeKind::variable || !node.waits_for.empty()) return;
  node.is_constant = std::ranges::all_of(node.dependent, [&](const PlannedAttribute& one) {
    return !one.is_broken && !one.reads_environment &&
           std::ranges::all_of(one.references,
                               [&](const auto& r) { return plan.nodes[r.target].is_constant; });
  });
}

}  // namespace

void resolve_names(Plan& plan, PlanMessages& messages) {
  for (const auto& node : plan.nodes) plan.sorted_ids.push_back(node.id);
  std::ranges::sort(plan.sorted_ids);
  Resolution resolution(plan, messages);
  std::vector<std::vector<NodeIndex>> needs;
  for (PlannedNode& node : plan.nodes) needs.push_back(resolution.resolve(node));
  if (plan.logging.block != nullptr) resolution.resolve_logging();
  for (NodeIndex index = 0; index < plan.nodes.size(); ++index) {
    const PlannedNode& node = plan.nodes[index];
    // What a module shows is what it is given and what it gives.
    auto owner = plan.scopes[node.scope].owner;
    if (!owner || plan.nodes[*owner].kind != NodeKind::module || !node.is_value()) continue;
    needs[*owner].push_back(index);
  }
  plan.graph = Graph(std::move(needs));
  for (const auto& cycle : plan.graph.cycles()) resolution.report_cycle(cycle);
  for (NodeIndex index : plan.graph.order()) find_constant(plan, plan.nodes[index]);
}

std::vector<NodeIndex> resolve_names(const Plan& plan, PlannedNode& node, PlanMessages& messages) {
  std::vector<NodeIndex> needs = Resolution(plan, messages).resolve(node);
  std::ranges::sort(needs);
  needs.erase(std::ranges::unique(needs).begin(), needs.end());
  return needs;
}

}  // namespace weir::runtime
