// An `endpoint` block of pyroscope.write.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>

#include "base/duration.h"
#include "components/http_client.h"
#include "lang/field.h"

namespace weir::pyroscope {

struct EndpointArguments : HttpClientArguments {
  std::string url;
  std::string name;
  Duration remote_timeout = std::chrono::seconds(10);
  std::map<std::string, std::string> headers;
  Duration min_backoff_period = std::chrono::milliseconds(500);
  Duration max_backoff_period = std::chrono::minutes(5);
  std::int64_t max_backoff_retries = 10;
  bool retry_on_http_429 = true;
  Duration debug_info_upload_timeout = std::chrono::minutes(2);

  static constexpr auto fields() {
    auto own = std::tuple{
        lang::required("url", &EndpointArguments::url,
                       "Address of the server; the path of the push call is added to it."),
        lang::optional("name", &EndpointArguments::name, "Name of the endpoint on pages and in logs."),
        lang::optional("remote_timeout", &EndpointArguments::remote_timeout, "Time for one try.")
            .at_least(1e-3),
        lang::optional("headers", &EndpointArguments::headers, "Headers to send with each request."),
        lang::optional("min_backoff_period", &EndpointArguments::min_backoff_period,
                       "Shortest pause after a failed try.")
            .at_least(1e-3),
        lang::optional("max_backoff_period", &EndpointArguments::max_backoff_period,
                       "Longest pause after a failed try.")
            .at_least(1e-3),
        lang::optional(
            "max_backoff_retries", &EndpointArguments::max_backoff_retries,
            "How many times a profile is tried that the server fails on (408, 5xx) before it is given "
            "up; 0 means until it is older than the queue's max_age. A server that is not reached, takes "
            "no more at once, or wants other credentials costs no profile.")
            .at_least(0),
        lang::optional("retry_on_http_429", &EndpointArguments::retry_on_http_429,
                       "Keep a profile that is too much at once for the server; else it is given up."),
        lang::optional("debug_info_upload_timeout", &EndpointArguments::debug_info_upload_timeout,
                       "Time for one upload of debug information.")
            .without_effect("weir names frames itself and uploads no debug information"),
    };
    return std::tuple_cat(own, http_client_fields<EndpointArguments>());
  }
  void check(lang::Problems& problems) const;
  bool operator==(const EndpointArguments&) const = default;
};

}  // namespace weir::pyroscope
