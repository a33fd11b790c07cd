#include "components/discovery/target_files.h"

#include <glob.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include <fmt/core.h>

#include "base/file_system.h"
#include "base/utf8.h"
#include "components/discovery/target_groups.h"
#include "profile/hash_index.h"

namespace weir::discovery {
namespace {

constexpr std::size_t kMostFiles = 1000;
constexpr std::size_t kMostTargets = 100'000;

bool has_wildcard(std::string_view text) {
  return text.find_first_of("*?[") != std::string_view::npos;
}

bool is_yaml(const std::string& path) {
  std::string extension = std::filesystem::path(path).extension();
  return extension != ".json" && extension != ".JSON";
}

// Sorted by the library.
std::vector<std::string> files_of(const std::string& pattern, std::vector<std::string>& errors) {
  glob_t found{};
  std::vector<std::string> files;
  int code = ::glob(pattern.c_str(), GLOB_PERIOD, nullptr, &found);
  if (code == 0) files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  if (code == GLOB_NOMATCH && !has_wildcard(pattern)) errors.push_back(pattern + ": there is no such file");
  if (code != 0 && code != GLOB_NOMATCH) errors.push_back(pattern + ": the folder cannot be read");
  return files;
}

TargetFile read_one(const std::string& path, const TargetFile* before) {
  TargetFile file;
  if (before) file = *before;
  auto text = read_regular_file(path, kMostGroupBytes);
  if (!text) {
    file.error = text.error().message;
    file.text_hash = 0;
    return file;
  }
  std::uint64_t hash = profile::hash_string(*text, text->size() + 1);
  if (before && before->text_hash == hash) return file;
  auto targets = target_groups(*text, is_yaml(path) ? GroupFormat::yaml : GroupFormat::json,
                               {"__meta_filepath", utf8_text(path)});
  file.text_hash = hash;
  file.error.clear();
  if (targets) {
    file.targets = *std::move(targets);
  } else {
    file.error = fmt::format("{}: {}", utf8_text(path), targets.error().message);
  }
  return file;
}

}  // namespace

TargetFiles read_target_files(const std::vector<std::string>& patterns, const TargetFiles& before) {
  TargetFiles read;
  std::size_t targets = 0;
  for (const auto& pattern : patterns) {
    for (const auto& path : files_of(pattern, read.errors)) {
      if (read.by_path.contains(path)) continue;
      if (read.by_path.size() >= kMostFiles) {
        read.errors.push_back(fmt::format("{}: there are more than {} files", pattern, kMostFiles));
        return read;
      }
      auto known = before.by_path.find(path);
      TargetFile file = read_one(path, known == before.by_path.end() ? nullptr : &known->second);
      targets += file.targets.size();
      if (targets > kMostTargets) {
        read.errors.push_back(fmt::format("{}: there are more than {} targets", path, kMostTargets));
        return read;
      }
      read.by_path.emplace(path, std::move(file));
    }
  }
  return read;
}

Result<> check_file_pattern(std::string_view pattern) {
  constexpr std::array<std::string_view, 6> kExtensions = {".json", ".yml", ".yaml",
                                                           ".JSON", ".YML", ".YAML"};
  bool has_extension =
      std::ranges::any_of(kExtensions, [&](std::string_view end) { return pattern.ends_with(end); });
  if (!has_extension) return fail("\"{}\" ends with none of .json, .yml and .yaml", pattern);
  std::size_t star = pattern.find('*');
  if (star != std::string_view::npos && pattern.find('/', star) != std::string_view::npos) {
    return fail("\"{}\": a * may stand in the name of the file only, not in its folder", pattern);
  }
  return {};
}

std::string watched_path(const std::string& pattern) {
  std::string path = pattern;
  while (has_wildcard(path)) {
    std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    path.resize(std::max<std::size_t>(slash, 1));
    if (path == "/") break;
  }
  return path;
}

}  // namespace weir::discovery
