// http: whom the server of the page, the metrics and the API believes, and who
// may ask there.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "components/http_block_arguments.h"
#include "runtime/component.h"

namespace weir {

class HttpBlock {
 public:
  static constexpr std::string_view kName = "http";
  static constexpr auto kStability = runtime::Stability::stable;
  static constexpr std::string_view kDoc =
      "Protects the server of the page, the metrics and the API: TLS, certificates of clients, a password. "
      "Stands in the config itself only. Until it has taken effect, the server answers 503; what comes to "
      "be unusable later (a certificate that cannot be read, a key of another one) leaves in effect what "
      "was, and makes it unhealthy. Without the block whoever reaches the server may ask.";

  using Arguments = HttpBlockArguments;
  using Exports = lang::Nothing;
  using DebugInfo = lang::Nothing;

  HttpBlock(runtime::Context& ctx, Arguments args) : ctx_(ctx), args_(std::move(args)) {}
  void start() { secure(); }
  void apply(Arguments args);
  void stop() { timer_.reset(); }

 private:
  void secure();
  void look();
  void look_later();

  runtime::Context& ctx_;
  Arguments args_;
  bool is_in_effect_ = false;  // what the arguments say
  std::string stamp_;          // of the files, before they were read
  std::string last_message_;
  runtime::Timer timer_;
};

}  // namespace weir
