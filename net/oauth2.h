// Access tokens by client credentials (RFC 6749, 4.4): how they are asked for,
// what the answer says, and those that are still good.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/asio.h"
#include "net/http.h"

namespace weir::net {

// How the client names itself: RFC 6749, 2.3.1 knows two ways, and not every server takes both.
enum class ClientNaming { header, form };

ClientRequest token_request(const OAuth2Options& options, ClientNaming naming);

struct AccessToken {
  std::string authorization;            // "Bearer abc"
  Duration lifetime = Duration::max();  // as the server says
};

// The error says what the server says, and nothing that is secret.
Result<AccessToken> read_token(const ClientResponse& response);

// On the client's thread.
class Tokens {
 public:
  // Sends the request, on the same thread.
  using Send = std::function<void(ClientRequest, std::function<void(Result<ClientResponse>)>)>;
  explicit Tokens(Send send) : send_(std::move(send)) {}

  // The value of an Authorization header. Requests that come while a token is being fetched wait for that
  // one, on a timer of theirs: cancelling it gives up.
  asio::awaitable<Result<std::string>> get(const OAuth2Options& options, asio::steady_timer& waiting);
  // The server did not take this one: it is not used again.
  void refuse(const OAuth2Options& options, std::string_view authorization);

 private:
  using Clock = std::chrono::steady_clock;
  struct Fetch;
  struct Entry {
    std::string authorization;
    Clock::time_point good_until;
    ClientNaming naming = ClientNaming::header;
    bool naming_known = false;
    std::shared_ptr<Fetch> fetch;  // while one is under way
    Clock::time_point used;
  };

  std::shared_ptr<Entry> entry(const OAuth2Options& options);
  void fetch(std::shared_ptr<Entry> entry, OAuth2Options options);
  void finish(Entry& entry, Result<AccessToken> token);

  Send send_;
  std::map<std::string, std::shared_ptr<Entry>> entries_;
};

}  // namespace weir::net
