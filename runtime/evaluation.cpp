#include "runtime/evaluation.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

#include "lang/eval.h"
#include "runtime/config_blocks.h"

namespace weir::runtime {
namespace {

// Of the object that an argument is: argument.x.value.
constexpr std::string_view kValue = "value";

// All that a text sees as one object per name part, made as far as it is looked at: {discovery: {docker: {x:
// …}}}.
class ExportTree final : public lang::Map {
 public:
  ExportTree(const Plan& plan, const ExportList& exports, ScopeIndex scope, std::string path)
      : plan_(plan), exports_(exports), scope_(scope), path_(std::move(path)) {}

  std::optional<lang::Value> find(std::string_view key) const override {
    std::string local = path_ + std::string(key);
    std::string with_prefix;
    bool has_more = false;
    for (const PlannedScope* scope = &plan_.scopes[scope_];; scope = &plan_.scopes[*scope->outer]) {
      std::string& id = scope->prefix.empty() ? local : (with_prefix = scope->prefix + local);
      if (const NodeIndex* node = plan_.find(id)) return exports_of(*node);
      id += '.';
      has_more = has_more || first_below(id) != plan_.sorted_ids.end();
      id.pop_back();
      if (!scope->outer) break;
    }
    if (!has_more) return std::nullopt;
    return lang::Value(std::shared_ptr<const lang::Map>(
        std::make_shared<const ExportTree>(plan_, exports_, scope_, (local += '.'))));
  }

  void visit(const std::function<void(std::string_view, const lang::Value&)>& each) const override {
    for (const std::string& key : keys()) {
      if (auto value = find(key)) each(key, *value);
    }
  }

  std::size_t size() const override { return keys().size(); }

 private:
  std::optional<lang::Value> exports_of(NodeIndex index) const {
    const PlannedNode& node = plan_.nodes[index];
    // Its exports, as far as they are there: whoever asks has looked whether the one it needs is.
    if (node.kind == NodeKind::module && node.inner) return module_exports(plan_, index, exports_);
    if (exports_[index].is_null()) return std::nullopt;
    return node.kind == NodeKind::variable ? exports_[index].as_map()->find(kValue) : exports_[index];
  }

  std::vector<std::string>::const_iterator first_below(const std::string& prefix) const {
    auto first = std::ranges::lower_bound(plan_.sorted_ids, prefix);
    return first != plan_.sorted_ids.end() && first->starts_with(prefix) ? first : plan_.sorted_ids.end();
  }

  std::set<std::string> keys() const {
    std::set<std::string> keys;
    for (const PlannedScope* scope = &plan_.scopes[scope_];; scope = &plan_.scopes[*scope->outer]) {
      std::string prefix = scope->prefix + path_;
      for (auto id = first_below(prefix); id != plan_.sorted_ids.end() && id->starts_with(prefix); ++id) {
        // Not what is in a module.
        if (id->find('/', prefix.size()) == std::string::npos) {
          keys.insert(id->substr(prefix.size(), id->find('.', prefix.size()) - prefix.size()));
        }
      }
      if (!scope->outer) return keys;
    }
  }

  const Plan& plan_;
  const ExportList& exports_;
  ScopeIndex scope_;
  std::string path_;  // "discovery.docker."
};

// What the expressions of a node see.
class ExportScope final : public lang::Scope {
 public:
  ExportScope(const Plan& plan, const PlannedNode& node, const ExportList& exports, ScopeIndex names,
              const lang::SourcePtr& source, lang::Dialect dialect)
      : tree_(plan, exports, names, ""),
        plan_(plan),
        node_(node),
        exports_(exports),
        source_(source),
        dialect_(dialect) {}

  std::optional<lang::Value> find(std::string_view name) const override {
    auto found = tree_.find(name);
    if (found || dialect_ != lang::Dialect::alloy || name != kModulePath) return found;
    return lang::Value(std::filesystem::path(source_->name()).parent_path().string());
  }

  // What its references lead to the plan knows; only a component is the same to all who name it.
  std::optional<lang::Value> find_chain(lang::Span place) const override {
    auto after = std::ranges::upper_bound(node_.dependent, place.begin, {},
                                          [](const auto& planned) { return planned.attribute->span.begin; });
    if (after == node_.dependent.begin()) return std::nullopt;
    const std::vector<PlannedReference>& references = std::prev(after)->references;
    auto found = std::ranges::lower_bound(references, place.begin, {},
                                          [](const auto& reference) { return reference.span.begin; });
    if (found == references.end() || !(found->component_span == place)) return std::nullopt;
    bool is_component = plan_.nodes[found->target].kind == NodeKind::component;
    if (!is_component || exports_[found->target].is_null()) return std::nullopt;
    return exports_[found->target];
  }

 private:
  ExportTree tree_;
  const Plan& plan_;
  const PlannedNode& node_;
  const ExportList& exports_;
  const lang::SourcePtr& source_;
  lang::Dialect dialect_;
};

bool is_missing(const PlannedReference& reference, const ExportList& exports) {
  return exports[reference.target].is_null();
}

bool is_unknown(const PlannedAttribute& planned, const ExportList& exports, const EnvLookup& env) {
  return planned.is_broken || (planned.reads_environment && !env) ||
         std::ranges::any_of(planned.references, [&](const auto& r) { return is_missing(r, exports); });
}

// Whether what others publish while they run decides it, not the text.
bool depends_on_world(const Plan& plan, const PlannedAttribute& planned) {
  return !std::ranges::all_of(planned.references,
                              [&](const auto& r) { return plan.nodes[r.target].is_constant; });
}

// About its value, that is: its name is a matter of the text.
bool is_about_dependent_value(const Plan& plan, const PlannedNode& node, const lang::Diagnostic& diagnostic) {
  return std::ranges::any_of(node.dependent, [&](const PlannedAttribute& planned) {
    if (!depends_on_world(plan, planned)) return false;
    lang::Span span = planned.attribute->value->span;
    return diagnostic.source == node.source && span.begin <= diagnostic.span.begin &&
           diagnostic.span.end <= span.end;
  });
}

// The value of an argument, a variable or an export as that of a node: null is "not there yet".
lang::Value as_value(lang::Value value) {
  return lang::Value::object({{std::string(kValue), std::move(value)}});
}

// Without the body that belongs to a module.
std::vector<lang::Statement> own_statements(const lang::Block& block) {
  std::vector<lang::Statement> own;
  for (const lang::Statement& statement : block.body.statements) {
    auto* inner = std::get_if<const lang::Block*>(&statement);
    if (inner == nullptr || ((*inner)->name != "arguments" && (*inner)->name != "template")) {
      own.push_back(statement);
    }
  }
  return own;
}

}  // namespace

const PlannedReference* missing_export(const PlannedNode& node, const ExportList& exports) {
  for (const PlannedAttribute& attribute : node.dependent) {
    for (const PlannedReference& reference : attribute.references) {
      if (is_missing(reference, exports)) return &reference;
    }
  }
  return nullptr;
}

bool is_complete(const PlannedNode& node, const ExportList& exports, const EnvLookup& env) {
  return std::ranges::none_of(node.dependent,
                              [&](const auto& planned) { return is_unknown(planned, exports, env); });
}

ArgumentsPtr decode_arguments(const Plan& plan, const PlannedNode& node, const ExportList& exports,
                              const EnvLookup& env, lang::Diagnostics& diagnostics) {
  ExportScope scope(plan, node, exports, node.scope, node.source, node.dialect);
  lang::DecodeOptions options{.eval = {.dialect = node.dialect, .scope = &scope, .env = env},
                              .is_unknown = {}};
  auto unknown = [&](const PlannedAttribute& planned) { return is_unknown(planned, exports, env); };
  if (std::ranges::any_of(node.dependent, unknown)) {
    options.is_unknown = [&](const lang::Attribute& attribute) {
      auto it = std::ranges::find(node.dependent, &attribute, &PlannedAttribute::attribute);
      return it != node.dependent.end() && unknown(*it);
    };
  }
  lang::Span header{node.block->name_span.begin, node.block->open.end};
  if (node.kind == NodeKind::component || node.kind == NodeKind::import) {
    return node.type->decode(node.block->body, header, node.source, options, diagnostics);
  }
  std::vector<lang::Statement> own = own_statements(*node.block);
  return node.type->decode({.statements = own}, header, node.source, options, diagnostics);
}

ArgumentsPtr decode_dependent(const Plan& plan, const PlannedNode& node, const ArgumentsPtr& before,
                              const ExportList& exports, const EnvLookup& env,
                              lang::Diagnostics& diagnostics) {
  bool is_plain = node.kind == NodeKind::component &&
                  std::ranges::none_of(node.dependent, &PlannedAttribute::is_nested) &&
                  is_complete(node, exports, env);
  if (!is_plain) return decode_arguments(plan, node, exports, env, diagnostics);
  std::vector<const lang::Attribute*> attributes;
  for (const PlannedAttribute& planned : node.dependent) attributes.push_back(planned.attribute);
  ExportScope scope(plan, node, exports, node.scope, node.source, node.dialect);
  lang::DecodeOptions options{.eval = {.dialect = node.dialect, .scope = &scope, .env = env},
                              .is_unknown = {}};
  lang::Span header{node.block->name_span.begin, node.block->open.end};
  return node.type->decode_again(before, attributes, node.block->body, header, node.source, options,
                                 diagnostics);
}

lang::Value module_exports(const Plan& plan, NodeIndex index, const ExportList& exports) {
  const PlannedNode& module = plan.nodes[index];
  std::string prefix = plan.scopes[*module.inner].prefix + "export.";
  lang::Value::Fields fields;
  for (NodeIndex one : plan.graph.needs(index)) {
    const PlannedNode& node = plan.nodes[one];
    if (node.kind != NodeKind::export_value || node.scope != *module.inner || exports[one].is_null())
      continue;
    fields.emplace_back(node.id.substr(prefix.size()), *exports[one].as_map()->find(kValue));
  }
  lang::Value all = lang::Value::object(std::move(fields));
  if (module.type == &module_type()) return all;
  return lang::Value::object({{std::string(kExports), std::move(all)}});
}

std::expected<lang::Value, lang::Diagnostic> evaluate_value(const Plan& plan, NodeIndex index,
                                                            const ExportList& exports, const EnvLookup& env) {
  const PlannedNode& node = plan.nodes[index];
  if (node.kind == NodeKind::variable) {
    const PlannedScope& scope = plan.scopes[node.scope];
    auto items = exports[*scope.owner].as_map();
    auto all = items ? items->find(kItems).value_or(lang::Value()).as_map() : nullptr;
    auto item =
        all ? all->find(std::string_view(scope.path).substr(scope.path.rfind('/') + 1)) : std::nullopt;
    return item ? as_value(*std::move(item)) : lang::Value();
  }
  if (!is_complete(node, exports, env) || !node.waits_for.empty()) return lang::Value();
  if (node.value.attribute == nullptr) return as_value({});
  ExportScope scope(plan, node, exports, node.value.names, node.value.source, node.value.dialect);
  auto value = lang::evaluate(*node.value.attribute->value, node.value.source,
                              {.dialect = node.value.dialect, .scope = &scope, .env = env});
  if (!value) return std::unexpected(std::move(value).error());
  return as_value(*std::move(value));
}

void evaluate_values(const Plan& plan, ExportList& exports, const EnvLookup& env,
                     lang::Diagnostics& diagnostics) {
  for (NodeIndex index : plan.graph.order()) {
    const PlannedNode& node = plan.nodes[index];
    if (!node.is_value()) continue;
    auto value = evaluate_value(plan, index, exports, env);
    exports[index] = value ? *value : lang::Value();
    auto is_worldly = [&](const auto& planned) { return depends_on_world(plan, planned); };
    if (value || std::ranges::any_of(node.dependent, is_worldly)) continue;
    diagnostics.push_back(std::move(value).error());
  }
}

void check_component(const Plan& plan, const PlannedNode& node, const ExportList& exports,
                     const EnvLookup& env, lang::Diagnostics& diagnostics) {
  lang::Diagnostics found;
  decode_arguments(plan, node, exports, env, found);
  for (lang::Diagnostic& diagnostic : found) {
    bool is_error = diagnostic.severity == lang::Severity::error;
    if (is_error && is_about_dependent_value(plan, node, diagnostic)) continue;
    diagnostics.push_back(std::move(diagnostic));
  }
}

void check_components(const Plan& plan, ExportList exports, const EnvLookup& env,
                      lang::Diagnostics& diagnostics) {
  evaluate_values(plan, exports, env, diagnostics);
  for (const PlannedNode& node : plan.nodes) {
    if (node.type == nullptr || node.type == &module_type()) continue;
    check_component(plan, node, exports, env, diagnostics);
  }
  for (const auto& unused : plan.templates) {
    check_components(*unused, ExportList(unused->nodes.size()), env, diagnostics);
  }
}

}  // namespace weir::runtime
