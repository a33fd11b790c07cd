// local.file_match: the files that fit patterns of paths, as targets.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "components/discovery/target_list.h"
#include "runtime/component.h"

namespace weir::local {

inline constexpr std::string_view kPathLabel = "__path__";
inline constexpr std::string_view kExcludeLabel = "__path_exclude__";

// What one look at the file system came to.
struct FileMatches {
  discovery::Targets targets;
  std::uint64_t without_path = 0;  // path_targets that have no __path__
  std::uint64_t bad_patterns = 0;
  std::uint64_t excluded = 0, older = 0;  // files that fit a pattern and are left out all the same
  std::uint64_t unreadable = 0;           // folders
  std::string example;                    // why one of these
  bool cut = false;
  // By pattern; with those that may be there still, as their folder cannot be read.
  std::map<std::string, std::vector<std::filesystem::path>> files;
};

FileMatches match_files(const discovery::Targets& path_targets, Duration ignore_older_than, WallTime now,
                        const FileMatches& before = {});

class FileMatch {
 public:
  static constexpr std::string_view kName = "local.file_match";
  static constexpr auto kStability = runtime::Stability::stable;
  static constexpr std::string_view kDoc =
      "Finds the files that fit patterns of paths: each becomes a target with the labels of the target that "
      "had the pattern, and its own absolute path as __path__. "
      "In a pattern * stands for any text without a slash, ? for one character, [a-z] for one of these, "
      "{one,two} for either, and ** for any number of folders.";

  struct Arguments {
    discovery::Targets path_targets;
    Duration sync_period = std::chrono::seconds(10);
    Duration ignore_older_than{};

    static constexpr auto fields() {
      return std::tuple{
          lang::required("path_targets", &Arguments::path_targets,
                         "Targets with a pattern as __path__, and one of what to leave out as "
                         "__path_exclude__."),
          lang::optional("sync_period", &Arguments::sync_period, "Pause between two looks.").at_least(0.1),
          lang::optional("ignore_older_than", &Arguments::ignore_older_than,
                         "Leaves out files that were not written for so long; 0s: none.")
              .at_least(0),
      };
    }
    bool operator==(const Arguments&) const = default;
  };
  using Exports = discovery::TargetExports;

  struct DebugInfo {
    std::uint64_t patterns = 0, files = 0, without_path = 0, bad_patterns = 0, unreadable = 0;
    std::uint64_t excluded = 0, older = 0;
    bool cut = false;
    std::string example;

    static constexpr auto fields() {
      return std::tuple{
          lang::optional("patterns", &DebugInfo::patterns, "Targets that came in."),
          lang::optional("files", &DebugInfo::files, "Files that fit one of them."),
          lang::optional("excluded", &DebugInfo::excluded, "Files that __path_exclude__ leaves out."),
          lang::optional("older", &DebugInfo::older, "Files that ignore_older_than leaves out."),
          lang::optional("without_path", &DebugInfo::without_path, "Targets that came without __path__."),
          lang::optional("bad_patterns", &DebugInfo::bad_patterns, "Patterns that cannot be understood."),
          lang::optional("unreadable", &DebugInfo::unreadable,
                         "Folders that cannot be read: what was found there before stays."),
          lang::optional("example", &DebugInfo::example, "Why one of these, or one pattern, is of no use."),
          lang::optional("cut", &DebugInfo::cut, "There is more than weir looks at."),
      };
    }
  };

  FileMatch(runtime::Context& ctx, Arguments args) : ctx_(ctx), args_(std::move(args)) {}
  void start() { look(); }
  void apply(Arguments args);
  void stop() { timer_.reset(); }

 private:
  void look();
  void finish(const std::shared_ptr<const FileMatches>& matches);

  runtime::Context& ctx_;
  Arguments args_;
  runtime::Timer timer_;
  std::shared_ptr<const FileMatches> known_ = std::make_shared<FileMatches>();
  bool looking_ = false;
  bool again_ = false;
};

}  // namespace weir::local

extern template weir::runtime::ComponentType weir::runtime::component_type<weir::local::FileMatch>();
