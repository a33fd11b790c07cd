// The part of Session that sends events for as long as somebody reads them.
#include <optional>

#include <boost/asio/co_spawn.hpp>

#include "net/session.h"

namespace weir::net {

namespace {

// Null: it failed, and what it would have said is not known.
std::optional<std::string> next_of(const EventStream& events) {
  try {
    return events.next();
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

class Counted {
 public:
  explicit Counted(std::size_t& count) : count_(count) { ++count_; }
  ~Counted() { --count_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  std::size_t& count_;
};

}  // namespace

asio::awaitable<void> Session::stream(const Response& response) {
  Counted counted(service_.streams);
  is_stream_ = true;
  auto executor = stream_->socket().get_executor();
  asio::steady_timer pause(executor);
  // Read from at the same time: only so is the end of a peer that is told nothing noticed.
  bool is_over = false;
  asio::co_spawn(executor, await_end(), [&](std::exception_ptr) {
    is_over = true;
    pause.cancel();
  });
  try {
    bool sent = co_await write(response_head(response, AfterReply::close), {});
    if (sent) co_await send_events(*response.events, pause, is_over);
  } catch (const std::exception&) {
    // Out of memory, most likely. What reads beside it uses what is here, and is to end first all the same.
  }
  close();
  while (!is_over) {
    pause.expires_at(std::chrono::steady_clock::time_point::max());
    co_await pause.async_wait(kResult);
  }
}

asio::awaitable<void> Session::send_events(const EventStream& events, asio::steady_timer& pause,
                                           const bool& is_over) {
  auto last_sign = std::chrono::steady_clock::now();
  while (!is_over) {
    auto piece = next_of(events);
    if (!piece) co_return;
    auto now = std::chrono::steady_clock::now();
    if (piece->empty() && now - last_sign >= service_.options.stream_sign_of_life) *piece = ":\n\n";
    if (!piece->empty()) {
      bool sent = co_await write(*piece, {});
      if (!sent || is_over) co_return;
      last_sign = now;
    }
    // From here on it is no answer that somebody waits for.
    watch_.disarm();
    if (stage_ != Stage::stream) enter(Stage::stream);
    pause.expires_after(events.every);
    co_await pause.async_wait(kResult);
  }
}

// What the peer still sends is of no use to anybody.
asio::awaitable<void> Session::await_end() {
  constexpr std::size_t kMost = 64 << 10;
  std::array<char, 1024> unused;
  for (std::size_t total = 0; total < kMost;) {
    Moved moved = co_await stream_->read_some(asio::buffer(unused));
    if (moved.error) co_return;
    total += moved.bytes;
  }
}

}  // namespace weir::net
