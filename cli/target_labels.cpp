#include "cli/target_labels.h"

#include "lang/eval.h"
#include "lang/parser.h"
#include "lang/text.h"
#include "web/wanted_targets.h"

namespace weir::cli {
namespace {

std::shared_ptr<const lang::Map> object_in(std::string_view text) {
  auto parsed = lang::parse_expression(lang::Source::make("--labels", std::string(text)));
  if (!parsed) return nullptr;
  auto value = lang::evaluate(*parsed->root, parsed->source, {});
  return value ? value->as_map() : nullptr;
}

}  // namespace

Result<std::map<std::string, std::string>> read_labels(std::string_view text) {
  auto object = text.empty() ? nullptr : object_in(text);
  if (object == nullptr) {
    auto labels = web::parse_wanted_labels(std::string(text));
    if (labels) return labels;
    return fail("--labels is an object, as in '{{ job = \"web\" }}' or '{{\"job\": \"web\"}}', got {}",
                lang::printable(text));
  }
  std::map<std::string, std::string> labels;
  std::string wrong;
  object->visit([&](std::string_view name, const lang::Value& label) {
    auto* string = label.as_string();
    if (string) labels.emplace(name, *string);
    if (!string) wrong = name;
  });
  if (!wrong.empty()) return fail("--labels: the value of {} is not a string", lang::printable(wrong));
  return labels;
}

}  // namespace weir::cli
