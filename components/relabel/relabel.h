// discovery.relabel: rewrites and filters targets by rules, in the wave that
// brings them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "components/discovery/target_list.h"
#include "components/relabel/program.h"
#include "components/relabel/rule.h"
#include "components/relabel/rule_set.h"
#include "runtime/component.h"

namespace weir::relabel {

class Relabel {
 public:
  static constexpr std::string_view kName = "discovery.relabel";
  static constexpr auto kStability = runtime::Stability::stable;
  static constexpr std::string_view kDoc =
      "Rewrites the labels of targets and filters them, rule by rule. "
      "Write it between what finds targets and what uses them.";

  struct Arguments {
    discovery::Targets targets;
    std::vector<RuleArguments> rules;

    static constexpr auto fields() {
      return std::tuple{
          lang::required("targets", &Arguments::targets, "The targets to run the rules over."),
          lang::block("rule", &Arguments::rules, "What to do with each target; rules run in order."),
      };
    }
    bool operator==(const Arguments&) const = default;
  };

  struct Exports {
    discovery::Targets output;
    RuleSetPtr rules;

    static constexpr auto fields() {
      return std::tuple{
          lang::required("output", &Exports::output, "The targets that are left, with their new labels."),
          lang::required("rules", &Exports::rules, "The rules, for components that take rules."),
      };
    }
    bool operator==(const Exports&) const = default;
  };

  // What one rule dropped in the last run.
  struct DropInfo {
    std::uint64_t rule = 0;
    std::string action;
    std::string regex;
    std::uint64_t targets = 0;
    std::string example;

    static constexpr auto fields() {
      return std::tuple{
          lang::optional("rule", &DropInfo::rule, "Which rule, counted from 0."),
          lang::optional("action", &DropInfo::action, "Its action."),
          lang::optional("regex", &DropInfo::regex, "Its regex."),
          lang::optional("targets", &DropInfo::targets, "How many targets it dropped."),
          lang::optional("example", &DropInfo::example, "One of them as it came in."),
      };
    }
    bool operator==(const DropInfo&) const = default;
  };

  struct DebugInfo {
    std::uint64_t targets = 0;
    std::uint64_t dropped = 0;
    std::vector<DropInfo> drops;

    static constexpr auto fields() {
      return std::tuple{
          lang::optional("targets", &DebugInfo::targets, "How many targets came in."),
          lang::optional("dropped", &DebugInfo::dropped, "How many of them the rules dropped."),
          lang::block("dropped_by", &DebugInfo::drops, "The rules that dropped targets."),
      };
    }
    bool operator==(const DebugInfo&) const = default;
  };

  Relabel(runtime::Context& ctx, const Arguments& args);
  Exports evaluate(const Arguments& args);

 private:
  class Pass;

  // What became of the targets of the last run: an equal target gives the same
  // object again, so what comes after sees quickly that it did not change.
  struct Memory {
    discovery::Targets targets;
    discovery::Targets left;    // by the last run
    discovery::Targets output;  // equal to it, but made when it last changed
    // By chunk of targets: which chunk of `left` holds what is left of it, or kNone.
    std::vector<std::uint32_t> chunks;
    // By target: its place in that chunk, or the rule that dropped it and kDropped.
    std::vector<std::uint32_t> outcomes;
  };

  void get_ready(const Arguments& args) const;
  void use_rules(const std::vector<RuleArguments>& rules);
  void report(const Arguments& args, Pass& pass);
  void advise(const Arguments& args);

  runtime::Context& ctx_;
  RuleSetPtr rule_set_;
  std::shared_ptr<const Rules> rules_;
  std::unique_ptr<Program> program_;
  Memory memory_;
  std::optional<DebugInfo> told_;
  bool has_shown_drops_ = false;
  bool has_advised_ = false;
};

}  // namespace weir::relabel

extern template weir::runtime::ComponentType weir::runtime::component_type<weir::relabel::Relabel>();
