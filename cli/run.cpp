// weir run: builds the object graph, from the bottom up, and takes it down again.

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <ranges>
#include <vector>

#include <fmt/core.h>

#include "base/own_usage.h"
#include "cli/commands.h"
#include "cli/fetcher_adapter.h"
#include "cli/http_service_adapter.h"
#include "cli/own_metrics.h"
#include "cli/peer_flags.h"
#include "cli/signals.h"
#include "cli/stability_flag.h"
#include "cli/terminal.h"
#include "components/builtin.h"
#include "components/http_block.h"
#include "lang/diagnostic.h"
#include "net/http.h"
#include "runtime/controller.h"
#include "web/path_prefix.h"
#include "web/web.h"

namespace weir::cli {
namespace {

constexpr Flag kFlags[] = {
    {.name = "server.http.listen-addr",
     .value = "HOST:PORT",
     .default_text = "127.0.0.1:12345",
     .doc = "Where the page, the metrics and the API answer."},
    {.name = "server.http.allowed-hosts",
     .value = "HOST,HOST",
     .default_text = "",
     .doc = "Names by which requests may call this server, besides the address it listens on and those of "
            "the loopback "
            "interface. Without any a server that listens on more than loopback answers to every name."},
    {.name = "server.http.ui-path-prefix",
     .value = "/PATH",
     .default_text = "/",
     .doc = "Where the page and the API it uses stand, for a server that has other pages too. Machines still "
            "find "
            "/metrics, /-/ready, /-/healthy, /-/reload and /api/v0/component/ at the root."},
    {.name = "storage.path",
     .value = "FOLDER",
     .default_text = "data-weir/",
     .doc = "Where components keep what must outlive the process. Made when it is needed."},
    {.name = "disable-reporting",
     .value = "",
     .default_text = "",
     .doc = "Accepted because other programs have it; weir never reports anything to anyone."},
    {.name = "config.format",
     .value = "FORMAT",
     .default_text = "flow",
     .doc = "flow, river or alloy. A file's dialect is what its name ends with, .river or .alloy."},
    kStabilityFlag,
};

// Everything that lives as long as the process, in the order it is made.
struct Program {
  LogHub log;
  Logger logger{log, ""};
  MetricRegistry metrics;
  runtime::Registry registry;
  FetcherAdapter fetcher{environment_variable};
  HttpServiceAdapter http;
  std::unique_ptr<runtime::Controller> controller;
  std::unique_ptr<net::Server> server;
};

void make_controller(Program& program, const Invocation& invocation, runtime::Stability least) {
  register_components(program.registry);
  add_own_metrics(program.metrics);
  runtime::Environment environment{
      .registry = &program.registry,
      .log = &program.log,
      .metrics = &program.metrics,
      .clock = &system_clock(),
      .fetcher = &program.fetcher,
      .http = &program.http,
      .storage_path = invocation.flag("storage.path"),
      .env = environment_variable,
      .on_config =
          [&program](bool has_http_block) {
            bool is_opened = program.http.take_config(has_http_block);
            if (is_opened)
              program.logger.warn(
                  "the config has no http block any more: whoever reaches the server may ask, without a "
                  "password and without TLS");
          },
  };
  program.controller = runtime::Controller::create(
      std::move(environment),
      {.config_path = invocation.operands.front(), .watch_file = true, .least_stability = least});
}

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> parts;
  for (auto part : std::views::split(list, ',')) {
    if (!part.empty()) parts.emplace_back(part.begin(), part.end());
  }
  return parts;
}

// In /metrics: what never came as far as a handler.
void count_turned_away(MetricRegistry& metrics, const net::TurnedAway& turned_away) {
  metrics
      .counter(own_metric::kTurnedAway.name, own_metric::kTurnedAway.help,
               {{std::string(own_metric::kTurnedAway.label), std::string(turned_away.reason)}})
      ->add(1);
}

Result<> listen(Program& program, const Invocation& invocation, const std::string& path_prefix) {
  net::Handler handler = web::make_handler({
      .controller = program.controller.get(),
      .metrics = &program.metrics,
      .log = &program.log,
      .clock = &system_clock(),
      .version = std::string(version()),
      .path_prefix = path_prefix,
      .registry = &program.registry,
      .component_handler = [&http = program.http](
                               std::string_view id, std::string_view rest, const net::Request& request,
                               net::Reply reply) { http.handle(id, rest, request, std::move(reply)); },
  });
  net::Server::Options options{
      .listen_address = std::string(invocation.flag("server.http.listen-addr")),
      .allowed_hosts = split(invocation.flag("server.http.allowed-hosts")),
      .on_turned_away = [&metrics = program.metrics](const net::TurnedAway& turned_away) {
        count_turned_away(metrics, turned_away);
      }};
  net::Handler closed = web::make_closed_handler(*program.controller, path_prefix);
  auto server = net::Server::start(options, closed);
  if (!server)
    return fail("{}; choose another address with --server.http.listen-addr", server.error().message);
  program.server = *std::move(server);
  program.http.use(*program.server, std::move(closed), std::move(handler), path_prefix);
  return {};
}

// As the config wants it; what is unusable makes its http block unhealthy.
bool wants_tls(const runtime::Snapshot& snapshot) {
  const runtime::Node* http = snapshot.find(HttpBlock::kName);
  if (http == nullptr) return false;
  const auto statements = http->arguments().statements;
  return std::ranges::any_of(statements, [](const auto& statement) { return statement.name == "tls"; });
}

std::string page_address(const Program& program, std::string_view listen_address,
                         std::string_view path_prefix) {
  std::string_view host = listen_address.substr(0, listen_address.rfind(':'));
  if (host.empty() || host == "0.0.0.0" || host == "[::]") host = "127.0.0.1";
  std::string_view scheme = wants_tls(*program.controller->snapshot()) ? "https" : "http";
  return fmt::format("{}://{}:{}{}/", scheme, host, program.server->port(), path_prefix);
}

bool load_first(Program& program) {
  runtime::LoadResult result = program.controller->load("start");
  if (!result.diagnostics.empty()) {
    fmt::print(stderr, "{}\n", lang::render(result.diagnostics, color_of_stderr()));
  }
  if (!result.ok) fmt::print(stderr, "Error: could not perform the initial load successfully\n");
  return result.ok;
}

// Until somebody asks us to stop.
void serve(Program& program, const Signals& signals) {
  for (;;) {
    int number = signals.wait();
    if (number != SIGHUP) {
      program.logger.info("stopping", {{"signal", number == SIGINT ? "SIGINT" : "SIGTERM"}});
      return;
    }
    program.controller->load_async("SIGHUP", [](const runtime::LoadResult&) {});
  }
}

ExitCode stop(Program& program) {
  std::vector<std::string> stuck = program.controller->stop();
  if (stuck.empty()) return kOk;
  for (const std::string& id : stuck) {
    program.logger.error("did not stop in time", {{"component", id}});
  }
  // Taking the rest down would wait for it.
  std::_Exit(kNotStopped);
}

// What a program like this one would do otherwise, and weir does not.
void warn_of_peers(const Program& program, const Invocation& invocation) {
  for (const std::string& warning : invocation.warnings) program.logger.warn(warning);
  for (const std::string& warning : environment_warnings(environment_variable)) program.logger.warn(warning);
}

ExitCode run(const Invocation& invocation) {
  limit_malloc();
  auto fits = check_config_format(invocation.flag("config.format"));
  if (fits) fits = check_environment(environment_variable);
  auto least = least_stability(invocation);
  auto path_prefix = web::read_path_prefix(invocation.flag("server.http.ui-path-prefix"));
  if (fits && !path_prefix) fits = fail("--server.http.ui-path-prefix: {}", path_prefix.error().message);
  if (!fits || !least) {
    fmt::print(stderr, "Error: {}\n", !fits ? fits.error().message : least.error().message);
    return kRefused;
  }
  std::signal(SIGHUP, SIG_DFL);  // it loads the config again, whoever ignored it
  auto signals = Signals::open();
  if (!signals) {
    fmt::print(stderr, "Error: {}\n", signals.error().message);
    return kNoWorld;
  }
  Program program;
  make_controller(program, invocation, *least);
  std::string_view address = invocation.flag("server.http.listen-addr");
  auto listening = listen(program, invocation, *path_prefix);
  if (!listening) {
    fmt::print(stderr, "Error: {}\n", listening.error().message);
    return kNoWorld;
  }
  if (!load_first(program)) return kRefused;
  warn_of_peers(program, invocation);
  program.logger.info("running", {{"version", std::string(version())},
                                  {"config", invocation.operands.front()},
                                  {"page", page_address(program, address, *path_prefix)}});
  serve(program, *signals);
  return stop(program);
}

}  // namespace

constinit const Command kRunCommand{
    .name = "run",
    .operands = "PATH",
    .summary = "run a config",
    .description =
        "Runs the .river or .alloy file PATH, or all such files of the folder PATH as one config. The "
        "config is loaded again when a file changes, on SIGHUP, and on POST /-/reload; one that has "
        "errors changes nothing. Stops on SIGINT and SIGTERM.",
    .flags = kFlags,
    .peer_flags = kRunPeerFlags,
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};

}  // namespace weir::cli
