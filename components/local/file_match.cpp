#include "components/local/file_match.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

#include "base/utf8.h"
#include "components/local/path_pattern.h"
#include "components/wording.h"

namespace weir::local {
namespace {

// Of all patterns together: a ** at the root would read the whole disk every sync_period.
constexpr std::size_t kMostEntries = 200'000;
constexpr std::size_t kMostTargets = 100'000;

bool is_older(const std::filesystem::path& file, Duration age, WallTime now) {
  struct stat info{};
  // What cannot be looked at is as it was.
  if (::stat(file.c_str(), &info) != 0) return errno == ENOENT || errno == ENOTDIR;
  auto written = std::chrono::system_clock::from_time_t(info.st_mtime);
  return written < now - std::chrono::duration_cast<WallTime::duration>(age);
}

class Matcher {
 public:
  Matcher(Duration ignore_older_than, WallTime now, const FileMatches& before)
      : age_(ignore_older_than), now_(now), before_(before) {}

  void add(const discovery::TargetPtr& target) {
    std::string_view path = target->get(kPathLabel);
    if (path.empty()) {
      ++matches_.without_path;
      return;
    }
    auto pattern = parse(path);
    std::string_view exclude_path = target->get(kExcludeLabel);
    auto exclude = exclude_path.empty() ? std::nullopt : parse(exclude_path);
    if (!pattern || (!exclude && !exclude_path.empty())) return;
    FoundPaths found = pattern->find(kMostEntries - entries_);
    entries_ += std::min(found.entries, kMostEntries - entries_);
    matches_.cut |= found.cut;
    matches_.unreadable += found.unreadable.size();
    if (!found.example.empty()) matches_.example = std::move(found.example);
    keep_unread(std::string(path), found);
    auto& files = matches_.files[std::string(path)];
    files = std::move(found.files);
    for (const auto& file : files) {
      if (exclude && exclude->matches(file.native())) {
        ++matches_.excluded;
      } else if (age_ > Duration::zero() && is_older(file, age_, now_)) {
        ++matches_.older;
      } else {
        add_file(*target, file);
      }
    }
  }

  FileMatches take() {
    matches_.targets = {discovery::TargetList::make(std::move(targets_))};
    return std::move(matches_);
  }

 private:
  std::optional<PathPattern> parse(std::string_view text) {
    auto pattern = PathPattern::parse(text);
    if (pattern) return *std::move(pattern);
    ++matches_.bad_patterns;
    matches_.example = pattern.error().message;
    return std::nullopt;
  }

  // What was found before where nobody can look now.
  void keep_unread(const std::string& pattern, FoundPaths& found) const {
    auto known = before_.files.find(pattern);
    if (found.unreadable.empty() || known == before_.files.end()) return;
    for (const auto& file : known->second) {
      bool is_unread = std::ranges::any_of(found.unreadable, [&](const std::filesystem::path& place) {
        return std::ranges::mismatch(place, file).in1 == place.end();
      });
      if (is_unread) found.files.push_back(file);
    }
    std::ranges::sort(found.files);
    auto repeated = std::ranges::unique(found.files);
    found.files.erase(repeated.begin(), repeated.end());
  }

  void add_file(const discovery::Target& target, const std::filesystem::path& file) {
    if (targets_.size() >= kMostTargets) {
      matches_.cut = true;
      return;
    }
    std::vector<discovery::Target::Label> labels;
    for (const auto& [name, value] : target.labels()) labels.emplace_back(name, value);
    labels.emplace_back(kPathLabel, utf8_text(file.native()));
    targets_.push_back(discovery::Target::make(std::move(labels)));
  }

  Duration age_;
  WallTime now_;
  const FileMatches& before_;
  FileMatches matches_;
  std::vector<discovery::TargetPtr> targets_;
  std::size_t entries_ = 0;
};

std::string flow_text(const FileMatch::DebugInfo& info) {
  if (info.patterns == 0) return std::string(kNoTargetsCame);
  std::uint64_t patterns = info.patterns - info.without_path;
  std::string text = fmt::format("{} of {}", count_text(info.files, "file"), count_text(patterns, "pattern"));
  if (patterns > 0 && info.files + info.excluded + info.older + info.bad_patterns + info.unreadable == 0)
    text += ": none fits";
  return text + left_out_text(info.excluded, "file", kExcludeLabel) +
         left_out_text(info.older, "file", "older than ignore_older_than") +
         left_out_text(info.without_path, "target", "without __path__");
}

}  // namespace

FileMatches match_files(const discovery::Targets& path_targets, Duration ignore_older_than, WallTime now,
                        const FileMatches& before) {
  Matcher matcher(ignore_older_than, now, before);
  for (const auto& target : path_targets) matcher.add(target);
  return matcher.take();
}

void FileMatch::apply(Arguments args) {
  args_ = std::move(args);
  look();
}

void FileMatch::look() {
  again_ = looking_;
  if (std::exchange(looking_, true)) return;
  timer_.reset();
  auto matches = std::make_shared<FileMatches>();
  ctx_.offload([matches, before = known_, targets = args_.path_targets, age = args_.ignore_older_than,
                now = ctx_.clock().wall()] { *matches = match_files(targets, age, now, *before); },
               [this, matches] { finish(matches); });
}

void FileMatch::finish(const std::shared_ptr<const FileMatches>& matches) {
  looking_ = false;
  if (std::exchange(again_, false)) return look();
  timer_ = ctx_.after(args_.sync_period, [this] { look(); });
  known_ = matches;
  ctx_.publish(Exports{matches->targets});
  DebugInfo info{.patterns = args_.path_targets.size(),
                 .files = matches->targets.size(),
                 .without_path = matches->without_path,
                 .bad_patterns = matches->bad_patterns,
                 .unreadable = matches->unreadable,
                 .excluded = matches->excluded,
                 .older = matches->older,
                 .cut = matches->cut,
                 .example = matches->example};
  ctx_.publish_debug_info(info);
  std::string message = flow_text(info);
  if (info.unreadable > 0) {
    message += fmt::format("; {} could not be read ({}): what was found there before stays",
                           count_text(info.unreadable, "folder"), info.example);
  }
  if (info.bad_patterns > 0) {
    message += fmt::format("; {} of no use: {}", count_text(info.bad_patterns, "pattern"), info.example);
  }
  if (info.cut) {
    message += fmt::format(
        "; there is more than weir looks at ({} entries of folders, {} files): write a "
        "narrower pattern",
        kMostEntries, kMostTargets);
  }
  bool is_broken = info.bad_patterns > 0 || info.unreadable > 0 || info.cut;
  ctx_.set_health(is_broken ? runtime::HealthState::unhealthy : runtime::HealthState::healthy,
                  std::move(message));
}

}  // namespace weir::local

template weir::runtime::ComponentType weir::runtime::component_type<weir::local::FileMatch>();
