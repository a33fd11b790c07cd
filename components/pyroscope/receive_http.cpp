#include "components/pyroscope/receive_http.h"

#include <boost/json.hpp>

#include "components/pyroscope/received_parts.h"
#include "components/wording.h"
#include "net/text.h"
#include "profile/handover.h"

namespace weir::pyroscope {
namespace {

constexpr std::string_view kPush = "/push.v1.PusherService/Push";
constexpr std::string_view kIngest = "/ingest";
constexpr std::size_t kMemoryFactor = 16;        // of one request, in units of its largest size
constexpr std::size_t kLeastMemory = 1u << 20;   // of one request, however small it may be
constexpr std::size_t kMostMemory = 256u << 20;  // of all requests that are being read
constexpr Duration kTick = std::chrono::seconds(5);

std::string stamp_of(const ListenArguments& args) {
  return args.tls ? certificate_stamp(*args.tls) : "";
}

bool is_json(const net::Request& request) {
  return request.headers.get("Content-Type").starts_with("application/json");
}

// The Connect protocol's word for a status: https://connectrpc.com/docs/protocol#error-codes
std::string_view connect_code(int status) {
  switch (status) {
    case 413:
    case 429: return "resource_exhausted";
    case 503: return "unavailable";
    default: return "invalid_argument";
  }
}

net::Response refused_response(const net::Request& request, const Refusal& refusal) {
  net::Response response =
      request.path() == kPush
          ? net::Response::json(refusal.status,
                                boost::json::serialize(boost::json::object{
                                    {"code", connect_code(refusal.status)}, {"message", refusal.message}}))
          : net::Response::text(refusal.status, refusal.message + "\n");
  if (refusal.status == 429) response.headers.set("Retry-After", "1");
  if (refusal.status == 405) response.headers.set("Allow", "POST");
  response.headers.set("Accept-Encoding", "gzip");
  return response;
}

net::Response taken_response(const net::Request& request) {
  if (request.path() != kPush) return net::Response::text(200, "");
  net::Response response = is_json(request) ? net::Response::json(200, "{}") : net::Response();
  if (!is_json(request)) response.headers.set("Content-Type", "application/proto");
  response.headers.set("Accept-Encoding", "gzip");  // so a client of this protocol learns that it may
  return response;
}

// What the page reads while the component runs.
class HandedOver final : public profile::Handover {
 public:
  explicit HandedOver(std::shared_ptr<const Counter> counter) : counter_(std::move(counter)) {}
  std::uint64_t profiles() const override { return static_cast<std::uint64_t>(counter_->value()); }

 private:
  std::shared_ptr<const Counter> counter_;
};

}  // namespace

// One request, until it is answered and nobody has any of its profiles any more.
struct ReceiveHttp::Call {
  Call(std::shared_ptr<profile::SharedMemory> memory, std::size_t most)
      : shared(std::move(memory)), budget(most, shared.get()) {}

  std::shared_ptr<profile::SharedMemory> shared;
  profile::MemoryBudget budget;
  net::Request request;
  net::Reply reply;
  std::vector<profile::Profile> profiles;
  Refusal refusal;  // when `reason` is not empty
};

ReceiveHttp::ReceiveHttp(runtime::Context& ctx, Arguments args) : ctx_(ctx), args_(std::move(args)) {
  using namespace receive_http_metric;
  auto& metrics = ctx.metrics();
  requests_count_ = metrics.counter(kRequests.name, kRequests.help);
  profiles_count_ = metrics.counter(kProfiles.name, kProfiles.help);
  bytes_count_ = metrics.counter(kBytes.name, kBytes.help);
}

ReceiveHttp::~ReceiveHttp() = default;

void ReceiveHttp::start() {
  ctx_.offer<profile::Handover>(std::make_shared<HandedOver>(profiles_count_));
  listen();
  tick();
}

void ReceiveHttp::apply(Arguments args) {
  bool is_secured = args.http.tls != args_.http.tls;
  args_.http.tls = args.http.tls;
  bool is_elsewhere = args.http != args_.http || args.max_body_bytes != args_.max_body_bytes;
  args_ = std::move(args);
  if (is_elsewhere || !server_) {
    listen();
  } else if (is_secured) {
    secure();
  }
  report();
}

void ReceiveHttp::stop() {
  retry_.reset();
  ticker_.reset();
  server_.reset();
}

void ReceiveHttp::listen() {
  retry_.reset();
  server_.reset();  // the new one may want the same port
  unusable_.clear();
  stamp_ = stamp_of(args_.http);
  std::size_t most = std::max(args_.max_body_bytes * kMemoryFactor, kLeastMemory);
  memory_ = std::make_shared<profile::SharedMemory>(std::max(most, kMostMemory));
  auto server = net::Server::start(
      options(), [this, most, memory = memory_](const net::Request& request, net::Reply reply) {
        auto call = std::make_shared<Call>(memory, most);
        call->reply = std::move(reply);
        call->request = {
            .method = request.method, .target = request.target, .headers = request.headers, .body = {}};
        // The connection keeps its own until it is answered.
        if (call->budget.take(2 * request.body.size())) call->request.body = request.body;
        ctx_.post([this, call] { take(call); });
      });
  if (server) {
    server_ = *std::move(server);
    error_.clear();
    backoff_.reset();
    ctx_.log().info("listening for profiles", {{"address", args_.http.address()}});
    return;
  }
  error_ = server.error().message;
  ctx_.log().warn("cannot listen for profiles", {{"error", error_}});
  retry_ = ctx_.after(backoff_.next(), [this] {
    listen();
    report();
  });
}

net::Server::Options ReceiveHttp::options() {
  net::Server::Options options{.listen_address = args_.http.address(),
                               .max_body_bytes = args_.max_body_bytes,
                               .max_connections = static_cast<std::size_t>(args_.http.conn_limit),
                               .header_timeout = args_.http.server_read_timeout,
                               .idle_timeout = args_.http.server_idle_timeout,
                               .reply_timeout = args_.http.server_write_timeout};
  options.security = security();
  options.on_turned_away = [this](const net::TurnedAway& turned_away) {
    // Whose answer comes too late is counted where that is made.
    if (turned_away.reason == "slow_reply") return;
    ctx_.post([this, refusal = Refusal{turned_away.status, std::string(turned_away.reason),
                                       turned_away.message}] { count_refusal(refusal); });
  };
  return options;
}

net::Security ReceiveHttp::security() const {
  net::Security security;
  if (args_.http.tls) security.tls = args_.http.tls->options();
  return security;
}

// While it listens.
void ReceiveHttp::secure() {
  stamp_ = stamp_of(args_.http);
  unusable_.clear();
  if (server_->secure(security())) return;
  // Nobody new is let in by what the config no longer says.
  listen();
}

// Whether its files have changed. Half of a pair, say, leaves in effect what was.
void ReceiveHttp::look() {
  if (!server_) return;
  std::string stamp = stamp_of(args_.http);
  if (unusable_.empty() && stamp == stamp_) return;
  stamp_ = std::move(stamp);
  auto secured = server_->secure(security());
  std::string unusable = secured ? "" : secured.error().message;
  if (std::exchange(unusable_, unusable) == unusable) return;
  if (secured) return ctx_.log().info("the certificates that have changed are in effect");
  ctx_.log().warn("the certificates that have changed are unusable", {{"error", unusable}});
}

void ReceiveHttp::take(std::shared_ptr<Call> call) {
  std::string_view path = call->request.path();
  if (path != kPush && path != kIngest) {
    return refuse(*call,
                  {404, "path",
                   fmt::format("there is nothing at this path: send profiles to {} or {}", kPush, kIngest)});
  }
  if (call->request.method != "POST") return refuse(*call, {405, "method", "only POST is taken here"});
  if (call->budget.is_over()) return refuse(*call, unreadable("", call->budget));
  ctx_.offload(
      [call, now = ctx_.clock().wall()] {
        Received received = call->request.path() == kPush ? read_push(call->request, now, call->budget)
                                                          : read_ingest(call->request, now, call->budget);
        if (received) {
          call->profiles = *std::move(received);
        } else {
          call->refusal = received.error();
        }
      },
      [this, call] { finish(call); });
}

void ReceiveHttp::finish(const std::shared_ptr<Call>& call) {
  if (!call->refusal.reason.empty()) return refuse(*call, call->refusal);
  // Who was told that it took too long sends the same again.
  if (!call->reply(taken_response(call->request)))
    return count_refusal({503, "too_slow", "it took too long to read: the sender was told to try again"});
  std::size_t body_bytes = call->request.body.size();
  call->reply = nullptr;
  call->request = {};
  call->budget.give_back(2 * body_bytes);
  call->budget.settle();
  for (const profile::Profile& profile : call->profiles) {
    // While somebody has it its memory counts, and others may have to wait.
    profile::ProfilePtr shared(call, &profile);
    for (const ReceiverPtr& receiver : args_.forward_to) receiver->push(shared);
  }
  ++requests_;
  profiles_ += call->profiles.size();
  requests_count_->add(1);
  profiles_count_->add(static_cast<double>(call->profiles.size()));
  bytes_count_->add(static_cast<double>(body_bytes));
  bool is_first = last_ == MonoTime();
  last_ = ctx_.clock().mono();
  if (is_first) report();
}

void ReceiveHttp::refuse(const Call& call, const Refusal& refusal) {
  count_refusal(refusal);
  call.reply(refused_response(call.request, refusal));
}

void ReceiveHttp::count_refusal(const Refusal& refusal) {
  RefusedInfo& info = refused_[refusal.reason];
  info.reason = refusal.reason;
  info.last = refusal.message;
  ++info.requests;
  last_refusal_ = refusal.message;
  refused_at_ = ctx_.clock().mono();
  ctx_.metrics()
      .counter(receive_http_metric::kRefused.name, receive_http_metric::kRefused.help,
               {{"reason", refusal.reason}})
      ->add(1);
}

// Ages in the health message would stand still without it.
void ReceiveHttp::tick() {
  look();
  report();
  ticker_ = ctx_.after(kTick, [this] { tick(); });
}

void ReceiveHttp::report() {
  MonoTime now = ctx_.clock().mono();
  bool has_any = last_ != MonoTime();
  DebugInfo info{.port = server_ ? server_->port() : 0u,
                 .requests = requests_,
                 .profiles = profiles_,
                 .waiting_bytes = memory_ ? memory_->held() : 0,
                 .last_ago = has_any ? Duration(now - last_) : Duration::zero()};
  for (const auto& [reason, refused] : refused_) info.refused.push_back(refused);
  ctx_.publish_debug_info(info);
  if (!server_) {
    ctx_.set_health(runtime::HealthState::unhealthy, fmt::format("{}; weir tries again", error_));
    return;
  }
  if (!unusable_.empty()) {
    ctx_.set_health(
        runtime::HealthState::unhealthy,
        fmt::format("{}; until it is usable the certificates stay as they are, and weir tries again",
                    unusable_));
    return;
  }
  std::string message = has_any
                            ? fmt::format("{} received, the last {} ago", count_text(profiles_, "profile"),
                                          rough_text(now - last_))
                            : fmt::format("listening on port {}, no profile has come yet", server_->port());
  std::uint64_t refused_requests = 0;
  for (const auto& refused : info.refused) refused_requests += refused.requests;
  if (refused_requests > 0) {
    message += fmt::format("; {} refused, the last {} ago as: {}", count_text(refused_requests, "request"),
                           rough_text(now - refused_at_), last_refusal_);
  }
  if (args_.forward_to.empty()) message += kForwardsNowhere;
  ctx_.set_health(runtime::HealthState::healthy, std::move(message));
}

}  // namespace weir::pyroscope

template weir::runtime::ComponentType weir::runtime::component_type<weir::pyroscope::ReceiveHttp>();
