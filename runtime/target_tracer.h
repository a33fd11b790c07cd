// TargetTracer: a service of a component that takes targets in and changes or
// drops them: what it does with one of them, step by step.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "lang/value.h"

namespace weir::runtime {

struct TraceStep {
  enum class Effect { nothing, changed, dropped };

  std::string block = "rule";  // of the component's blocks of this name …
  std::size_t index = 0;       // … this one, counted from 0
  std::string what;            // "keep"
  std::string why;             // "\"web\" does not match \"api\""
  Effect effect = Effect::nothing;
  lang::Value target;  // after it, an object; null: dropped
};

// Immutable: any thread asks.
class TargetTracer {
 public:
  using EachStep = std::function<bool(TraceStep)>;  // false: enough

  virtual ~TargetTracer() = default;
  // Takes the steps one by one, as each is told. False: the target is none of those that came in.
  virtual bool trace(const lang::Value& target, const EachStep& each) const = 0;
};

}  // namespace weir::runtime
