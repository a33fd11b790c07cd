// plan: config texts to the graph they describe. Pure; finds everything that
// the names in the text decide: unknown components, missing labels, blocks
// declared twice, references that lead nowhere, cycles.
//
// Modules stand in the same flat graph. A use of `declare "add"` is a node
// `add.x`; its arguments, components and exports are nodes `add.x/argument.a`,
// `add.x/local.file.f`, `add.x/export.sum` of their own, so that a change
// passes into a module and out of it as through any other node.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lang/ast.h"
#include "lang/diagnostic.h"
#include "runtime/component.h"
#include "runtime/graph.h"
#include "runtime/plan_inputs.h"

namespace weir::runtime {

using ScopeIndex = std::uint32_t;
inline constexpr ScopeIndex kRootScope = 0;

// Of modules in modules.
inline constexpr int kMaxModuleDepth = 32;
// Once all modules are expanded; components, arguments and exports.
inline constexpr std::size_t kMaxNodes = 250'000;

// A module, or the config itself: what names in its text mean.
struct PlannedScope {
  std::string path;                 // "" is the root; "add.x"
  std::string prefix;               // of the ids in it: "", "add.x/"
  std::optional<ScopeIndex> outer;  // where names that it does not have are looked up: the text of a foreach
  std::optional<NodeIndex> owner;   // the node that it belongs to
};

// `discovery.docker.linux.targets` somewhere in an expression.
struct PlannedReference {
  NodeIndex target = 0;
  std::string text;  // as far as the export: "discovery.docker.linux.targets"
  lang::Span span;
  lang::Span component_span;  // as far as the component
};

// An attribute (of a nested block, maybe) whose value depends on other components, or on the environment.
struct PlannedAttribute {
  const lang::Attribute* attribute = nullptr;
  std::vector<PlannedReference> references;
  bool reads_environment = false;
  bool is_broken = false;  // a reference leads nowhere, or the types do not fit; reported
  bool is_nested = false;  // in a block of the block
};

enum class NodeKind : std::uint8_t {
  component,
  import,    // brings definitions from elsewhere
  module,    // a use of a declare, or a module.* block: its exports are those of the text
  foreach,   // makes a module of each item
  argument,  // the following have a value and no life of their own
  variable,  // of a foreach
  export_value,
};

// The value of an argument or an export, which may stand in a text other than its block's.
struct PlannedValue {
  const lang::Attribute* attribute = nullptr;  // null: none is given
  lang::SourcePtr source;
  lang::Dialect dialect = lang::Dialect::river;
  ScopeIndex names = kRootScope;  // what its expression sees
};

struct PlannedNode {
  std::string id;  // global: "add.x/local.file.f"
  NodeKind kind = NodeKind::component;
  ScopeIndex scope = kRootScope;
  const ComponentType* type = nullptr;  // null: it has no life of its own
  const lang::Block* block = nullptr;
  lang::SourcePtr source;
  lang::Dialect dialect = lang::Dialect::river;
  std::vector<PlannedAttribute> dependent;  // in order of the text
  PlannedValue value;
  std::optional<ScopeIndex> inner;  // of a module whose text is known
  std::string waits_for;            // the import that a module's text has to come from
  bool is_constant = false;         // of one that has a value: the text alone decides it

  bool is_value() const { return kind >= NodeKind::argument; }
};

struct PlannedBlock {
  const lang::Block* block = nullptr;  // null: there is none
  lang::SourcePtr source;
  lang::Dialect dialect = lang::Dialect::river;
};

struct Plan {
  PlanInputs inputs;               // own the trees
  std::vector<PlannedNode> nodes;  // in order of the text; what is in a module after what uses it
  std::vector<PlannedScope> scopes = {{}};
  std::unordered_map<std::string, NodeIndex> by_id;
  std::vector<std::string> sorted_ids;
  Graph graph;
  PlannedBlock logging;
  // Of declares that nothing uses: only to be checked.
  std::vector<std::shared_ptr<const Plan>> templates;

  const NodeIndex* find(const std::string& id) const {
    auto it = by_id.find(id);
    return it == by_id.end() ? nullptr : &it->second;
  }
  // What the name means to an expression in that scope.
  const NodeIndex* find(ScopeIndex scope, const std::string& local_id) const;
  // As the text in its own scope names it: "local.file.f".
  std::string_view local_id(const PlannedNode& node) const {
    return std::string_view(node.id).substr(scopes[node.scope].prefix.size());
  }
};

// In a .alloy text: the folder it stands in.
inline constexpr std::string_view kModulePath = "module_path";
// Of a module.* block: under which its exports are read.
inline constexpr std::string_view kExports = "exports";

// Whoever runs it may patch it.
using PlanPtr = std::shared_ptr<Plan>;

// Errors are appended; with errors the plan must not be run.
PlanPtr make_plan(PlanInputs inputs, const Registry& registry, lang::Diagnostics& diagnostics);

}  // namespace weir::runtime
