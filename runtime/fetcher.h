// Fetcher: HTTP as the runtime's components need it. Implemented in cli/ with
// what net/ offers; there is no arrow between the two rooms.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/duration.h"
#include "base/result.h"

namespace weir::runtime {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

struct FetchTls {
  std::string ca_pem, ca_file;
  std::string cert_pem, cert_file;
  std::string key_pem, key_file;
  std::string server_name;
  bool insecure_skip_verify = false;
  std::string min_version;

  bool operator==(const FetchTls&) const = default;
};

// Through which HTTP proxy; asked for again where a redirect leads elsewhere.
struct FetchProxy {
  std::string url;
  std::string no_proxy;           // what is reached without it, separated by commas
  bool from_environment = false;  // instead of both
  HeaderList connect_headers;     // for the proxy alone

  bool operator==(const FetchProxy&) const = default;
};

// Client credentials; the token is the fetcher's business.
struct FetchOAuth2 {
  std::string client_id, client_secret;
  std::string token_url;
  std::vector<std::string> scopes;
  HeaderList endpoint_params;
  FetchTls tls;
  FetchProxy proxy;

  bool operator==(const FetchOAuth2&) const = default;
};

struct FetchRequest {
  std::string method = "GET";
  std::string url;          // http://, https://, or unix:///path/to/socket …
  std::string unix_target;  // … and then the HTTP target
  HeaderList headers;
  HeaderList own_headers;  // as well, but for no other server when that redirects
  std::string body;
  FetchTls tls;
  bool follow_redirects = true;
  FetchProxy proxy;
  std::optional<FetchOAuth2> oauth2;
  Duration connect_timeout = std::chrono::seconds(10);
  Duration header_timeout = std::chrono::seconds(30);
  Duration idle_timeout = std::chrono::seconds(60);  // between two pieces of the body
  Duration total_timeout = Duration::zero();         // zero: none
  std::size_t max_body_bytes = 64 << 20;
};

struct FetchResponse {
  int status = 0;
  HeaderList headers;
  std::string body;  // empty when streamed

  // The first of that name, compared without case; "" when absent.
  std::string_view header(std::string_view name) const;
};

struct FetchEvents {
  std::function<void(const FetchResponse& head)> on_head;  // optional
  std::function<void(std::string_view piece)> on_data;     // set: the body is streamed
  std::function<void(Result<FetchResponse>)> on_done;      // exactly once, unless cancelled
};

// Destroying it cancels; afterwards no event comes.
class Fetch {
 public:
  virtual ~Fetch() = default;
};

class Fetcher {
 public:
  virtual ~Fetcher() = default;
  // Events come on a thread of the fetcher. Components use Context::fetch,
  // which brings them to their strand.
  virtual std::unique_ptr<Fetch> fetch(FetchRequest request, FetchEvents events) = 0;
};

}  // namespace weir::runtime
