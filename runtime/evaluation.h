// evaluation: a component's block and the exports of others to its arguments. Pure.
#pragma once

#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "lang/diagnostic.h"
#include "lang/value.h"
#include "runtime/component.h"
#include "runtime/plan.h"

namespace weir::runtime {

// Null: the environment is not known, and neither are attributes that read it.
using EnvLookup = std::function<std::string(std::string_view)>;

// By NodeIndex; null: not published yet.
using ExportList = std::vector<lang::Value>;

// The first thing the node needs that is not there yet; null: everything is there.
const PlannedReference* missing_export(const PlannedNode& node, const ExportList& exports);

// Attributes that need what is not there are not evaluated, only checked; the arguments are incomplete then.
// Null when there is an error.
ArgumentsPtr decode_arguments(const Plan& plan, const PlannedNode& node, const ExportList& exports,
                              const EnvLookup& env, lang::Diagnostics& diagnostics);

// The same where only what comes from others may be another than it was in `before`.
ArgumentsPtr decode_dependent(const Plan& plan, const PlannedNode& node, const ArgumentsPtr& before,
                              const ExportList& exports, const EnvLookup& env,
                              lang::Diagnostics& diagnostics);

// Whether everything is there that its arguments need.
bool is_complete(const PlannedNode& node, const ExportList& exports, const EnvLookup& env);

// Of a module whose text is known: an object of those of its exports that are there.
lang::Value module_exports(const Plan& plan, NodeIndex module, const ExportList& exports);

// Of an argument, a variable or an export: an object with the field `value`; null while it waits.
std::expected<lang::Value, lang::Diagnostic> evaluate_value(const Plan& plan, NodeIndex node,
                                                            const ExportList& exports, const EnvLookup& env);
// All of them. Errors are those that the text decides.
void evaluate_values(const Plan& plan, ExportList& exports, const EnvLookup& env,
                     lang::Diagnostics& diagnostics);

// Everything in the blocks of components that the text decides: errors, and warnings. Errors of attributes
// whose value comes from other components are left out: what those export is the world's doing.
void check_components(const Plan& plan, ExportList exports, const EnvLookup& env,
                      lang::Diagnostics& diagnostics);
// Of one that has a block.
void check_component(const Plan& plan, const PlannedNode& node, const ExportList& exports,
                     const EnvLookup& env, lang::Diagnostics& diagnostics);

}  // namespace weir::runtime
