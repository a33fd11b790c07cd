#include "runtime/evaluation.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "lang/eval.h"

namespace weir::runtime {
namespace {

// All components as one object per name part, made as far as it is looked at: {discovery: {docker: {x: …}}}.
class ExportTree final : public lang::Map {
 public:
  ExportTree(const Plan& plan, const ExportList& exports, std::string prefix)
      : plan_(plan), exports_(exports), prefix_(std::move(prefix)) {}

  std::optional<lang::Value> find(std::string_view key) const override {
    std::string id = prefix_ + std::string(key);
    if (const NodeIndex* node = plan_.find(id)) {
      if (exports_[*node].is_null()) return std::nullopt;
      return exports_[*node];
    }
    id += '.';
    auto first = std::ranges::lower_bound(plan_.sorted_ids, id);
    if (first == plan_.sorted_ids.end() || !first->starts_with(id)) return std::nullopt;
    return lang::Value(
        std::shared_ptr<const lang::Map>(std::make_shared<const ExportTree>(plan_, exports_, std::move(id))));
  }

  void visit(const std::function<void(std::string_view, const lang::Value&)>& each) const override {
    for (const std::string& key : keys()) {
      if (auto value = find(key)) each(key, *value);
    }
  }

  std::size_t size() const override { return keys().size(); }

 private:
  std::vector<std::string> keys() const {
    std::vector<std::string> keys;
    for (auto id = std::ranges::lower_bound(plan_.sorted_ids, prefix_);
         id != plan_.sorted_ids.end() && id->starts_with(prefix_); ++id) {
      std::string key = id->substr(prefix_.size(), id->find('.', prefix_.size()) - prefix_.size());
      if (keys.empty() || keys.back() != key) keys.push_back(std::move(key));
    }
    return keys;
  }

  const Plan& plan_;
  const ExportList& exports_;
  std::string prefix_;  // "discovery.docker."
};

class ExportScope final : public lang::Scope {
 public:
  ExportScope(const Plan& plan, const ExportList& exports) : tree_(plan, exports, "") {}
  std::optional<lang::Value> find(std::string_view name) const override { return tree_.find(name); }

 private:
  ExportTree tree_;
};

bool is_missing(const PlannedReference& reference, const ExportList& exports) {
  return exports[reference.target].is_null();
}

bool is_unknown(const PlannedAttribute& planned, const ExportList& exports, const EnvLookup& env) {
  return planned.is_broken || (planned.reads_environment && !env) ||
         std::ranges::any_of(planned.references, [&](const auto& r) { return is_missing(r, exports); });
}

// About its value, that is: its name is a matter of the text.
bool is_about_dependent_value(const PlannedNode& node, const lang::Diagnostic& diagnostic) {
  return std::ranges::any_of(node.dependent, [&](const PlannedAttribute& planned) {
    if (planned.references.empty()) return false;
    lang::Span span = planned.attribute->value->span;
    return diagnostic.source == node.source && span.begin <= diagnostic.span.begin &&
           diagnostic.span.end <= span.end;
  });
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

ArgumentsPtr decode_arguments(const Plan& plan, NodeIndex index, const ExportList& exports,
                              const EnvLookup& env, lang::Diagnostics& diagnostics) {
  const PlannedNode& node = plan.nodes[index];
  ExportScope scope(plan, exports);
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
  return node.type->decode(node.block->body, header, node.source, options, diagnostics);
}

void check_components(const Plan& plan, const ExportList& exports, const EnvLookup& env,
                      lang::Diagnostics& diagnostics) {
  for (NodeIndex index = 0; index < plan.nodes.size(); ++index) {
    if (plan.nodes[index].type == nullptr) continue;
    lang::Diagnostics found;
    decode_arguments(plan, index, exports, env, found);
    for (lang::Diagnostic& diagnostic : found) {
      if (diagnostic.severity == lang::Severity::error &&
          is_about_dependent_value(plan.nodes[index], diagnostic)) {
        continue;
      }
      diagnostics.push_back(std::move(diagnostic));
    }
  }
}

}  // namespace weir::runtime
