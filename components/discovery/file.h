// discovery.file: the targets that stand in files.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/file_watch.h"
#include "components/discovery/target_files.h"
#include "components/discovery/target_list.h"
#include "runtime/component.h"

namespace weir::discovery {

class File {
 public:
  static constexpr std::string_view kName = "discovery.file";
  static constexpr auto kStability = runtime::Stability::stable;
  static constexpr std::string_view kDoc =
      "Reads targets from JSON and YAML files, again whenever one changes. A file is a list of groups: "
      "[{\"targets\": [\"host:port\"], \"labels\": {\"name\": \"value\"}}]. Each target has the labels of "
      "its "
      "group, and its file's path as __meta_filepath. "
      "Of a file, or a folder, that cannot be read the last content stays, and the component is unhealthy; a "
      "file that was removed takes its targets along.";

  struct Arguments {
    std::vector<std::string> files;
    Duration refresh_interval = std::chrono::minutes(5);

    static constexpr auto fields() {
      return std::tuple{
          lang::required("files", &Arguments::files,
                         "Paths that end with .json, .yml or .yaml; the name may have wildcards: "
                         "/etc/targets/*.json.")
              .at_least(1),
          lang::optional("refresh_interval", &Arguments::refresh_interval,
                         "Pause between two readings of every file; changes come at once.")
              .at_least(0.1),
      };
    }
    void check(lang::Problems& problems) const;
    bool operator==(const Arguments&) const = default;
  };
  using Exports = TargetExports;

  struct FileInfo {
    std::string path;
    std::uint64_t targets = 0;
    std::string error;

    static constexpr auto fields() {
      return std::tuple{
          lang::optional("path", &FileInfo::path, "Which file."),
          lang::optional("targets", &FileInfo::targets, "Targets of its last good content."),
          lang::optional("error", &FileInfo::error, "Why its content now cannot be used."),
      };
    }
  };

  struct DebugInfo {
    std::uint64_t files = 0, targets = 0, readings = 0, bad_files = 0;
    std::string watching;
    std::vector<FileInfo> by_file;

    static constexpr auto fields() {
      return std::tuple{
          lang::optional("files", &DebugInfo::files, "Files that were found."),
          lang::optional("targets", &DebugInfo::targets, "Targets in them."),
          lang::optional("readings", &DebugInfo::readings, "Times they were read."),
          lang::optional("bad_files", &DebugInfo::bad_files, "Files whose content cannot be used."),
          lang::optional("watching", &DebugInfo::watching,
                         "How changes are noticed: \"events\", or why it is by refreshes only."),
          lang::block("file", &DebugInfo::by_file, "The bad files, and then others, 100 in all."),
      };
    }
  };

  File(runtime::Context& ctx, Arguments args) : ctx_(ctx), args_(std::move(args)) {}
  void start();
  void apply(Arguments args);
  void stop();

 private:
  struct Watch {
    FileWatch files;
    runtime::Timer events;
  };

  void watch();
  void changed(Watch& watch);
  void read();
  void finish(const TargetFiles& files);
  void report(std::size_t targets);

  runtime::Context& ctx_;
  Arguments args_;
  std::map<std::string, Watch> watches_;  // by what they watch
  std::string not_watching_;              // why
  std::shared_ptr<const TargetFiles> files_ = std::make_shared<TargetFiles>();
  runtime::Timer soon_, refresh_;
  bool reading_ = false;
  bool again_ = false;  // something changed while a reading was on its way
  std::uint64_t readings_ = 0;
  std::string last_error_;
};

}  // namespace weir::discovery

extern template weir::runtime::ComponentType weir::runtime::component_type<weir::discovery::File>();
