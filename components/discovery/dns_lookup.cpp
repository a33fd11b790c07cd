#include "components/discovery/dns_lookup.h"

#include <ares.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>

namespace weir::discovery {
namespace {

using Time = std::chrono::steady_clock::time_point;

constexpr int kInternet = 1;  // the class
constexpr int kTries = 2;     // of each server
constexpr int kMostAddresses = 4096;

// The numbers of RFC 1035, 2782 and 3596.
int type_number(DnsType type) {
  switch (type) {
    case DnsType::srv: return 33;
    case DnsType::a: return 1;
    case DnsType::aaaa: return 28;
    case DnsType::mx: return 15;
    case DnsType::ns: return 2;
  }
  return 0;
}

std::string why(int status) {
  switch (status) {
    case ARES_ETIMEOUT: return "no DNS server answers";
    // The last server's answer is not told: it may have failed, or have refused.
    case ARES_ECONNREFUSED: return "no DNS server gives an answer: see /etc/resolv.conf";
    case ARES_ESERVFAIL: return "the DNS server says that it failed";
    case ARES_EREFUSED: return "the DNS server refuses to answer";
    case ARES_EBADNAME: return "this is not a name that DNS knows";
    case ARES_EBADRESP: return "the DNS server's answer cannot be understood";
    case ARES_ECANCELLED: return "no answer in time";
    default: return ares_strerror(status);
  }
}

bool is_nothing(int status) {
  return status == ARES_ENOTFOUND || status == ARES_ENODATA;
}

std::string without_dot(const char* name) {
  std::string text = name ? name : "";
  while (text.ends_with('.')) text.pop_back();
  return text;
}

using Bytes = const unsigned char*;

// The library's lists are freed by it.
struct FreeData {
  void operator()(void* data) const { ares_free_data(data); }
};

int read_srv(Bytes message, int size, std::vector<DnsRecord>& out) {
  ares_srv_reply* list = nullptr;
  int status = ares_parse_srv_reply(message, size, &list);
  std::unique_ptr<ares_srv_reply, FreeData> owner(list);
  for (; list; list = list->next) out.push_back({without_dot(list->host), list->port});
  return status;
}

int read_mx(Bytes message, int size, std::vector<DnsRecord>& out) {
  ares_mx_reply* list = nullptr;
  int status = ares_parse_mx_reply(message, size, &list);
  std::unique_ptr<ares_mx_reply, FreeData> owner(list);
  for (; list; list = list->next) out.push_back({.host = without_dot(list->host)});
  return status;
}

int read_ns(Bytes message, int size, std::vector<DnsRecord>& out) {
  hostent* host = nullptr;
  int status = ares_parse_ns_reply(message, size, &host);
  if (!host) return status;
  for (char** name = host->h_aliases; name && *name; ++name) out.push_back({.host = without_dot(*name)});
  ares_free_hostent(host);
  return status;
}

int read_a(Bytes message, int size, std::vector<DnsRecord>& out) {
  std::vector<ares_addrttl> found(kMostAddresses);
  int count = kMostAddresses;
  int status = ares_parse_a_reply(message, size, nullptr, found.data(), &count);
  if (status != ARES_SUCCESS) return status;
  for (int i = 0; i < count; ++i) {
    std::array<char, INET_ADDRSTRLEN> text;
    out.push_back(
        {.host = ::inet_ntop(AF_INET, &found[static_cast<std::size_t>(i)].ipaddr, text.data(), text.size())});
  }
  return status;
}

int read_aaaa(Bytes message, int size, std::vector<DnsRecord>& out) {
  std::vector<ares_addr6ttl> found(kMostAddresses);
  int count = kMostAddresses;
  int status = ares_parse_aaaa_reply(message, size, nullptr, found.data(), &count);
  if (status != ARES_SUCCESS) return status;
  for (int i = 0; i < count; ++i) {
    std::array<char, INET6_ADDRSTRLEN> text;
    out.push_back({.host = ::inet_ntop(AF_INET6, &found[static_cast<std::size_t>(i)].ip6addr, text.data(),
                                       text.size())});
  }
  return status;
}

int read_records(Bytes message, int size, DnsType type, std::vector<DnsRecord>& out) {
  switch (type) {
    case DnsType::srv: return read_srv(message, size, out);
    case DnsType::a: return read_a(message, size, out);
    case DnsType::aaaa: return read_aaaa(message, size, out);
    case DnsType::mx: return read_mx(message, size, out);
    case DnsType::ns: return read_ns(message, size, out);
  }
  return ARES_EBADQUERY;
}

// One channel, and what it has asked. The library opens sockets and says what it waits for; here is waited.
class Lookup {
 public:
  Lookup(DnsType type, const DnsOptions& options) : type_(type), options_(options) {}
  ~Lookup() {
    if (channel_) ares_destroy(channel_);
  }
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;

  std::vector<DnsRecords> run(const std::vector<std::string>& names, const DnsStop& stop) {
    std::vector<DnsRecords> results(names.size());
    if (int status = open(); status != ARES_SUCCESS) {
      std::ranges::fill(results, DnsRecords(fail("{}", why(status))));
      return results;
    }
    std::vector<Question> questions(names.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
      questions[i] = {.lookup = this, .result = &results[i]};
      ++open_questions_;
      ares_search(channel_, names[i].c_str(), kInternet, type_number(type_), &Lookup::answered,
                  &questions[i]);
    }
    Time until = std::chrono::steady_clock::now() + options_.deadline;
    while (open_questions_ > 0 && wait(until, stop)) {
    }
    // Whatever has no answer by now is called back with "cancelled".
    ares_cancel(channel_);
    return results;
  }

 private:
  struct Question {
    Lookup* lookup = nullptr;
    DnsRecords* result = nullptr;
  };

  int open() {
    ares_options options{};
    options.timeout =
        static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(options_.try_limit).count());
    options.tries = kTries;
    options.sock_state_cb = [](void* self, ares_socket_t fd, int reading, int writing) {
      static_cast<Lookup*>(self)->on_state(fd, reading != 0 ? POLLIN : 0, writing != 0 ? POLLOUT : 0);
    };
    options.sock_state_cb_data = this;
    int status =
        ares_init_options(&channel_, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
    if (status != ARES_SUCCESS || options_.servers.empty()) return status;
    return ares_set_servers_ports_csv(channel_, options_.servers.c_str());
  }

  void on_state(ares_socket_t fd, int reading, int writing) {
    if (reading == 0 && writing == 0) {
      wanted_.erase(fd);
    } else {
      wanted_[fd] = static_cast<short>(reading | writing);
    }
  }

  static void answered(void* argument, int status, int, unsigned char* message, int size) {
    auto* question = static_cast<Question*>(argument);
    --question->lookup->open_questions_;
    if (is_nothing(status)) {
      *question->result = {};
    } else if (status != ARES_SUCCESS) {
      *question->result = fail("{}", why(status));
    } else {
      *question->result = dns_records(
          {reinterpret_cast<const char*>(message), static_cast<std::size_t>(size)}, question->lookup->type_);
    }
  }

  // For what comes first; false when it is not worth waiting any longer.
  bool wait(Time until, const DnsStop& stop) {
    auto now = std::chrono::steady_clock::now();
    if (now >= until) return false;
    auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now).count();
    timeval most{.tv_sec = left / 1000, .tv_usec = left % 1000 * 1000}, next{};
    timeval* limit = ares_timeout(channel_, &most, &next);
    auto pause = static_cast<int>(limit->tv_sec * 1000 + limit->tv_usec / 1000 + 1);

    std::vector<pollfd> polled{{.fd = stop.fd(), .events = POLLIN, .revents = 0}};
    for (auto [fd, events] : wanted_) polled.push_back({.fd = fd, .events = events, .revents = 0});
    int ready = ::poll(polled.data(), polled.size(), pause);
    if (polled[0].revents != 0) return false;
    if (ready <= 0) ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    for (const auto& entry : polled) {
      if (entry.revents == 0 || !wanted_.contains(entry.fd)) continue;
      bool is_readable = (entry.revents & (POLLIN | POLLERR | POLLHUP)) != 0;
      bool is_writable = (entry.revents & POLLOUT) != 0;
      ares_process_fd(channel_, is_readable ? entry.fd : ARES_SOCKET_BAD,
                      is_writable ? entry.fd : ARES_SOCKET_BAD);
    }
    return true;
  }

  DnsType type_;
  const DnsOptions& options_;
  ares_channel channel_ = nullptr;
  std::map<ares_socket_t, short> wanted_;  // events of poll()
  std::size_t open_questions_ = 0;
};

}  // namespace

std::optional<DnsType> dns_type(std::string_view word) {
  constexpr std::array<std::pair<std::string_view, DnsType>, 5> kTypes = {{{"SRV", DnsType::srv},
                                                                           {"A", DnsType::a},
                                                                           {"AAAA", DnsType::aaaa},
                                                                           {"MX", DnsType::mx},
                                                                           {"NS", DnsType::ns}}};
  std::string upper(word);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  auto found = std::ranges::find(kTypes, upper, [](const auto& type) { return type.first; });
  return found == kTypes.end() ? std::nullopt : std::optional(found->second);
}

DnsStop::DnsStop() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void DnsStop::request() {
  ::eventfd_write(event_.get(), 1);
}

std::vector<DnsRecords> dns_lookup(const std::vector<std::string>& names, DnsType type,
                                   const DnsOptions& options, const DnsStop& stop) {
  return Lookup(type, options).run(names, stop);
}

DnsRecords dns_records(std::string_view message, DnsType type) {
  std::vector<DnsRecord> records;
  int status =
      read_records(reinterpret_cast<Bytes>(message.data()), static_cast<int>(message.size()), type, records);
  if (is_nothing(status)) return std::vector<DnsRecord>();
  if (status != ARES_SUCCESS) return fail("{}", why(status));
  std::ranges::sort(records);
  auto repeated = std::ranges::unique(records);
  records.erase(repeated.begin(), repeated.end());
  return records;
}

}  // namespace weir::discovery
