// PlanMessages: what planning has to say, and what may have been meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lang/ast.h"
#include "lang/diagnostic.h"
#include "runtime/component.h"

namespace weir::runtime {

// Looking for what was meant costs as much as there are components.
inline constexpr int kMostSuggestions = 20;

class PlanMessages {
 public:
  explicit PlanMessages(lang::Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  void error(const lang::SourcePtr& source, lang::Span span, std::string message);
  // Behind the last error.
  void note(const lang::SourcePtr& source, lang::Span span, std::string message);
  void already_declared(const std::string& id, const lang::SourcePtr& source, const lang::Block& block,
                        const lang::SourcePtr& first_source, const lang::Block& first);
  std::string suggestion(std::string_view word, const std::vector<std::string_view>& candidates);
  // What the name of an unknown block was meant to be.
  std::string name_hint(const lang::Block& block, const Registry& registry,
                        const std::vector<std::string_view>& own_names);
  lang::Diagnostics& diagnostics() { return diagnostics_; }

 private:
  lang::Diagnostics& diagnostics_;
  int suggestions_ = 0;
};

}  // namespace weir::runtime
