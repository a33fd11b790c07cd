// What `weir validate` says of whole configs: tests/cli/cases/*.test, as tests/lang/case_file.h describes
// them.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "components/builtin.h"
#include "lang/diagnostic.h"
#include "runtime/controller.h"
#include "tests/lang/case_file.h"

namespace weir::cli {
namespace {

using lang::Case;
using lang::Outcome;

// A "river" or an "alloy" file.
Outcome run(const Case& one, const std::filesystem::path& folder) {
  std::filesystem::path path = folder / ("config." + one.kind);
  std::ofstream(path, std::ios::binary) << one.input << '\n';
  runtime::Registry registry;
  register_components(registry);
  lang::Diagnostics found = runtime::validate(path, registry);
  std::string text = lang::render(found);
  std::string prefix = folder.string() + "/";
  for (auto at = text.find(prefix); at != text.npos; at = text.find(prefix)) text.erase(at, prefix.size());
  while (text.ends_with('\n')) text.pop_back();
  return {lang::has_errors(found) ? "error" : "valid", text};
}

TEST_CASE("validate: case files") {
  bool update = std::getenv("WEIR_UPDATE_CASES") != nullptr;
  char folder[] = "/tmp/weir-validate-XXXXXX";
  REQUIRE(mkdtemp(folder) != nullptr);
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(CLI_CASES)) {
    std::vector<Case> cases = lang::read_cases(entry.path());
    for (Case& one : cases) {
      ++count;
      Outcome outcome = run(one, folder);
      if (update) {
        one.expected = outcome;
        continue;
      }
      CAPTURE(entry.path().filename().string());
      CAPTURE(one.name);
      CHECK(outcome.keyword == one.expected.keyword);
      CHECK(outcome.text == one.expected.text);
    }
    if (update) lang::write_cases(entry.path(), cases);
  }
  CHECK(count > 40);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace weir::cli
