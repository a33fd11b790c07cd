// import.http: definitions from a URL, asked for again and again.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "base/duration.h"
#include "components/http_client.h"
#include "runtime/component.h"

namespace weir {

class ImportHttp {
 public:
  static constexpr std::string_view kName = "import.http";
  static constexpr auto kStability = runtime::Stability::stable;
  static constexpr std::string_view kDoc =
      "Brings the declare blocks of a text at a URL: a block add of it is used as LABEL.add. What it brought "
      "last goes on while the server does not answer.";
  struct Client : HttpClientArguments {
    static constexpr auto fields() { return http_client_fields<Client>(); }
    bool operator==(const Client&) const = default;
  };
  struct Arguments {
    std::string url;
    std::string method = "GET";
    std::map<std::string, std::string> headers;
    Duration poll_frequency = std::chrono::minutes(1);
    Duration poll_timeout = std::chrono::seconds(10);
    std::optional<Client> client;

    template <class Owner>
    static constexpr auto fields_of() {
      using Self = Arguments;
      auto optional = []<class T>(std::string_view name, T Self::* member, std::string_view doc) {
        return lang::optional<Owner, T>(name, member, doc);
      };
      return std::tuple{
          lang::required<Owner, std::string>("url", &Self::url, "Where the text is."),
          optional("method", &Self::method, "How to ask for it."),
          optional("headers", &Self::headers, "Headers to send with each request."),
          optional("poll_frequency", &Self::poll_frequency, "How often to ask for it.").at_least(0.001),
          optional("poll_timeout", &Self::poll_timeout, "Time for one try.").at_least(0.001),
          lang::block<Owner, std::optional<Client>>("client", &Self::client, "HTTP settings."),
      };
    }
    static constexpr auto fields() { return fields_of<Arguments>(); }
    void check(lang::Problems& problems) const;
    bool operator==(const Arguments&) const = default;
  };
  using Exports = lang::Nothing;
  using DebugInfo = lang::Nothing;

  ImportHttp(runtime::Context& ctx, Arguments args) : ctx_(ctx), args_(std::move(args)) {}
  void start() { ask(); }
  void apply(Arguments args);
  void stop();

 private:
  void ask();
  void show(const Result<runtime::FetchResponse>& response);
  void complain(std::string why);

  runtime::Context& ctx_;
  Arguments args_;
  std::unique_ptr<runtime::Fetch> fetch_;
  runtime::Timer timer_;
};

}  // namespace weir
