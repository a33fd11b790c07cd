// local.file: the content of a file, for other components.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include "base/file_watch.h"
#include "lang/field.h"
#include "lang/value.h"
#include "runtime/component.h"

namespace weir::local {

class File {
 public:
  static constexpr std::string_view kName = "local.file";
  static constexpr auto kStability = runtime::Stability::stable;
  static constexpr std::string_view kDoc =
      "Reads a file and passes its content on, again whenever it changes: written in place, replaced by a "
      "rename, or behind a link that leads elsewhere now. "
      "When it is gone or cannot be read, the last content stays, and the component is unhealthy.";

  struct Arguments {
    std::string filename;
    std::string detector = "fsnotify";
    Duration poll_frequency = std::chrono::minutes(1);
    bool is_secret = false;

    static constexpr auto fields() {
      return std::tuple{
          lang::required("filename", &Arguments::filename, "The file; at most 16 MiB.").at_least(1),
          lang::optional("detector", &Arguments::detector,
                         "How changes are noticed: \"fsnotify\" by the kernel's events, \"poll\" only by "
                         "reading again, for file systems that have no events (NFS).")
              .one_of("fsnotify|poll"),
          lang::optional("poll_frequency", &Arguments::poll_frequency,
                         "Pause between two readings, also of a file that is watched.")
              .at_least(0.1),
          lang::optional("is_secret", &Arguments::is_secret,
                         "Hide the content on pages, in logs and in errors."),
      };
    }
    bool operator==(const Arguments&) const = default;
  };

  struct Exports {
    lang::OptionalSecret content;

    static constexpr auto fields() {
      return std::tuple{lang::required("content", &Exports::content, "What stands in the file.")};
    }
    bool operator==(const Exports&) const = default;
  };

  struct DebugInfo {
    std::uint64_t bytes = 0, readings = 0, failures = 0;
    std::string watching, error;

    static constexpr auto fields() {
      return std::tuple{
          lang::optional("bytes", &DebugInfo::bytes, "Size of the content that was passed on last."),
          lang::optional("readings", &DebugInfo::readings, "Times the file was read."),
          lang::optional("failures", &DebugInfo::failures, "Times it could not be read."),
          lang::optional("watching", &DebugInfo::watching,
                         "How changes are noticed: \"events\", or why it is by reading again only."),
          lang::optional("error", &DebugInfo::error, "Why it could not be read last."),
      };
    }
  };

  File(runtime::Context& ctx, Arguments args) : ctx_(ctx), args_(std::move(args)) {}
  void start();
  void apply(Arguments args);
  void stop();

 private:
  void watch();
  void changed();
  void read();
  void finish(const std::string& filename, const Result<std::string>& content);

  runtime::Context& ctx_;
  Arguments args_;
  std::optional<FileWatch> file_watch_;
  runtime::Timer events_, soon_, poll_, slow_;
  bool reading_ = false;
  bool again_ = false;  // something changed while a reading was on its way
  DebugInfo info_;
};

}  // namespace weir::local

extern template weir::runtime::ComponentType weir::runtime::component_type<weir::local::File>();
