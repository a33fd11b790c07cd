#include <set>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include "net/call.h"
#include "net/http.h"

namespace weir::net {

Ticket::Ticket(ClientEvents events)
    : streams(static_cast<bool>(events.on_data)), events_(std::move(events)) {}

void Ticket::head(const ClientResponse& head) {
  std::lock_guard lock(mutex_);
  if (!open_ || !events_.on_head) return;
  delivering_ = true;
  events_.on_head(head);
  delivering_ = false;
}

void Ticket::data(std::string_view piece) {
  std::lock_guard lock(mutex_);
  if (!open_) return;
  delivering_ = true;
  events_.on_data(piece);
  delivering_ = false;
}

void Ticket::done(Result<ClientResponse> result) {
  std::lock_guard lock(mutex_);
  if (!open_) return;
  open_ = false;
  // Taken out, so that what the events hold is let go now and not with the Pending.
  ClientEvents last = std::move(events_);
  delivering_ = true;
  if (last.on_done) last.on_done(std::move(result));
  delivering_ = false;
}

void Ticket::close() {
  ClientEvents unused;
  std::lock_guard lock(mutex_);
  open_ = false;
  // An event that is running now (on this thread, then) must not lose what it holds.
  if (!delivering_) unused = std::move(events_);
}

bool Ticket::is_open() {
  std::lock_guard lock(mutex_);
  return open_;
}

namespace {

class PendingCall final : public Pending {
 public:
  PendingCall(std::shared_ptr<Ticket> ticket, std::shared_ptr<Gate> gate)
      : ticket_(std::move(ticket)), gate_(std::move(gate)) {}
  ~PendingCall() override {
    ticket_->close();
    gate_->dispatch([ticket = std::move(ticket_)] {
      if (ticket->call) ticket->call->abort();
    });
  }

 private:
  std::shared_ptr<Ticket> ticket_;
  std::shared_ptr<Gate> gate_;
};

// The thread and everything on it.
class Worker {
 public:
  explicit Worker(ProxyEnvironment environment)
      : shared_{.context = context_, .environment = std::move(environment), .tokens = Tokens(sender())},
        thread_([this] { run(); }) {}

  ~Worker() {
    asio::post(context_, [this] { stop(); });
    thread_.join();
    gate_->close();
  }

  std::unique_ptr<Pending> send(ClientRequest request, ClientEvents events) {
    auto ticket = std::make_shared<Ticket>(std::move(events));
    asio::post(context_, [this, ticket, request = std::move(request)]() mutable {
      start(std::make_shared<Call>(shared_, std::move(ticket), std::move(request)));
    });
    return std::make_unique<PendingCall>(std::move(ticket), gate_);
  }

 private:
  void run() {
    pthread_setname_np(pthread_self(), "weir-fetch");
    context_.run();
  }

  Tokens::Send sender() {
    return [this](ClientRequest request, std::function<void(Result<ClientResponse>)> on_done) {
      auto ticket = std::make_shared<Ticket>(ClientEvents{.on_done = std::move(on_done)});
      start(std::make_shared<Call>(shared_, std::move(ticket), std::move(request)));
    };
  }

  void start(std::shared_ptr<Call> call) {
    calls_.insert(call);
    asio::co_spawn(context_, call->run(), [this, call](std::exception_ptr thrown) {
      if (thrown) call->crash();
      calls_.erase(call);
    });
  }

  void stop() {
    for (const auto& call : calls_) {
      call->forget();
      call->abort();
    }
    shared_.pool.clear();
    work_.reset();
  }

  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
  std::shared_ptr<Gate> gate_ = std::make_shared<Gate>(context_);
  ClientShared shared_;
  std::set<std::shared_ptr<Call>> calls_;
  std::thread thread_;  // last: it uses all of the above
};

class ClientImpl final : public Client {
 public:
  explicit ClientImpl(ProxyEnvironment environment) : environment_(std::move(environment)) {}

  std::unique_ptr<Pending> send(ClientRequest request, ClientEvents events) override {
    std::call_once(once_, [this] { worker_ = std::make_unique<Worker>(environment_); });
    return worker_->send(std::move(request), std::move(events));
  }

 private:
  ProxyEnvironment environment_;
  std::once_flag once_;
  std::unique_ptr<Worker> worker_;
};

}  // namespace

std::unique_ptr<Client> Client::create(ProxyEnvironment environment) {
  return std::make_unique<ClientImpl>(std::move(environment));
}

}  // namespace weir::net
