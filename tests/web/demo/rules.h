// Made-up relabel rules for the page.
#pragma once

#include <memory>
#include <string_view>

#include "lang/value.h"
#include "runtime/target_tracer.h"

namespace weir::web::testing {

// As the config has them.
extern const std::string_view kRulesText;

// Keeps the services from 0 to 4 of the processes, and gives them a host.
std::shared_ptr<const runtime::TargetTracer> made_up_rules();
// What they make of a target; null: dropped.
lang::Value after_rules(const lang::Value& target);

}  // namespace weir::web::testing
