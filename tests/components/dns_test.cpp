#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <string>
#include <thread>

#include "base/fd.h"
#include "components/discovery/dns.h"
#include "tests/support/component_harness.h"

using namespace std::literals;

namespace weir::discovery {

using weir::runtime::HealthState;

namespace {

std::string number16(unsigned value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value & 0xff)};
}

// "a.b" as DNS writes it.
std::string wire_name(std::string_view name) {
  std::string out;
  while (!name.empty()) {
    std::string_view part = name.substr(0, name.find('.'));
    name.remove_prefix(std::min(part.size() + 1, name.size()));
    out += static_cast<char>(part.size());
    out += part;
  }
  return out + '\0';
}

struct Record {
  unsigned type;
  std::string data;
};

Record srv(unsigned port, std::string_view host) {
  return {33, number16(0) + number16(0) + number16(port) + wire_name(host)};
}

// A server of one name. It answers every question about it, by UDP and by TCP.
class FakeServer {
 public:
  FakeServer() : stop_(::eventfd(0, EFD_CLOEXEC)) {
    // One number for both; the system may have given it away for TCP.
    for (int i = 0; i < 100; ++i) {
      udp_ = Fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
      tcp_ = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      sockaddr_in address{
          .sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
      socklen_t size = sizeof address;
      auto* raw = reinterpret_cast<sockaddr*>(&address);
      REQUIRE(::bind(udp_.get(), raw, size) == 0);
      REQUIRE(::getsockname(udp_.get(), raw, &size) == 0);
      if (::bind(tcp_.get(), raw, size) != 0) continue;
      REQUIRE(::listen(tcp_.get(), 8) == 0);
      port_ = ntohs(address.sin_port);
      break;
    }
    REQUIRE(port_ != 0);
    thread_ = std::thread([this] { serve(); });
  }
  ~FakeServer() {
    ::eventfd_write(stop_.get(), 1);
    thread_.join();
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  void set_records(std::vector<Record> records) {
    std::lock_guard lock(mutex_);
    records_ = std::move(records);
  }
  std::atomic<int> code = 0;  // of the answer; 0: all is well
  std::atomic<bool> silent = false, cut = false;
  std::atomic<int> by_tcp = 0;

 private:
  std::string answer_to(std::string_view question, bool tcp) {
    bool is_cut = cut && !tcp;
    std::lock_guard lock(mutex_);
    std::size_t count = is_cut || code != 0 ? 0 : records_.size();
    // The question ends after its name, its type and its class; what follows it we leave out.
    std::size_t end = question.find('\0', 12) + 5;
    std::string answer(question.substr(0, 2));
    answer += static_cast<char>(0x81 | (is_cut ? 2 : 0));
    answer += static_cast<char>(0x80 | code.load());
    answer += number16(1) + number16(static_cast<unsigned>(count)) + number16(0) + number16(0);
    answer += question.substr(12, end - 12);
    for (std::size_t i = 0; i < count; ++i) {
      answer += "\xc0\x0c" + number16(records_[i].type) + number16(1) + std::string("\0\0\0\x3c", 4) +
                number16(static_cast<unsigned>(records_[i].data.size())) + records_[i].data;
    }
    return answer;
  }

  void serve() {
    for (;;) {
      pollfd polled[] = {{stop_.get(), POLLIN, 0}, {udp_.get(), POLLIN, 0}, {tcp_.get(), POLLIN, 0}};
      ::poll(polled, 3, -1);
      if (polled[0].revents != 0) return;
      if (polled[1].revents != 0) serve_udp();
      if (polled[2].revents != 0) serve_tcp();
    }
  }
  void serve_udp() {
    char buffer[4096];
    sockaddr_in from{};
    socklen_t size = sizeof from;
    ssize_t n = ::recvfrom(udp_.get(), buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&from), &size);
    if (n < 16 || silent) return;
    std::string answer = answer_to({buffer, static_cast<std::size_t>(n)}, false);
    ::sendto(udp_.get(), answer.data(), answer.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
  }
  void serve_tcp() {
    Fd connection(::accept4(tcp_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    char buffer[4096];
    ssize_t n = ::recv(connection.get(), buffer, sizeof buffer, 0);
    if (n < 18) return;
    ++by_tcp;
    std::string answer = answer_to({buffer + 2, static_cast<std::size_t>(n - 2)}, true);
    answer = number16(static_cast<unsigned>(answer.size())) + answer;
    ::send(connection.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
    // Until the other side has had enough.
    while (::recv(connection.get(), buffer, sizeof buffer, 0) > 0) {
    }
  }

  std::mutex mutex_;  // guards records_
  std::vector<Record> records_;
  Fd stop_, udp_, tcp_;
  int port_ = 0;
  std::thread thread_;
};

DnsOptions options_of(const FakeServer& server) {
  return {.servers = server.address(), .try_limit = 100ms, .deadline = 10s};
}

std::string text_of(const std::vector<TargetPtr>& targets) {
  std::string text;
  for (const auto& target : targets) {
    for (const auto& [name, value] : target->labels()) {
      text += std::string(name.substr(2)) + "=" + std::string(value) + " ";
    }
    text += "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("discovery.dns: the records of each type, and their labels") {
  struct Row {
    const char* type;
    std::vector<Record> records;
    const char* targets;
  };
  const std::string v6 = "\xfd" + std::string(14, '\0') + "\x02";
  const Row rows[] = {
      {"SRV",
       {srv(8080, "b.example.org"), srv(80, "a.example.org"), srv(80, "a.example.org")},
       "address__=a.example.org:80 meta_dns_name=n.example. meta_dns_srv_record_port=80 "
       "meta_dns_srv_record_target=a.example.org. \n"
       "address__=b.example.org:8080 meta_dns_name=n.example. meta_dns_srv_record_port=8080 "
       "meta_dns_srv_record_target=b.example.org. \n"},
      {"A",
       {{1, "\x0a\x00\x00\x02"s}, {1, "\x0a\x00\x00\x01"s}},
       "address__=10.0.0.1:9090 meta_dns_name=n.example. \naddress__=10.0.0.2:9090 meta_dns_name=n.example. "
       "\n"},
      {"aaaa", {{28, v6}}, "address__=[fd00::2]:9090 meta_dns_name=n.example. \n"},
      {"MX",
       {{15, number16(10) + wire_name("mail.example")}},
       "address__=mail.example:9090 meta_dns_mx_record_target=mail.example. meta_dns_name=n.example. \n"},
      {"NS",
       {{2, wire_name("ns1.example")}},
       "address__=ns1.example:9090 meta_dns_name=n.example. meta_dns_ns_record_target=ns1.example. \n"},
      {"A", {}, ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.type);
    FakeServer server;
    server.set_records(row.records);
    DnsType type = *dns_type(row.type);
    auto found = dns_lookup({"n.example."}, type, options_of(server), DnsStop());
    REQUIRE(found.size() == 1);
    REQUIRE(found[0]);
    CHECK(text_of(dns_targets("n.example.", *found[0], type, 9090)) == row.targets);
  }
}

TEST_CASE("discovery.dns: an answer that does not fit comes by TCP") {
  FakeServer server;
  std::vector<Record> records;
  for (unsigned i = 0; i < 300; ++i) records.push_back(srv(1000 + i, "host.example"));
  server.set_records(std::move(records));
  server.cut = true;
  auto found = dns_lookup({"n.example."}, DnsType::srv, options_of(server), DnsStop());
  REQUIRE(found[0]);
  CHECK(found[0]->size() == 300);
  CHECK(server.by_tcp == 1);
}

TEST_CASE("discovery.dns: what goes wrong") {
  struct Row {
    int code;
    const char* error;  // "": no records
  };
  const Row rows[] = {{2, "no DNS server gives an answer: see /etc/resolv.conf"},
                      {3, ""},
                      {5, "no DNS server gives an answer: see /etc/resolv.conf"}};
  for (const auto& row : rows) {
    CAPTURE(row.code);
    FakeServer server;
    server.code = row.code;
    auto found = dns_lookup({"n.example."}, DnsType::srv, options_of(server), DnsStop());
    CHECK((found[0] ? "" : found[0].error().message) == row.error);
    if (found[0]) CHECK(found[0]->empty());
  }
  CHECK_FALSE(dns_records("", DnsType::srv));
  CHECK_FALSE(dns_records("xx", DnsType::a));
}

TEST_CASE("discovery.dns: a silent server keeps nobody longer than the deadline, nor than the stop") {
  FakeServer server;
  server.silent = true;
  DnsOptions options = options_of(server);
  options.try_limit = 60s;
  options.deadline = 50ms;
  auto found = dns_lookup({"n.example.", "m.example."}, DnsType::srv, options, DnsStop());
  REQUIRE(found.size() == 2);
  CHECK_FALSE(found[0]);
  CHECK(found[1].error().message == "no answer in time");

  options.deadline = 60s;
  DnsStop stop;
  stop.request();
  CHECK_FALSE(dns_lookup({"n.example."}, DnsType::srv, options, stop)[0]);
}

TEST_CASE("discovery.dns: a server that is away leaves the targets as they are") {
  FakeServer server;
  server.set_records({srv(80, "a.example")});
  weir::testing::FakeContext world("discovery.dns.test");
  Dns dns(world, *weir::testing::decode_text<Dns::Arguments>(R"(names = ["n.example.", "n.example."])"),
          options_of(server));
  dns.start();
  world.run();
  auto targets = [&] { return world.exports.as_map()->find("targets")->as_list()->size(); };
  CHECK(targets() == 1);
  CHECK(world.health.state == HealthState::healthy);

  server.silent = true;
  world.advance(30s);
  CHECK(targets() == 1);
  CHECK(world.health.state == HealthState::unhealthy);
  CHECK(world.health.message.starts_with(
      "resolve \"n.example.\": no DNS server answers; what was known before stays; "));
  server.silent = false;
  world.advance(5s);
  CHECK(world.health.state == HealthState::healthy);
  // Nobody has the name any more.
  server.code = 3;
  world.advance(30s);
  CHECK(targets() == 0);
  CHECK(world.health.message == "1 name, 0 targets; 1 name without SRV records");
  dns.stop();
  world.close();
}

TEST_CASE("discovery.dns: what a config may not say") {
  for (const char* body : {R"(names = [])", R"(names = [""])", R"(names = ["a"]
                                                                 type = "TXT")",
                           R"(names = ["a"]
                              type = "A")"}) {
    CAPTURE(body);
    CHECK_FALSE(weir::testing::decode_text<Dns::Arguments>(body));
  }
  CHECK(weir::testing::decode_text<Dns::Arguments>("names = [\"a\"]\ntype = \"mx\"\nport = 25"));
}

}  // namespace weir::discovery
