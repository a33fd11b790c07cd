#include "components/discovery/target_files.h"

#include <fnmatch.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <utility>

#include <fmt/core.h>

#include "base/file_system.h"
#include "base/folder.h"
#include "base/utf8.h"
#include "components/discovery/target_count.h"
#include "components/discovery/target_groups.h"
#include "profile/hash_index.h"

namespace weir::discovery {
namespace {

constexpr std::size_t kMostFiles = 1000;
constexpr std::size_t kMostEntries = 200'000;  // of the folders of one pattern

bool has_wildcard(std::string_view text) {
  return text.find_first_of("*?[") != std::string_view::npos;
}

bool is_yaml(const std::string& path) {
  std::string extension = std::filesystem::path(path).extension();
  return extension != ".json" && extension != ".JSON";
}

// The files that fit a pattern.
class Finder {
 public:
  explicit Finder(const std::string& pattern) : pattern_(pattern) { find("", pattern_); }

  const std::vector<std::string>& paths() const { return paths_; }
  const std::vector<std::string>& errors() const { return errors_; }
  // It may be there still: what it stands in cannot be read.
  bool may_have(const std::string& path) const {
    auto is_below = [&](const std::string& place) { return path.starts_with(place); };
    return std::ranges::any_of(unreadable_, is_below) &&
           (path == pattern_ || ::fnmatch(pattern_.c_str(), path.c_str(), FNM_PATHNAME) == 0);
  }

 private:
  // `folder` ends with a slash, or is empty: here.
  void find(const std::string& folder, std::string_view rest) {
    std::size_t slash = rest.find('/');
    bool is_last = slash == std::string_view::npos;
    std::string part(rest.substr(0, slash));
    auto enter = [&](const std::string& name) {
      if (is_last) {
        paths_.push_back(folder + name);
      } else {
        find(folder + name + "/", rest.substr(slash + 1));
      }
    };
    if (part.find_first_of("*?[\\") != std::string::npos) {
      for (const auto& entry : entries_of(folder)) {
        if (::fnmatch(part.c_str(), entry.name.c_str(), 0) == 0) enter(entry.name);
      }
    } else if (!is_last || is_there(folder + part)) {
      enter(part);
    }
  }

  std::vector<FolderEntry> entries_of(const std::string& folder) {
    auto listed = list_folder(folder.empty() ? "." : folder, kMostEntries - entries_);
    if (!listed) {
      cannot_read(folder, listed.error().message);
      return {};
    }
    if (listed->is_cut) {
      cannot_read(folder, fmt::format("{}: its folders have more than {} entries", pattern_, kMostEntries));
    }
    entries_ += listed->entries.size();
    return std::move(listed->entries);
  }

  bool is_there(const std::string& path) {
    struct stat info{};
    if (::lstat(path.c_str(), &info) == 0) return true;
    if (errno != ENOENT && errno != ENOTDIR) {
      cannot_read(path, fail_errno(errno, "look for {}", path).error().message);
    } else if (path == pattern_) {
      errors_.push_back(path + ": there is no such file");
    }
    return false;
  }

  void cannot_read(const std::string& place, std::string why) {
    unreadable_.push_back(place);
    errors_.push_back(std::move(why));
  }

  const std::string& pattern_;
  std::vector<std::string> paths_, errors_, unreadable_;
  std::size_t entries_ = 0;
};

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
    file.label_bytes = 0;
    for (const auto& target : file.targets) file.label_bytes += label_bytes_of(*target);
  } else {
    file.error = fmt::format("{}: {}", utf8_text(path), targets.error().message);
  }
  return file;
}

class Reader {
 public:
  explicit Reader(const TargetFiles& before) : before_(before) {}

  // False when there is too much.
  bool add(const std::string& pattern) {
    Finder finder(pattern);
    read_.errors.insert(read_.errors.end(), finder.errors().begin(), finder.errors().end());
    for (const auto& path : finder.paths()) {
      auto known = before_.by_path.find(path);
      const TargetFile* before = known == before_.by_path.end() ? nullptr : &known->second;
      if (!read_.by_path.contains(path) && !add(path, read_one(path, before))) return false;
    }
    for (const auto& [path, file] : before_.by_path) {
      if (read_.by_path.contains(path) || !finder.may_have(path)) continue;
      ++read_.kept;
      if (!add(path, file)) return false;
    }
    return true;
  }
  TargetFiles take() { return std::move(read_); }

 private:
  bool add(const std::string& path, TargetFile file) {
    bool has_room = read_.by_path.size() < kMostFiles;
    if (has_room && count_.add(file.targets.size(), file.label_bytes)) {
      read_.by_path.emplace(path, std::move(file));
      return true;
    }
    read_.errors.push_back(has_room ? fmt::format("{}: there are {}", path, count_.too_much())
                                    : fmt::format("{}: there are more than {} files", path, kMostFiles));
    return false;
  }

  const TargetFiles& before_;
  TargetFiles read_;
  TargetCount count_;
};

}  // namespace

TargetFiles read_target_files(const std::vector<std::string>& patterns, const TargetFiles& before) {
  Reader reader(before);
  for (const auto& pattern : patterns) {
    if (!reader.add(pattern)) break;
  }
  return reader.take();
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
