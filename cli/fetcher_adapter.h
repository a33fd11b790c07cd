// FetcherAdapter: the runtime's Fetcher over the client of net/.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "net/http.h"
#include "runtime/fetcher.h"

namespace weir::cli {

// The client's thread starts with the first request.
class FetcherAdapter final : public runtime::Fetcher {
 public:
  FetcherAdapter() = default;
  // Reads the variables that name proxies, now and once: for requests that ask for that.
  explicit FetcherAdapter(const std::function<std::string(std::string_view)>& environment);

  std::unique_ptr<runtime::Fetch> fetch(runtime::FetchRequest request, runtime::FetchEvents events) override;

 private:
  std::unique_ptr<net::Client> client_ = net::Client::create();
};

}  // namespace weir::cli
