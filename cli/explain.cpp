// weir explain: the way of a target through a config, rule by rule.
#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <chrono>
#include <cstdio>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/json.h"
#include "base/number.h"
#include "cli/commands.h"
#include "cli/containers.h"
#include "cli/explain_config.h"
#include "cli/target_labels.h"
#include "cli/terminal.h"
#include "components/wording.h"
#include "lang/text.h"
#include "net/http.h"
#include "web/explanation.h"
#include "web/wanted_targets.h"

namespace weir::cli {
namespace {

constexpr auto kPatience = std::chrono::seconds(10);

ExitCode refuse(const Error& error, ExitCode code) {
  say("Error: {}\n", error.message);
  return code;
}

Result<> add_process(web::WantedTargets& wanted, std::string_view text) {
  auto pid = whole_number<std::uint32_t>(text);
  if (!pid) return fail("--pid: \"{}\" is no process id", lang::printable(text));
  wanted.pid = text;
  wanted.container = container_of(*pid);
  return {};
}

void add_container(web::WantedTargets& wanted, std::string_view text) {
  auto id = find_container(text, running_containers(), docker_container_id);
  // One that has ended may still be among the targets.
  wanted.container = id ? *id : std::string(text);
}

Result<web::WantedTargets> read_wanted(const Invocation& invocation) {
  web::WantedTargets wanted;
  Result<> read;
  if (invocation.is_given("pid")) read = add_process(wanted, invocation.flag("pid"));
  if (invocation.is_given("container")) add_container(wanted, invocation.flag("container"));
  if (!read) return fail(read.error());
  auto labels = read_labels(invocation.flag("labels"));
  if (!labels) return fail(labels.error());
  wanted.labels = *std::move(labels);
  if (wanted.empty()) return fail("say which targets: --pid, --container or --labels");
  return wanted;
}

// ---- of a weir that runs ----

std::string labels_json(const web::WantedTargets& wanted) {
  if (wanted.labels.empty()) return "";
  JsonWriter json;
  json.begin_object();
  for (const auto& [name, value] : wanted.labels) json.member(name, value);
  json.end_object();
  return json.take();
}

std::string with_scheme(std::string_view server) {
  while (server.ends_with('/')) server.remove_suffix(1);
  return server.contains("://") ? std::string(server) : fmt::format("http://{}", server);
}

std::string address(std::string url, const web::WantedTargets& wanted) {
  url += "/api/v0/web/explain?format=text";
  const std::pair<std::string_view, std::string> parameters[] = {
      {"pid", wanted.pid}, {"container", wanted.container}, {"labels", labels_json(wanted)}};
  for (const auto& [name, value] : parameters) {
    if (value.empty()) continue;
    url += fmt::format("&{}={}", name, boost::urls::encode(value, boost::urls::unreserved_chars));
  }
  return url;
}

Result<net::ClientResponse> ask(const std::string& url, net::TlsOptions tls) {
  auto client = net::Client::create();
  std::promise<Result<net::ClientResponse>> promise;
  auto answer = promise.get_future();
  auto pending =
      client->send({.url = url,
                    .tls = std::move(tls),
                    .connect_timeout = kPatience,
                    .header_timeout = kPatience,
                    .total_timeout = kPatience},
                   {.on_head = {}, .on_data = {}, .on_done = [&](Result<net::ClientResponse> done) {
                      promise.set_value(std::move(done));
                    }});
  return answer.get();
}

ExitCode explain_running(const Invocation& invocation, const web::WantedTargets& wanted) {
  net::TlsOptions tls{.ca_file = std::string(invocation.flag("ca-file")),
                      .cert_file = std::string(invocation.flag("cert-file")),
                      .key_file = std::string(invocation.flag("key-file"))};
  std::string server = with_scheme(invocation.flag("server"));
  auto answer = ask(address(server, wanted), std::move(tls));
  server = url_text(server);
  if (!answer) {
    return refuse({fmt::format("no weir answers at {}: {}; say where it runs with --server, or name a config "
                               "that does not run",
                               server, answer.error().message)},
                  kNoWorld);
  }
  if (answer->status != 200) {
    return refuse({fmt::format("{} answers {}: {}", server, answer->status, lang::printable(answer->body))},
                  kRefused);
  }
  if (answer->body.empty()) {
    return refuse({"no component has found such a target; the page's component view lists those there are"},
                  kRefused);
  }
  if (answer->headers.get(web::kFoundHeader) == "0") {
    // The search has ended early, and the answer says why.
    put(stdout, answer->body);
    return refuse({"no such target is among those that were looked at"}, kRefused);
  }
  return put(stdout, answer->body) ? kOk : kNoWorld;
}

ExitCode explain(const Invocation& invocation) {
  const std::vector<std::string>& operands = invocation.operands;
  if (operands.front() != "targets") {
    return refuse(
        {fmt::format("weir explain explains targets, not \"{}\"", lang::printable(operands.front()))},
        kRefused);
  }
  auto wanted = read_wanted(invocation);
  if (!wanted) return refuse(wanted.error(), kRefused);
  bool runs = operands.size() == 1;
  if (runs && invocation.is_given("from"))
    return refuse({"--from is for a config that does not run: name it after targets"}, kRefused);
  if (!runs && invocation.is_given("server"))
    return refuse({"--server is for a config that runs: name no file beside it"}, kRefused);
  if (runs) return explain_running(invocation, *wanted);
  ConfigAnswer answer = explain_config(
      {.config = operands[1], .wanted = *std::move(wanted), .from = std::string(invocation.flag("from"))},
      color_of_stderr());
  say("{}", answer.notes);
  return put(stdout, answer.text) ? answer.code : kNoWorld;
}

constexpr Flag kFlags[] = {
    {.name = "pid",
     .value = "PID",
     .default_text = "",
     .doc = "The targets of this process, and of its container."},
    {.name = "container",
     .value = "ID",
     .default_text = "",
     .doc = "The targets of this container: its id, the start of it, or its name."},
    {.name = "labels",
     .value = "LABELS",
     .default_text = "",
     .doc = "The targets that have these labels: '{ job = \"web\" }', or JSON. With a config alone "
            "these are the labels of the target, all of them."},
    {.name = "from",
     .value = "COMPONENT",
     .default_text = "",
     .doc =
         "Of a config that does not run: the component that finds the target. Without it the only one there "
         "is, or that whose labels they are; for a process or a container, those that look for them."},
    {.name = "server",
     .value = "URL",
     .default_text = "http://127.0.0.1:12345",
     .doc =
         "Where the weir that is asked answers (its --server.http.listen-addr). A user name and a password "
         "may stand in it: http://USER:PASSWORD@HOST:PORT."},
    {.name = "ca-file",
     .value = "FILE",
     .default_text = "",
     .doc = "Certificates to trust when the server speaks TLS, instead of the system's."},
    {.name = "cert-file",
     .value = "FILE",
     .default_text = "",
     .doc = "A certificate for a server that asks for one."},
    {.name = "key-file", .value = "FILE", .default_text = "", .doc = "The key of that certificate."},
};

}  // namespace

constinit const Command kExplainCommand{
    .name = "explain",
    .operands = "targets [PATH]",
    .summary = "show what a config does with a target, rule by rule",
    .description =
        "Says which component finds a process, a container or whatever has the labels, what each relabel "
        "rule "
        "does with it and why, and which components use it in the end, under which labels. Asks a running "
        "weir; with PATH, a .river or .alloy file or a folder of them, that config is evaluated as it would "
        "run, and nothing of it is started but, for --pid and --container, what looks for them. Ends with 1 "
        "when there is no such target.",
    .flags = kFlags,
    .min_operands = 1,
    .max_operands = 2,
    .run = explain,
};

}  // namespace weir::cli
