// import.file and module.file: definitions, or a module, from a file or from
// the config files of a folder. Read on a worker, watched, and looked at again
// for as long as they are not there.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "base/file_watch.h"
#include "runtime/component.h"

namespace weir::runtime {

class FileBlock {
 public:
  static constexpr auto kStability = Stability::stable;
  using Exports = lang::Nothing;
  using DebugInfo = lang::Nothing;
  struct Arguments {
    std::string filename;
    std::string detector = "fsnotify";
    Duration poll_frequency = std::chrono::minutes(1);

    template <class Owner = Arguments>
    static constexpr auto fields_of() {
      return std::tuple{
          lang::required<Owner, std::string>("filename", &Owner::filename,
                                             "A file, or a folder whose .river and .alloy files count."),
          lang::optional<Owner, std::string>("detector", &Owner::detector, "How changes are noticed.")
              .one_of("fsnotify|poll"),
          lang::optional<Owner, Duration>(
              "poll_frequency", &Owner::poll_frequency,
              "How often to look, where changes are not told or the file is not there.")
              .at_least(0.001),
      };
    }
    static constexpr auto fields() { return fields_of(); }
    bool operator==(const Arguments&) const = default;
  };

  FileBlock(Context& ctx, Arguments args) : ctx_(ctx), args_(std::move(args)) {}
  void start();
  void apply(Arguments args);
  void stop();

  static Result<lang::Value> read_texts(const Arguments& args, const std::string& id);

 private:
  void watch();
  void look();
  void show(const Result<lang::Value>& texts);
  void look_later(Duration delay);

  Context& ctx_;
  Arguments args_;
  std::optional<FileWatch> watch_;
  Timer readable_, timer_;
  bool is_looking_ = false;
  bool is_outdated_ = false;  // something changed while it was read
};

struct ImportFile : FileBlock {
  using FileBlock::FileBlock;
  static constexpr std::string_view kName = "import.file";
  static constexpr std::string_view kDoc =
      "Brings the declare blocks of a file or folder: a block add of it is used as LABEL.add.";
};

struct ModuleFile : FileBlock {
  using FileBlock::FileBlock;
  struct Arguments : FileBlock::Arguments {
    lang::Nothing arguments;

    static constexpr auto fields() {
      return std::tuple_cat(fields_of<Arguments>(),
                            std::tuple{lang::block("arguments", &Arguments::arguments,
                                                   "Values for the argument blocks of the file, by name.")});
    }
    bool operator==(const Arguments&) const = default;
  };
  static constexpr std::string_view kName = "module.file";
  static constexpr std::string_view kDoc =
      "Runs the config in a file as a module: its export x is read as module.file.LABEL.exports.x.";
};

}  // namespace weir::runtime
