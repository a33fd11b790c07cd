#include "components/local/path_pattern.h"

#include <fnmatch.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <span>

#include "base/folder.h"

namespace weir::local {
namespace {

constexpr std::size_t kMostAlternatives = 1000;
constexpr std::size_t kMostBytes = 4096;
constexpr std::size_t kDeepest = 64;  // folders below a **
constexpr std::string_view kAnyFolders = "**";

// Where the brace at `open` ends; npos when it does not. `commas` are those at its own level.
std::size_t brace_end(std::string_view text, std::size_t open, std::vector<std::size_t>& commas) {
  int depth = 0;
  for (std::size_t at = open; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '{') {
      ++depth;
    } else if (text[at] == ',' && depth == 1) {
      commas.push_back(at);
    } else if (text[at] == '}' && --depth == 0) {
      return at;
    }
  }
  return std::string_view::npos;
}

std::size_t first_brace(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '{') {
      return at;
    }
  }
  return std::string_view::npos;
}

// a{b,c}d: abd and acd.
Result<> expand_braces(std::string text, std::vector<std::string>& out) {
  std::vector<std::string> open{std::move(text)};
  while (!open.empty()) {
    std::string pattern = std::move(open.back());
    open.pop_back();
    std::size_t begin = first_brace(pattern);
    if (begin == std::string::npos) {
      out.push_back(std::move(pattern));
      continue;
    }
    std::vector<std::size_t> commas;
    std::size_t end = brace_end(pattern, begin, commas);
    if (end == std::string::npos) return fail("there is a {{ without its }}");
    commas.push_back(end);
    if (out.size() + open.size() + commas.size() > kMostAlternatives) {
      return fail("its braces stand for more than {} patterns", kMostAlternatives);
    }
    // From the last, so that they come out in order.
    for (std::size_t i = commas.size(); i-- > 0;) {
      std::size_t from = i == 0 ? begin + 1 : commas[i - 1] + 1;
      open.push_back(pattern.substr(0, begin) + pattern.substr(from, commas[i] - from) +
                     pattern.substr(end + 1));
    }
  }
  return {};
}

std::vector<std::string> parts_of(std::string_view path) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= path.size();) {
    std::size_t slash = std::min(path.find('/', at), path.size());
    std::string part(path.substr(at, slash - at));
    bool repeats = part.empty() && at > 0;
    bool same = part == "." || (part == kAnyFolders && !parts.empty() && parts.back() == kAnyFolders);
    if (!repeats && !same) parts.push_back(std::move(part));
    at = slash + 1;
  }
  return parts;
}

bool fits(const std::string& pattern, const std::string& name) {
  return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
}

// As strings are matched with *: the last ** takes one folder more whenever what follows does not fit.
bool fit(std::span<const std::string> pattern, std::span<const std::string> path) {
  std::size_t p = 0, n = 0, star = pattern.size(), taken = 0;
  while (n < path.size()) {
    if (p < pattern.size() && pattern[p] == kAnyFolders) {
      star = p++;
      taken = n;
    } else if (p < pattern.size() && fits(pattern[p], path[n])) {
      ++p;
      ++n;
    } else if (star < pattern.size()) {
      p = star + 1;
      n = ++taken;
    } else {
      return false;
    }
  }
  return std::all_of(pattern.begin() + static_cast<std::ptrdiff_t>(p), pattern.end(),
                     [](const std::string& part) { return part == kAnyFolders; });
}

bool is_plain(const std::string& part) {
  return part.find_first_of("*?[\\") == std::string::npos;
}

class Finder {
 public:
  Finder(FoundPaths& found, std::size_t most_entries) : found_(found), most_(most_entries) {}

  void find(std::span<const std::string> parts) {
    bool is_absolute = !parts.empty() && parts[0].empty();
    walk(is_absolute ? "/" : ".", is_absolute ? parts.subspan(1) : parts, 0);
  }

 private:
  void walk(const std::filesystem::path& folder, std::span<const std::string> parts, std::size_t depth) {
    if (parts.empty() || found_.cut) return;
    if (parts[0] == kAnyFolders) return walk_any(folder, parts, depth);
    if (is_plain(parts[0])) return step(folder / parts[0], parts, depth);
    for (const auto& entry : entries_of(folder)) {
      if (fits(parts[0], entry.name)) step(folder / entry.name, parts, depth);
    }
  }

  void step(const std::filesystem::path& path, std::span<const std::string> parts, std::size_t depth) {
    if (parts.size() == 1) return add(path);
    walk(path, parts.subspan(1), depth);
  }

  // No folder, or one more and the ** again.
  void walk_any(const std::filesystem::path& folder, std::span<const std::string> parts, std::size_t depth) {
    auto rest = parts.subspan(1);
    walk(folder, rest, depth);
    for (const auto& entry : entries_of(folder)) {
      std::filesystem::path path = folder / entry.name;
      if (!entry.is_folder && rest.empty()) add(path);
      if (entry.is_folder && depth < kDeepest) walk_any(path, parts, depth + 1);
      if (found_.cut) return;
    }
  }

  void add(const std::filesystem::path& path) {
    struct stat info{};
    if (::stat(path.c_str(), &info) != 0) {
      // Where a link leads nowhere, or in a circle, there is no file.
      bool is_gone = errno == ENOENT || errno == ENOTDIR || errno == ELOOP;
      if (!is_gone) cannot_read(path, fail_errno(errno, "look for {}", path.string()).error().message);
      return;
    }
    if (S_ISDIR(info.st_mode)) return;
    if (auto file = absolute(path)) found_.files.push_back(*std::move(file));
  }

  std::vector<FolderEntry> entries_of(const std::filesystem::path& folder) {
    auto listed = list_folder(folder, most_ - std::min(found_.entries, most_));
    if (!listed) {
      cannot_read(folder, listed.error().message);
      return {};
    }
    found_.entries += listed->entries.size();
    found_.cut |= listed->is_cut;
    return std::move(listed->entries);
  }

  void cannot_read(const std::filesystem::path& path, std::string why) {
    if (auto place = absolute(path)) found_.unreadable.push_back(*std::move(place));
    found_.example = std::move(why);
  }

  static std::optional<std::filesystem::path> absolute(const std::filesystem::path& path) {
    std::error_code error;
    auto absolute = std::filesystem::absolute(path, error).lexically_normal();
    if (error) return std::nullopt;
    // That of "." ends in a slash.
    return absolute.has_filename() ? absolute : absolute.parent_path();
  }

  FoundPaths& found_;
  std::size_t most_;
};

}  // namespace

Result<PathPattern> PathPattern::parse(std::string_view text) {
  if (text.empty()) return fail("the path is empty");
  if (text.size() > kMostBytes) return fail("the path is longer than {} bytes", kMostBytes);
  if (text.find('\0') != std::string_view::npos) return fail("the path has a zero byte");
  std::vector<std::string> alternatives;
  if (auto expanded = expand_braces(std::string(text), alternatives); !expanded) {
    return fail("{}: {}", text, expanded.error().message);
  }
  PathPattern pattern;
  for (const auto& alternative : alternatives) pattern.alternatives_.push_back(parts_of(alternative));
  return pattern;
}

bool PathPattern::matches(std::string_view path) const {
  std::vector<std::string> parts = parts_of(path);
  return std::ranges::any_of(alternatives_, [&](const Parts& pattern) { return fit(pattern, parts); });
}

FoundPaths PathPattern::find(std::size_t most_entries) const {
  FoundPaths found;
  Finder finder(found, most_entries);
  for (const auto& parts : alternatives_) finder.find(parts);
  for (auto* paths : {&found.files, &found.unreadable}) {
    std::ranges::sort(*paths);
    auto repeated = std::ranges::unique(*paths);
    paths->erase(repeated.begin(), repeated.end());
  }
  return found;
}

}  // namespace weir::local
