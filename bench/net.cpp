// How many requests a second the server and the client manage over loopback, one after the other and many at
// once.
#include <benchmark/benchmark.h>

#include <condition_variable>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "net/http.h"
#include "net/message_reader.h"

namespace weir::net {

namespace {

std::unique_ptr<Server> start(std::size_t body_bytes) {
  auto server = Server::start(
      {.listen_address = "127.0.0.1:0"},
      [body = std::string(body_bytes, 'x')](const Request&, Reply reply) { reply({.static_body = body}); });
  if (!server) std::abort();
  return *std::move(server);
}

// Keeps `at_once` requests in flight until `total` have been answered.
class Load {
 public:
  Load(Client& client, std::string url) : client_(client), url_(std::move(url)) {}

  void run(int at_once, int total) {
    pending_.resize(static_cast<std::size_t>(total));
    to_send_ = to_come_ = total;
    for (int i = 0; i < at_once && i < total; ++i) send();
    std::unique_lock lock(mutex_);
    done_.wait(lock, [&] { return to_come_ == 0; });
  }

 private:
  void send() {
    std::size_t slot;
    {
      std::lock_guard lock(mutex_);
      if (to_send_ == 0) return;
      slot = static_cast<std::size_t>(--to_send_);
    }
    auto pending = client_.send({.url = url_}, {.on_done = [this](Result<ClientResponse> result) {
                                  if (!result || result->status != 200) std::abort();
                                  send();
                                  std::lock_guard lock(mutex_);
                                  if (--to_come_ == 0) done_.notify_all();
                                }});
    std::lock_guard lock(mutex_);
    pending_[slot] = std::move(pending);
  }

  Client& client_;
  std::string url_;
  std::mutex mutex_;
  std::condition_variable done_;
  int to_send_ = 0, to_come_ = 0;
  std::vector<std::unique_ptr<Pending>> pending_;
};

void requests(benchmark::State& state) {
  auto server = start(static_cast<std::size_t>(state.range(1)));
  auto client = Client::create();
  std::string url = "http://127.0.0.1:" + std::to_string(server->port()) + "/";
  constexpr int kTotal = 2000;
  for (auto _ : state) Load(*client, url).run(static_cast<int>(state.range(0)), kTotal);
  state.SetItemsProcessed(state.iterations() * kTotal);
  state.SetBytesProcessed(state.iterations() * kTotal * state.range(1));
}
BENCHMARK(requests)
    ->ArgNames({"at_once", "bytes"})
    ->Args({1, 100})
    ->Args({8, 100})
    ->Args({64, 100})
    ->Args({8, 256 << 10})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

void read_request(benchmark::State& state) {
  const std::string bytes =
      "GET /api/v0/web/components/pyroscope.ebpf.local?defaults=1 HTTP/1.1\r\nHost: localhost:12345\r\n"
      "User-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: application/json\r\n"
      "Accept-Encoding: gzip, deflate\r\nConnection: keep-alive\r\n\r\n";
  for (auto _ : state) {
    RequestReader reader(16 << 10, 1 << 20);
    std::size_t used = 0;
    benchmark::DoNotOptimize(reader.feed(bytes, used));
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * bytes.size()));
}
BENCHMARK(read_request);

}  // namespace

}  // namespace weir::net

BENCHMARK_MAIN();
