#include "net/pool.h"

#include <sys/socket.h>

#include <cerrno>

namespace weir::net {

namespace {

constexpr std::size_t kMost = 128;
constexpr std::size_t kMostAlike = 32;
// Shorter than what servers commonly grant, so that we seldom write to a connection that is being closed.
constexpr std::chrono::seconds kLongest{30};

// Nothing may come between two requests: neither bytes nor the end.
bool is_quiet(Stream& stream) {
  char byte;
  ssize_t n = ::recv(stream.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace

std::unique_ptr<Stream> Pool::take(std::string_view key) {
  // The one used last: the others can time out.
  for (auto it = idle_.end(); it != idle_.begin();) {
    --it;
    if (it->key != key) continue;
    std::unique_ptr<Stream> stream = std::move(it->stream);
    it = idle_.erase(it);
    if (is_quiet(*stream)) return stream;
  }
  return nullptr;
}

void Pool::put(std::string key, std::unique_ptr<Stream> stream) {
  std::size_t alike = 0;
  for (const Idle& idle : idle_) alike += idle.key == key ? 1 : 0;
  if (alike >= kMostAlike) return;
  if (idle_.size() >= kMost) idle_.pop_front();
  idle_.push_back({std::move(key), std::move(stream), std::chrono::steady_clock::now()});
  if (idle_.size() == 1) sweep_later();
}

void Pool::clear() {
  idle_.clear();
  sweep_.cancel();
}

void Pool::sweep_later() {
  sweep_.expires_at(idle_.front().since + kLongest);
  sweep_.async_wait([this](error_code error) {
    if (error) return;
    auto now = std::chrono::steady_clock::now();
    while (!idle_.empty() && (now - idle_.front().since >= kLongest)) idle_.pop_front();
    if (!idle_.empty()) sweep_later();
  });
}

}  // namespace weir::net
