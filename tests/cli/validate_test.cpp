// What `weir validate` says of whole configs: tests/cli/cases/*.test, as tests/lang/case_file.h describes
// them.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "components/builtin.h"
#include "lang/diagnostic.h"
#include "runtime/controller.h"
#include "tests/lang/case_file.h"
#include "tests/support/temp_dir.h"

namespace weir::cli {
namespace {

using lang::Case;
using lang::Outcome;

// A "river" or an "alloy" file; or an .alloy file where only what is generally available may be used,
// "stable".
Outcome run(const Case& one, const std::filesystem::path& folder) {
  bool is_strict = one.kind == "stable";
  std::filesystem::path path = folder / ("config." + (is_strict ? "alloy" : one.kind));
  std::ofstream(path, std::ios::binary) << one.input << '\n';
  runtime::Registry registry;
  register_components(registry);
  lang::Diagnostics found = runtime::validate(
      path, registry, is_strict ? runtime::Stability::stable : runtime::Stability::experimental);
  std::string text = lang::render(found);
  std::string prefix = folder.string() + "/";
  for (auto at = text.find(prefix); at != text.npos; at = text.find(prefix)) text.erase(at, prefix.size());
  while (text.ends_with('\n')) text.pop_back();
  return {lang::has_errors(found) ? "error" : "valid", text};
}

TEST_CASE("validate: case files") {
  tests::TempDir folder;
  CHECK(lang::check_cases(CLI_CASES, [&](const Case& one) { return run(one, folder.path()); }) > 40);
}

}  // namespace
}  // namespace weir::cli
