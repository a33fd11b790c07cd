#include "cli/test_file.h"

#include <utility>

#include "lang/eval.h"
#include "lang/parser.h"

namespace weir::cli {
namespace {

void check_object(const lang::Value& exports, lang::Problems& problems) {
  if (exports.as_map() == nullptr) {
    problems.add("exports", fmt::format("should be an object, got {}", lang::to_string(exports.type())));
  }
}

}  // namespace

void TestOverride::check(lang::Problems& problems) const {
  check_object(exports, problems);
}

void TestExports::check(lang::Problems& problems) const {
  check_object(exports, problems);
}

void TestTarget::check(lang::Problems& problems) const {
  bool is_kept = !at.empty() || !becomes.empty();
  if (is_kept && !dropped_by.empty())
    problems.add("dropped_by",
                 "a target that is dropped comes to no component: \"at\" and \"becomes\" exclude it");
  if (!is_kept && dropped_by.empty())
    problems.add("labels", "say what has to become of it: \"at\", \"becomes\" or \"dropped_by\"");
  if (rule && dropped_by.empty()) problems.add("rule", "belongs to \"dropped_by\"");
}

std::optional<TestFile> read_test_file(const lang::SourcePtr& source, lang::Diagnostics& diagnostics) {
  auto file = lang::parse(source);
  if (!file) {
    diagnostics = std::move(file).error();
    return std::nullopt;
  }
  lang::DecodeOptions options{
      .eval = {.dialect = lang::dialect_of_file(source->name()), .scope = nullptr, .env = {}},
      .is_unknown = {}};
  return lang::decode<TestFile>(file->body, {}, source, options, diagnostics);
}

}  // namespace weir::cli
