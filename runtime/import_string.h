// import.string and module.string: definitions, or a module, from a text in the
// config.
#pragma once

#include <string>
#include <tuple>
#include <utility>

#include <fmt/core.h>

#include "runtime/component.h"

namespace weir::runtime {

// Whose content is an expression.
class TextBlock {
 public:
  static constexpr auto kStability = Stability::stable;
  using Exports = lang::Nothing;
  using DebugInfo = lang::Nothing;
  struct Arguments {
    lang::OptionalSecret content;

    static constexpr auto fields() {
      return std::tuple{lang::required("content", &Arguments::content, "The text.")};
    }
    bool operator==(const Arguments&) const = default;
  };

  TextBlock(Context& ctx, Arguments args) : ctx_(ctx), args_(std::move(args)) {}
  void start() { publish(); }
  void apply(Arguments args) {
    args_ = std::move(args);
    publish();
  }
  void stop() {}

  static Result<lang::Value> read_texts(const Arguments& args, const std::string& id) {
    return lang::Value::ordered_object({{id, lang::Value(args.content.text)}});
  }

 private:
  void publish() {
    ctx_.set_health(HealthState::healthy, fmt::format("a text of {} bytes", args_.content.text.size()));
    ctx_.publish_object(*read_texts(args_, ctx_.id()));
  }

  Context& ctx_;
  Arguments args_;
};

struct ImportString : TextBlock {
  using TextBlock::TextBlock;
  static constexpr std::string_view kName = "import.string";
  static constexpr std::string_view kDoc =
      "Brings the declare blocks of a text: a block add of it is used as LABEL.add.";
};

struct ModuleString : TextBlock {
  using TextBlock::TextBlock;
  struct Arguments : TextBlock::Arguments {
    static constexpr auto fields() {
      return std::tuple{
          lang::required<Arguments, lang::OptionalSecret>("content", &Arguments::content, "The text."),
          lang::block<Arguments, lang::Nothing>("arguments", &Arguments::arguments,
                                                "Values for the argument blocks of the text, by name.")};
    }
    lang::Nothing arguments;
    bool operator==(const Arguments&) const = default;
  };
  static constexpr std::string_view kName = "module.string";
  static constexpr std::string_view kDoc =
      "Runs the config in a text as a module: its export x is read as module.string.LABEL.exports.x.";
};

}  // namespace weir::runtime
