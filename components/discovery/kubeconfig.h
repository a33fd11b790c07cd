// A kubeconfig file: how kubectl and others reach a Kubernetes API server, and as whom.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "components/http_client.h"

namespace weir::discovery {

struct Kubeconfig {
  std::string server;
  HttpClientArguments http;

  // What its current context says. Files that it names are relative to `folder`. What weir cannot do
  // (programs that fetch a token, for one) is the error.
  static Result<Kubeconfig> read(std::string_view text, const std::filesystem::path& folder);
  static Result<Kubeconfig> load(const std::filesystem::path& file);
};

}  // namespace weir::discovery
