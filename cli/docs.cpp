#include <cstdio>
#include <filesystem>
#include <system_error>
#include <vector>

#include <fmt/core.h>

#include "base/file_system.h"
#include "cli/api_page.h"
#include "cli/commands.h"
#include "cli/reference_page.h"
#include "components/builtin.h"

namespace weir::cli {
namespace {

struct Page {
  std::string file;
  std::string text;
};

std::vector<Page> all_pages(std::span<const Command> commands) {
  runtime::Registry registry;
  register_components(registry);
  std::vector<Page> pages;
  std::vector<const runtime::ComponentType*> types;
  for (std::string_view name : registry.names()) {
    types.push_back(registry.find(name));
    pages.push_back({fmt::format("{}.md", name), component_page(*types.back())});
  }
  pages.push_back({"command-line.md", command_line_page(commands)});
  pages.push_back({"language.md", language_page()});
  pages.push_back({"metrics.md", metrics_page(types)});
  pages.push_back({"http-api.md", http_api_page()});
  pages.push_back({"README.md", index_page(types)});
  return pages;
}

ExitCode docs(const Invocation& invocation) {
  std::filesystem::path folder = invocation.operands.empty() ? "docs/reference" : invocation.operands.front();
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) {
    fmt::print(stderr, "Error: make {}: {}\n", folder.string(), errno_text(failed.value()));
    return kNoWorld;
  }
  for (const Page& page : all_pages(invocation.commands)) {
    auto written = write_file_atomically(folder / page.file, page.text);
    if (!written) {
      fmt::print(stderr, "Error: {}\n", written.error().message);
      return kNoWorld;
    }
  }
  return kOk;
}

}  // namespace

constinit const Command kDocsCommand{
    .name = "docs",
    .operands = "[FOLDER]",
    .summary = "write the reference pages",
    .description =
        "Writes one page in Markdown for each component, one for the command line, one for weir's "
        "metrics, one for the HTTP API and an index, into "
        "FOLDER (docs/reference when it is not given).",
    .flags = {},
    .min_operands = 0,
    .max_operands = 1,
    .run = docs,
};

}  // namespace weir::cli
