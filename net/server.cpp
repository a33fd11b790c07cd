#include <set>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>

#include "net/http.h"
#include "net/session.h"
#include "net/url.h"

namespace weir::net {

namespace {

using asio::ip::tcp;

// Connections past the limit that are told so; the next ones are just closed.
constexpr std::size_t kRefusedAtOnce = 64;

class ServerImpl final : public Server {
 public:
  ServerImpl(Options options, Handler handler, tcp::endpoint endpoint)
      : acceptor_(context_),
        stop_timer_(context_),
        service_{.options = options,
                 .handler = std::move(handler),
                 .hosts = HostCheck(listen_host(options, endpoint), endpoint.address().is_loopback(),
                                    options.allowed_hosts),
                 .gate = std::make_shared<Gate>(context_)} {}

  ~ServerImpl() override {
    if (!thread_.joinable()) return;
    asio::post(context_, [this] { begin_stop(); });
    thread_.join();
    service_.gate->close();
  }

  Result<> listen(const tcp::endpoint& endpoint) {
    error_code error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    // ":port" serves both families where the machine has both.
    if (!error && endpoint.protocol() == tcp::v6() && endpoint.address().is_unspecified()) {
      acceptor_.set_option(asio::ip::v6_only(false), error);
    }
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) return std::unexpected(Error{errno_text(error.value())});
    port_ = acceptor_.local_endpoint(error).port();
    thread_ = std::thread([this] { run(); });
    return {};
  }

  std::uint16_t port() const override { return port_; }

  Result<Ready> prepare(const Security& security) override {
    auto tls = tls_of(security);
    if (!tls) return fail(tls.error());
    return [this, tls = *std::move(tls), auth = AuthCheck(security.auth)](Handler handler) {
      service_.gate->dispatch([this, tls, auth, handler = std::move(handler)] {
        bool is_as_before = service_.tls && tls ? service_.tls->believes_as(*tls) : service_.tls == tls;
        service_.tls = tls;
        service_.auth = auth;
        if (handler) service_.handler = handler;
        ++service_.epoch;
        if (!is_as_before) ++service_.tls_epoch;
        disconnect_earlier(is_as_before);
      });
    };
  }

  // Before it listens.
  Result<> begin_secure() {
    auto tls = tls_of(service_.options.security);
    if (!tls) return fail(tls.error());
    service_.tls = *std::move(tls);
    service_.auth = AuthCheck(service_.options.security.auth);
    return {};
  }

 private:
  static Result<std::shared_ptr<ServerTls>> tls_of(const Security& security) {
    if (!security.tls) return nullptr;
    return ServerTls::make(*security.tls);
  }

  // An unspecified address is nobody's name.
  static std::string listen_host(const Options& options, const tcp::endpoint& endpoint) {
    auto parts = parse_host_port(options.listen_address);
    return !parts || endpoint.address().is_unspecified() ? "localhost" : parts->host;
  }

  void run() {
    pthread_setname_np(pthread_self(), "weir-http");
    asio::co_spawn(context_, accept(), asio::detached);
    context_.run();
  }

  asio::awaitable<void> accept() {
    while (!service_.stopping) {
      auto [error, socket] = co_await acceptor_.async_accept(kResult);
      if (service_.stopping) break;
      if (!error) {
        add(std::move(socket));
        continue;
      }
      // Out of file descriptors, most likely: give one back, and wait for more to come.
      evict_one();
      asio::steady_timer pause(context_, std::chrono::milliseconds(50));
      co_await pause.async_wait(kResult);
    }
  }

  // The one that is the least loss, where there is one. A head that has only just begun is most likely
  // somebody's honest request: it goes last, or whoever holds many connections in another stage would have
  // each newcomer sent away for the next.
  bool evict_one() {
    constexpr auto kFresh = std::chrono::milliseconds(100);
    constexpr auto kStuck = std::chrono::seconds(1);
    return evict(Stage::head, kFresh) || evict(Stage::idle) || evict(Stage::stream) || evict(Stage::body) ||
           evict(Stage::sending, kStuck) || evict(Stage::head);
  }

  // The one that has been in the stage for longest, if that is so long.
  bool evict(Stage stage, std::chrono::milliseconds at_least = {}) {
    if (service_.in(stage).empty()) return false;
    Session* oldest = service_.in(stage).front();
    if (std::chrono::steady_clock::now() - oldest->since() < at_least) return false;
    oldest->evict();
    return true;
  }

  void add(tcp::socket socket) {
    std::size_t limit = service_.options.max_connections;
    bool refused = sessions_.size() - service_.in(Stage::gone).size() >= limit && !evict_one();
    if (refused) service_.turn_away("connections", 503, "too many connections");
    if (sessions_.size() >= limit + kRefusedAtOnce) return;
    auto session = std::make_shared<Session>(service_, Socket(std::move(socket)));
    sessions_.insert(session);
    asio::co_spawn(context_, refused ? session->refuse() : session->serve(),
                   [this, session](std::exception_ptr) { remove(session); });
  }

  void remove(const std::shared_ptr<Session>& session) {
    sessions_.erase(session);
    if (service_.stopping && sessions_.empty()) stop_timer_.cancel();
  }

  // Who has connected while other clients were believed; one with a request under way when that is done.
  // A stream was judged once, by what counted then: it is to be asked for anew in any case.
  void disconnect_earlier(bool only_streams) {
    for (const auto& session : sessions_) {
      if (only_streams ? session->is_stream() : session->idle()) session->close();
    }
  }

  void begin_stop() {
    service_.stopping = true;
    error_code ignored;
    acceptor_.close(ignored);
    bool busy = false;
    for (const auto& session : sessions_) {
      if (session->idle()) {
        session->close();
      } else {
        busy = true;
      }
    }
    if (!busy) return;
    stop_timer_.expires_after(service_.options.stop_timeout);
    stop_timer_.async_wait([this](error_code error) {
      if (error) return;
      for (const auto& session : sessions_) session->close();
    });
  }

  asio::io_context context_{1};
  tcp::acceptor acceptor_;
  asio::steady_timer stop_timer_;
  Service service_;
  std::set<std::shared_ptr<Session>> sessions_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

Result<tcp::endpoint> listen_endpoint(const HostPort& address) {
  if (address.host.empty()) return tcp::endpoint(tcp::v6(), address.port);
  error_code error;
  auto literal = asio::ip::make_address(address.host, error);
  if (!error) return tcp::endpoint(literal, address.port);
  asio::io_context context;
  tcp::resolver resolver(context);
  auto found = resolver.resolve(address.host, std::to_string(address.port), error);
  if (error) return fail("the name \"{}\" has no address: {}", address.host, error.message());
  return found.begin()->endpoint();
}

}  // namespace

Result<> Server::secure(const Security& security, Handler handler) {
  auto ready = prepare(security);
  if (!ready) return fail(ready.error());
  (*ready)(std::move(handler));
  return {};
}

Result<std::unique_ptr<Server>> Server::start(Options options, Handler handler) {
  auto address = parse_host_port(options.listen_address);
  if (!address) return fail("listen: {}", address.error().message);
  auto endpoint = listen_endpoint(*address);
  if (!endpoint) return fail("listen on {}: {}", options.listen_address, endpoint.error().message);
  auto server = std::make_unique<ServerImpl>(options, handler, *endpoint);
  if (auto secured = server->begin_secure(); !secured) return fail(secured.error());
  auto listening = server->listen(*endpoint);
  if (!listening && address->host.empty()) {
    // A machine without IPv6.
    endpoint = tcp::endpoint(tcp::v4(), address->port);
    server = std::make_unique<ServerImpl>(options, handler, *endpoint);
    if (auto secured = server->begin_secure(); !secured) return fail(secured.error());
    listening = server->listen(*endpoint);
  }
  if (!listening) return fail("listen on {}: {}", options.listen_address, listening.error().message);
  return server;
}

}  // namespace weir::net
