// plan: config texts to the graph they describe. Pure; finds everything that
// the names in the text decide: unknown components, missing labels, blocks
// declared twice, references that lead nowhere, cycles.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lang/ast.h"
#include "lang/diagnostic.h"
#include "runtime/component.h"
#include "runtime/graph.h"

namespace weir::runtime {

// `discovery.docker.linux.targets` somewhere in an expression.
struct PlannedReference {
  NodeIndex target = 0;
  std::string text;  // as far as the export: "discovery.docker.linux.targets"
  lang::Span span;
};

// An attribute (of a nested block, maybe) whose value depends on other components, or on the environment.
struct PlannedAttribute {
  const lang::Attribute* attribute = nullptr;
  std::vector<PlannedReference> references;
  bool reads_environment = false;
  bool is_broken = false;  // a reference leads nowhere, or the types do not fit; reported
};

struct PlannedNode {
  std::string id;
  const ComponentType* type = nullptr;
  const lang::Block* block = nullptr;
  lang::SourcePtr source;
  lang::Dialect dialect = lang::Dialect::river;
  std::vector<PlannedAttribute> dependent;  // in order of the text
};

struct PlannedBlock {
  const lang::Block* block = nullptr;  // null: there is none
  lang::SourcePtr source;
  lang::Dialect dialect = lang::Dialect::river;
};

struct Plan {
  std::vector<lang::File> files;   // own the trees
  std::vector<PlannedNode> nodes;  // in order of the text
  std::unordered_map<std::string, NodeIndex> by_id;
  std::vector<std::string> sorted_ids;
  Graph graph;
  PlannedBlock logging;

  const NodeIndex* find(const std::string& id) const {
    auto it = by_id.find(id);
    return it == by_id.end() ? nullptr : &it->second;
  }
};

using PlanPtr = std::shared_ptr<const Plan>;

// Errors are appended; with errors the plan must not be run.
PlanPtr make_plan(std::vector<lang::File> files, const Registry& registry, lang::Diagnostics& diagnostics);

// Parses all texts (every error of every file is appended) and plans them.
PlanPtr make_plan(const std::vector<lang::SourcePtr>& sources, const Registry& registry,
                  lang::Diagnostics& diagnostics);

}  // namespace weir::runtime
