#include "net/resolver.h"

#include <ares.h>
#include <netdb.h>
#include <netinet/in.h>

#include <cstring>
#include <map>

#include <boost/asio/posix/stream_descriptor.hpp>

namespace weir::net {

namespace {

std::vector<asio::ip::address> addresses_of(const ares_addrinfo* info) {
  std::vector<asio::ip::address> found;
  for (const ares_addrinfo_node* node = info->nodes; node; node = node->ai_next) {
    if (node->ai_family == AF_INET) {
      const auto* in = reinterpret_cast<const sockaddr_in*>(node->ai_addr);
      found.emplace_back(asio::ip::address_v4(ntohl(in->sin_addr.s_addr)));
    }
    if (node->ai_family == AF_INET6) {
      const auto* in = reinterpret_cast<const sockaddr_in6*>(node->ai_addr);
      asio::ip::address_v6::bytes_type bytes;
      std::memcpy(bytes.data(), &in->sin6_addr, bytes.size());
      found.emplace_back(asio::ip::address_v6(bytes, in->sin6_scope_id));
    }
  }
  return found;
}

}  // namespace

// c-ares opens sockets and tells which it waits for; we watch them and call back.
// A channel for each lookup, so that an edited resolv.conf takes effect.
struct Lookup::Impl : std::enable_shared_from_this<Lookup::Impl> {
  explicit Impl(asio::io_context& io) : context(io), retry(io), finished(io) {
    finished.expires_at(std::chrono::steady_clock::time_point::max());
  }

  struct Watched {
    asio::posix::stream_descriptor descriptor;
    bool reading = false, writing = false;             // wanted by c-ares
    bool read_waiting = false, write_waiting = false;  // waited for by us
  };

  asio::io_context& context;
  asio::steady_timer retry, finished;
  ares_channel channel = nullptr;
  std::map<int, std::shared_ptr<Watched>> watched;
  std::vector<asio::ip::address> addresses;
  int status = ARES_ECANCELLED;

  void on_state(int fd, bool reading, bool writing) {
    auto& slot = watched[fd];
    if (!reading && !writing) {
      if (slot) slot->descriptor.release();  // c-ares closes it
      watched.erase(fd);
      return;
    }
    if (!slot) slot = std::make_shared<Watched>(asio::posix::stream_descriptor(context, fd));
    slot->reading = reading;
    slot->writing = writing;
    wait(fd, slot);
  }

  void wait(int fd, const std::shared_ptr<Watched>& slot) {
    using Descriptor = asio::posix::stream_descriptor;
    if (slot->reading && !std::exchange(slot->read_waiting, true)) {
      slot->descriptor.async_wait(Descriptor::wait_read,
                                  [self = weak_from_this(), slot, fd](error_code error) {
                                    slot->read_waiting = false;
                                    if (auto impl = self.lock(); impl && !error)
                                      impl->ready(fd, slot, fd, ARES_SOCKET_BAD);
                                  });
    }
    if (slot->writing && !std::exchange(slot->write_waiting, true)) {
      slot->descriptor.async_wait(Descriptor::wait_write,
                                  [self = weak_from_this(), slot, fd](error_code error) {
                                    slot->write_waiting = false;
                                    if (auto impl = self.lock(); impl && !error)
                                      impl->ready(fd, slot, ARES_SOCKET_BAD, fd);
                                  });
    }
  }

  void ready(int fd, const std::shared_ptr<Watched>& slot, int read_fd, int write_fd) {
    if (!channel) return;
    ares_process_fd(channel, read_fd, write_fd);
    auto it = watched.find(fd);
    if (it != watched.end() && it->second == slot) wait(fd, slot);
    schedule_retry();
  }

  void schedule_retry() {
    if (!channel) return;
    timeval limit{.tv_sec = 1, .tv_usec = 0}, left{};
    timeval* next = ares_timeout(channel, &limit, &left);
    retry.expires_after(std::chrono::seconds(next->tv_sec) + std::chrono::microseconds(next->tv_usec));
    retry.async_wait([self = weak_from_this()](error_code error) {
      auto impl = self.lock();
      if (error || !impl || !impl->channel) return;
      ares_process_fd(impl->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
      impl->schedule_retry();
    });
  }

  int open() {
    ares_options options{};
    options.sock_state_cb = [](void* self, int fd, int reading, int writing) {
      static_cast<Impl*>(self)->on_state(fd, reading != 0, writing != 0);
    };
    options.sock_state_cb_data = this;
    return ares_init_options(&channel, &options, ARES_OPT_SOCK_STATE_CB);
  }

  void start(const std::string& host) {
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    auto on_done = [](void* self, int status, int, ares_addrinfo* info) {
      auto* impl = static_cast<Impl*>(self);
      impl->status = status;
      if (info) {
        impl->addresses = addresses_of(info);
        ares_freeaddrinfo(info);
      }
      // Also when this runs before anybody waits: the past is a time like any other.
      impl->finished.expires_at(std::chrono::steady_clock::time_point::min());
    };
    ares_getaddrinfo(channel, host.c_str(), nullptr, &hints, on_done, this);
    schedule_retry();
  }

  void close() {
    retry.cancel();
    if (channel) ares_destroy(std::exchange(channel, nullptr));
    watched.clear();
  }
};

Lookup::Lookup(asio::io_context& context) : impl_(std::make_shared<Impl>(context)) {}

Lookup::~Lookup() {
  impl_->close();
}

void Lookup::cancel() {
  impl_->finished.expires_at(std::chrono::steady_clock::time_point::min());
}

asio::awaitable<Result<std::vector<asio::ip::address>>> Lookup::run(std::string host) {
  if (int code = impl_->open(); code != ARES_SUCCESS) {
    co_return fail("resolve \"{}\": {}", host, ares_strerror(code));
  }
  impl_->start(host);
  co_await impl_->finished.async_wait(kResult);
  if (impl_->status == ARES_SUCCESS && !impl_->addresses.empty()) co_return std::move(impl_->addresses);
  if (impl_->status == ARES_ENOTFOUND || impl_->status == ARES_ENODATA || impl_->status == ARES_SUCCESS) {
    co_return fail("resolve \"{}\": there is no such host", host);
  }
  co_return fail("resolve \"{}\": {}", host, ares_strerror(impl_->status));
}

}  // namespace weir::net
