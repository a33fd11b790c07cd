// Call: one request of the client from its URL to its last byte. For call.cpp,
// call_connect.cpp and client.cpp only.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "net/asio.h"
#include "net/http.h"
#include "net/message_reader.h"
#include "net/oauth2.h"
#include "net/pool.h"
#include "net/resolver.h"
#include "net/stream.h"
#include "net/tls.h"
#include "net/url.h"

namespace weir::net {

class Call;

// What a Pending and its call share. Events are delivered under the mutex, and
// closing takes it: once close() has returned on another thread, no event runs
// and none will. Recursive, because an event may destroy its own Pending.
class Ticket {
 public:
  explicit Ticket(ClientEvents events);

  void head(const ClientResponse& head);
  void data(std::string_view piece);
  void done(Result<ClientResponse> result);  // later calls do nothing
  void close();
  bool is_open();

  const bool streams;  // the body goes to on_data

  Call* call = nullptr;  // the client's thread only

 private:
  std::recursive_mutex mutex_;
  ClientEvents events_;
  bool open_ = true;
  bool delivering_ = false;
};

// What the calls of a client share; lives on its thread and outlives them.
struct ClientShared {
  asio::io_context& context;
  ProxyEnvironment environment;
  Tokens tokens;
  Pool pool{context};
  TlsContexts tls{};
};

class Call {
 public:
  Call(ClientShared& shared, std::shared_ptr<Ticket> ticket, ClientRequest request);
  ~Call();

  asio::awaitable<void> run();
  void abort();                        // run() ends soon
  void forget() { ticket_->close(); }  // no more events
  void crash() { ticket_->done(fail("{}: internal error, out of memory most likely", first_url_)); }

 private:
  Result<> prepare();
  Result<> prepare_proxy();
  asio::awaitable<Result<ClientResponse>> perform();
  asio::awaitable<Result<>> authorize();
  asio::awaitable<Result<ClientResponse>> exchange();
  asio::awaitable<Result<>> connect();
  asio::awaitable<Result<>> connect_to(const std::string& host, std::uint16_t port);
  asio::awaitable<error_code> open(Socket::endpoint_type endpoint);
  asio::awaitable<Result<>> open_tunnel();
  asio::awaitable<Result<>> secure();
  asio::awaitable<error_code> write(std::string_view text);
  asio::awaitable<Result<ClientResponse>> talk();
  asio::awaitable<Result<ClientResponse>> receive(error_code write_error);
  asio::awaitable<ReadState> read(ResponseReader& reader);
  bool is_followed(const ClientResponse& response) const;
  bool is_token_refused(const ClientResponse& response) const;
  Result<> follow(const ClientResponse& response);
  void leave_server(const Url& next);
  Result<ClientResponse> finished(ClientResponse response);
  std::string head() const;
  std::string pool_key() const;
  void arm(Duration limit, std::string_view what);
  // The limit stands; what it is a limit of changes.
  void enter(std::string_view what) { phase_name_ = what; }
  void expire();

  ClientShared& shared_;
  std::shared_ptr<Ticket> ticket_;
  ClientRequest request_;
  Url url_, proxy_;  // proxy_.host empty: none
  std::string first_url_;
  std::string token_;  // of oauth2, as it was sent
  bool token_renewed_ = false;
  bool asked_for_gzip_ = false;
  bool aborted_ = false;

  std::unique_ptr<Stream> stream_;
  std::unique_ptr<Lookup> lookup_;
  bool reused_ = false;
  bool answered_ = false;  // the first byte of a response has come
  bool in_body_ = false;
  std::size_t discarded_ = 0;  // of redirects' bodies
  std::string buffer_;
  std::string read_error_;

  Watch phase_, total_, attempt_;
  asio::steady_timer token_wait_;
  Duration phase_limit_{};
  std::string phase_name_;
};

}  // namespace weir::net
