#include "runtime/files.h"

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include <fmt/core.h>

#include "base/file_system.h"

namespace weir::runtime {
namespace {

void report(lang::Diagnostics& diagnostics, std::string message) {
  diagnostics.push_back({.source = nullptr, .span = {}, .message = std::move(message), .notes = {}});
}

// By its byte order mark; "" for UTF-8, and where there is none.
std::string_view other_encoding(std::string_view text) {
  using namespace std::string_view_literals;
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kMarks = {
      {{"\xFF\xFE\0\0"sv, "UTF-32"},
       {"\0\0\xFE\xFF"sv, "UTF-32"},
       {"\xFF\xFE"sv, "UTF-16"},
       {"\xFE\xFF"sv, "UTF-16"}}};
  for (const auto& [mark, name] : kMarks) {
    if (text.starts_with(mark)) return name;
  }
  return "";
}

void read_one(const std::filesystem::path& path, std::size_t limit, std::vector<lang::SourcePtr>& sources,
              lang::Diagnostics& diagnostics) {
  auto text = read_file(path, limit);
  if (!text) return report(diagnostics, text.error().message);
  if (std::string_view encoding = other_encoding(*text); !encoding.empty()) {
    return report(diagnostics, fmt::format("{}: the file is {}: save it as UTF-8", path.string(), encoding));
  }
  sources.push_back(lang::Source::make(path.string(), *std::move(text)));
}

std::vector<std::filesystem::path> config_files_in(const std::filesystem::path& folder,
                                                   std::error_code& error) {
  std::vector<std::filesystem::path> paths;
  std::filesystem::directory_iterator entries(folder, error);
  for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) {
    const auto& path = entries->path();
    if (path.extension() != ".river" && path.extension() != ".alloy") continue;
    // Tests of a config stand beside it.
    if (path.stem().extension() == ".test") continue;
    // A pipe of that name would keep its reader waiting.
    std::error_code gone;
    if (entries->is_regular_file(gone)) paths.push_back(path);
  }
  std::ranges::sort(paths);
  return paths;
}

}  // namespace

std::vector<lang::SourcePtr> read_config(const std::filesystem::path& path, lang::Diagnostics& diagnostics,
                                         std::size_t limit) {
  std::vector<lang::SourcePtr> sources;
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) {
    read_one(path, limit, sources, diagnostics);
    return sources;
  }
  for (const auto& file : config_files_in(path, error)) read_one(file, limit, sources, diagnostics);
  if (error) {
    report(diagnostics, fmt::format("list {}: {}", path.string(), errno_text(error.value())));
  } else if (sources.empty() && diagnostics.empty()) {
    diagnostics.push_back({.severity = lang::Severity::warning,
                           .source = nullptr,
                           .span = {},
                           .message = fmt::format("there is no .river or .alloy file in {}", path.string()),
                           .notes = {}});
  }
  return sources;
}

}  // namespace weir::runtime
