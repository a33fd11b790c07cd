#include "tests/web/demo/rules.h"

#include <string>

#include <fmt/format.h>

namespace weir::web::testing {
namespace {

using lang::Value;
using Effect = runtime::TraceStep::Effect;

std::string label(const Value& target, std::string_view name) {
  auto found = target.as_map()->find(name);
  return found ? *found->as_string() : "";
}

Value with_host(const Value& target) {
  Value::Fields fields{{"host", "node-7"}};
  target.as_map()->visit(
      [&](std::string_view name, const Value& value) { fields.emplace_back(name, value); });
  return Value::object(std::move(fields));
}

Value without(const Value& target, std::string_view label) {
  Value::Fields fields;
  target.as_map()->visit([&](std::string_view name, const Value& value) {
    if (name != label) fields.emplace_back(name, value);
  });
  return Value::object(std::move(fields));
}

class Tracer final : public runtime::TargetTracer {
 public:
  bool trace(const Value& target, const EachStep& each) const override {
    std::string service = label(target, "service_name");
    if (service.empty() || !label(target, "host").empty()) return false;
    bool is_kept = service <= "service-4";
    Value named = with_host(target);
    Value bare = without(named, "__container_id__");
    std::string why = fmt::format("service_name = \"{}\" {} \"service-[0-4]\"", service,
                                  is_kept ? "matches" : "does not match");
    each({.index = 0,
          .what = "replace",
          .why = "\"\" matches \"(.*)\"",
          .effect = Effect::changed,
          .target = named});
    each({.index = 1,
          .what = "labeldrop",
          .why = "labels whose names match \"__container_id__\"",
          .effect = named == bare ? Effect::nothing : Effect::changed,
          .target = bare});
    each({.index = 2,
          .what = "keep",
          .why = why,
          .effect = is_kept ? Effect::nothing : Effect::dropped,
          .target = is_kept ? bare : Value()});
    return true;
  }
};

}  // namespace

constinit const std::string_view kRulesText =
    "  rule {\n    target_label = \"host\"\n    replacement  = \"node-7\"\n  }\n\n"
    "  rule {\n    action = \"labeldrop\"\n    regex  = \"__container_id__\"\n  }\n\n"
    "  rule {\n    action        = \"keep\"\n    source_labels = [\"service_name\"]\n    regex         = "
    "\"service-[0-4]\"\n  }\n";

std::shared_ptr<const runtime::TargetTracer> made_up_rules() {
  return std::make_shared<const Tracer>();
}

Value after_rules(const Value& target) {
  Value left;
  Tracer().trace(target, [&](const runtime::TraceStep& step) {
    left = step.target;
    return true;
  });
  return left;
}

}  // namespace weir::web::testing
