// web_demo [MODE] [ADDRESS]: the page over made-up data, for looking at it and
// for the browser test. Modes: full, refused, empty, no-store, lost, types, broken.
#include <csignal>
#include <cstdio>

#include "net/http.h"
#include "tests/web/demo/canned.h"
#include "tests/web/demo/processes.h"

int main(int argc, char** argv) {
  using namespace weir;
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  web::testing::Canned canned(argc > 1 ? argv[1] : "full");
  MetricRegistry metrics;
  MetricScope backup(metrics, {{"component_id", "pyroscope.write.backup"}, {"component_path", "/"}});
  backup.counter("demo_pushes_total", "Profiles pushed.")->add(1204);
  auto server = net::Server::start({.listen_address = argc > 2 ? argv[2] : "127.0.0.1:0"},
                                   web::make_handler({.controller = &canned.controller,
                                                      .metrics = &metrics,
                                                      .log = &canned.log,
                                                      .clock = &system_clock(),
                                                      .version = "0.1.0",
                                                      .process_times = web::testing::demo_processes}));
  if (!server) {
    std::fprintf(stderr, "%s\n", server.error().message.c_str());
    return 1;
  }
  std::printf("http://127.0.0.1:%d\n", (*server)->port());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  return 0;
}
