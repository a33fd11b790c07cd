// remote.http: what a URL answers, for other components.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include "components/http_client.h"
#include "components/http_poll.h"
#include "lang/field.h"
#include "lang/value.h"
#include "runtime/component.h"

namespace weir::remote {

class Http {
 public:
  static constexpr std::string_view kName = "remote.http";
  static constexpr auto kStability = runtime::Stability::stable;
  static constexpr std::string_view kDoc =
      "Asks a URL again and again and passes the body of the answer on. "
      "Every answer but 200 is an error: the last content stays, and the component is unhealthy.";

  struct Client : HttpClientArguments {
    static constexpr auto fields() { return http_client_fields<Client>(); }
    bool operator==(const Client&) const = default;
  };

  struct Arguments {
    std::string url;
    Duration poll_frequency = std::chrono::minutes(1);
    Duration poll_timeout = std::chrono::seconds(10);
    bool is_secret = false;
    std::string method = "GET";
    std::map<std::string, std::string> headers;
    std::string body;
    std::optional<Client> client;

    static constexpr auto fields() {
      return std::tuple{
          lang::required("url", &Arguments::url, "What to ask: http://… or https://….").at_least(1),
          lang::optional("poll_frequency", &Arguments::poll_frequency, "Pause between two questions.")
              .at_least(0.1),
          lang::optional("poll_timeout", &Arguments::poll_timeout, "Time for the whole answer.")
              .at_least(0.001),
          lang::optional("is_secret", &Arguments::is_secret,
                         "Hide the content on pages, in logs and in errors."),
          lang::optional("method", &Arguments::method, "Method of the request."),
          lang::optional("headers", &Arguments::headers, "Headers of the request."),
          lang::optional("body", &Arguments::body, "Body of the request."),
          lang::block("client", &Arguments::client, "How to reach the server."),
      };
    }
    void check(lang::Problems& problems) const;
    bool operator==(const Arguments&) const = default;
  };

  struct Exports {
    lang::OptionalSecret content;

    static constexpr auto fields() {
      return std::tuple{
          lang::required("content", &Exports::content, "The body of the answer; at most 16 MiB.")};
    }
    bool operator==(const Exports&) const = default;
  };

  struct DebugInfo {
    std::uint64_t bytes = 0, answers = 0, failures = 0;
    std::string error;

    static constexpr auto fields() {
      return std::tuple{
          lang::optional("bytes", &DebugInfo::bytes, "Size of the content that was passed on last."),
          lang::optional("answers", &DebugInfo::answers, "Times the server answered with content."),
          lang::optional("failures", &DebugInfo::failures, "Times it did not."),
          lang::optional("error", &DebugInfo::error, "What went wrong last."),
      };
    }
  };

  Http(runtime::Context& ctx, Arguments args);
  void start();
  void apply(Arguments args);
  void stop() { poll_.stop(); }

 private:
  void answered(const Result<runtime::FetchResponse>& answer);

  runtime::Context& ctx_;
  Arguments args_;
  HttpPoll poll_;
  DebugInfo info_;
};

}  // namespace weir::remote

extern template weir::runtime::ComponentType weir::runtime::component_type<weir::remote::Http>();
