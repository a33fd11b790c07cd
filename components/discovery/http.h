// discovery.http: the targets that a server gives.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "components/discovery/target_list.h"
#include "components/http_client.h"
#include "components/http_poll.h"
#include "runtime/component.h"

namespace weir::discovery {

class Http {
 public:
  static constexpr std::string_view kName = "discovery.http";
  static constexpr auto kStability = runtime::Stability::stable;
  static constexpr std::string_view kDoc =
      "Asks a server for targets. It answers with JSON, as application/json: "
      "[{\"targets\": [\"host:port\"], \"labels\": {\"name\": \"value\"}}]. Each target has the labels of "
      "its "
      "group, and the address that was asked as __meta_url. "
      "When the server does not answer so, the last targets stay, and the component is unhealthy.";

  struct Arguments : HttpClientArguments {
    std::string url;
    Duration refresh_interval = std::chrono::seconds(60);

    static constexpr auto fields() {
      auto own = std::tuple{
          lang::required("url", &Arguments::url, "What to ask: http://… or https://….").at_least(1),
          lang::optional("refresh_interval", &Arguments::refresh_interval,
                         "Pause between two questions, and the time for an answer.")
              .at_least(0.1),
      };
      return std::tuple_cat(own, http_client_fields<Arguments>());
    }
    void check(lang::Problems& problems) const;
    bool operator==(const Arguments&) const = default;
  };
  using Exports = TargetExports;

  struct DebugInfo {
    std::uint64_t targets = 0, answers = 0, failures = 0;
    std::string error;

    static constexpr auto fields() {
      return std::tuple{
          lang::optional("targets", &DebugInfo::targets, "Targets of the last good answer."),
          lang::optional("answers", &DebugInfo::answers, "Good answers."),
          lang::optional("failures", &DebugInfo::failures, "Answers of no use, and none at all."),
          lang::optional("error", &DebugInfo::error, "What went wrong last."),
      };
    }
  };

  Http(runtime::Context& ctx, Arguments args);
  void start();
  void apply(Arguments args);
  void stop();

 private:
  using Found = Result<std::vector<TargetPtr>>;

  void answered(Result<runtime::FetchResponse> answer);
  void read(const Found& found);
  void failed(std::string error);

  runtime::Context& ctx_;
  Arguments args_;
  HttpPoll poll_;
  std::shared_ptr<Found> reading_;  // of the last answer
  DebugInfo info_;
};

}  // namespace weir::discovery

extern template weir::runtime::ComponentType weir::runtime::component_type<weir::discovery::Http>();
