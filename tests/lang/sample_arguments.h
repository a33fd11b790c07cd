// A component's arguments with a field of every sort, for the tests of decoding.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lang/eval.h"
#include "lang/field.h"

namespace weir::lang {

struct SampleAuth {
  std::string username;
  Secret password;

  static constexpr auto fields() {
    return std::tuple{required("username", &SampleAuth::username, "The user."),
                      optional("password", &SampleAuth::password, "The password.")};
  }
  bool operator==(const SampleAuth&) const = default;
};

struct SampleHeader {
  std::string block_label;
  std::string value = "1";

  static constexpr auto fields() {
    return std::tuple{optional("value", &SampleHeader::value, "What the header says.")};
  }
  bool operator==(const SampleHeader&) const = default;
};

struct SampleEndpoint {
  std::string url;
  Duration timeout = std::chrono::seconds(10);
  std::optional<SampleAuth> basic_auth;
  std::vector<SampleHeader> headers;

  static constexpr auto fields() {
    return std::tuple{required("url", &SampleEndpoint::url, "Where."),
                      optional("timeout", &SampleEndpoint::timeout, "How long."),
                      block("basic_auth", &SampleEndpoint::basic_auth, "Credentials."),
                      block("header", &SampleEndpoint::headers, "Headers.")};
  }
  void check(Problems& problems) const {
    if (!url.starts_with("http")) problems.add("url", "the URL must begin with http:// or https://");
  }
  bool operator==(const SampleEndpoint&) const = default;
};

struct SampleArguments {
  std::vector<std::map<std::string, std::string>> targets;
  Duration collect_interval = std::chrono::seconds(15);
  std::uint32_t sample_rate = 97;
  std::string demangle = "none";
  bool python_enabled = true;
  std::int64_t cache_size = 32;
  std::vector<SampleEndpoint> endpoints = {{.url = "http://default"}};

  static constexpr auto fields() {
    return std::tuple{
        optional("targets", &SampleArguments::targets, "What to profile."),
        optional("collect_interval", &SampleArguments::collect_interval, "Pause.").at_least(1e-3),
        optional("sample_rate", &SampleArguments::sample_rate, "How often.")
            .unit("Hz")
            .at_least(1)
            .at_most(10000),
        optional("demangle", &SampleArguments::demangle, "Names.").one_of("none|simplified|templates|full"),
        optional("python_enabled", &SampleArguments::python_enabled, "Python."),
        optional("cache_size", &SampleArguments::cache_size, "Size.")
            .without_effect("the cache sizes itself"),
        block("endpoint", &SampleArguments::endpoints, "Where to send."),
    };
  }
  void check(Problems& problems) const {
    for (std::size_t i = 0; i < endpoints.size(); ++i) {
      if (endpoints[i].timeout > collect_interval) {
        problems.add("endpoint[" + std::to_string(i) + "].timeout",
                     "the timeout is longer than collect_interval");
      }
    }
  }
  bool operator==(const SampleArguments&) const = default;
};

}  // namespace weir::lang
