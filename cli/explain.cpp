// weir explain: the way of a target through a config that runs, rule by rule.
#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <future>
#include <map>
#include <string>

#include <fmt/format.h>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/containers.h"
#include "cli/terminal.h"
#include "lang/eval.h"
#include "lang/parser.h"
#include "lang/text.h"
#include "net/http.h"

namespace weir::cli {
namespace {

constexpr auto kPatience = std::chrono::seconds(10);

// What chooses targets, as the API's parameters.
using Parameters = std::map<std::string, std::string>;

ExitCode refuse(const Error& error, ExitCode code) {
  say("Error: {}\n", error.message);
  return code;
}

Result<> add_process(Parameters& parameters, std::string_view text) {
  std::uint32_t pid = 0;
  auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), pid);
  if (problem != std::errc() || end != text.data() + text.size()) {
    return fail("--pid: \"{}\" is no process id", lang::printable(text));
  }
  parameters["pid"] = text;
  if (std::string container = container_of(pid); !container.empty()) parameters["container"] = container;
  return {};
}

Result<> add_container(Parameters& parameters, std::string_view text) {
  auto id = find_container(text, running_containers(), docker_container_id);
  // One that has ended may still be among the targets.
  parameters["container"] = id ? *id : std::string(text);
  return {};
}

// Labels as an object of the language, { job = "web" }, or as JSON, {"job": "web"}.
Result<> add_labels(Parameters& parameters, std::string_view text) {
  auto source = lang::Source::make("--labels", std::string(text));
  auto parsed = lang::parse_expression(source);
  if (!parsed) {
    parameters["labels"] = text;  // the API reads JSON, and says what is wrong with it
    return {};
  }
  auto value = lang::evaluate(*parsed->root, parsed->source, {});
  auto object = value ? value->as_map() : nullptr;
  if (!object)
    return fail("--labels is an object, as in '{{ job = \"web\" }}', got {}", lang::printable(text));
  JsonWriter json;
  json.begin_object();
  std::string wrong;
  object->visit([&](std::string_view name, const lang::Value& label) {
    auto* string = label.as_string();
    if (string) json.member(name, *string);
    if (!string) wrong = name;
  });
  json.end_object();
  if (!wrong.empty()) return fail("--labels: the value of {} is not a string", lang::printable(wrong));
  parameters["labels"] = json.take();
  return {};
}

Result<Parameters> read_parameters(const Invocation& invocation) {
  Parameters parameters{{"format", "text"}};
  Result<> read;
  if (invocation.is_given("pid")) read = add_process(parameters, invocation.flag("pid"));
  if (read && invocation.is_given("container"))
    read = add_container(parameters, invocation.flag("container"));
  if (read && invocation.is_given("labels")) read = add_labels(parameters, invocation.flag("labels"));
  if (!read) return fail(read.error());
  if (parameters.size() == 1) return fail("say which targets: --pid, --container or --labels");
  return parameters;
}

std::string address(std::string_view server, const Parameters& parameters) {
  while (server.ends_with('/')) server.remove_suffix(1);
  std::string url(server);
  if (!url.contains("://")) url.insert(0, "http://");
  url += "/api/v0/web/explain";
  char before = '?';
  for (const auto& [name, value] : parameters) {
    url += fmt::format("{}{}={}", before, name, boost::urls::encode(value, boost::urls::unreserved_chars));
    before = '&';
  }
  return url;
}

Result<net::ClientResponse> ask(const std::string& url) {
  auto client = net::Client::create();
  std::promise<Result<net::ClientResponse>> promise;
  auto answer = promise.get_future();
  auto pending = client->send(
      {.url = url, .connect_timeout = kPatience, .header_timeout = kPatience, .total_timeout = kPatience},
      {.on_head = {}, .on_data = {}, .on_done = [&](Result<net::ClientResponse> done) {
         promise.set_value(std::move(done));
       }});
  return answer.get();
}

ExitCode explain(const Invocation& invocation) {
  if (invocation.operands.front() != "targets") {
    return refuse({fmt::format("weir explain explains targets, not \"{}\"",
                               lang::printable(invocation.operands.front()))},
                  kRefused);
  }
  auto parameters = read_parameters(invocation);
  if (!parameters) return refuse(parameters.error(), kRefused);
  std::string_view server = invocation.flag("server");
  auto answer = ask(address(server, *parameters));
  if (!answer) {
    return refuse({fmt::format("no weir answers at {}: {}; say where it runs with --server", server,
                               answer.error().message)},
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
  return put(stdout, answer->body) ? kOk : kNoWorld;
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
     .doc = "The targets that have these labels: '{ job = \"web\" }', or JSON."},
    {.name = "server",
     .value = "URL",
     .default_text = "http://127.0.0.1:12345",
     .doc = "Where the weir that is asked answers (its --server.http.listen-addr)."},
};

}  // namespace

constinit const Command kExplainCommand{
    .name = "explain",
    .operands = "targets",
    .summary = "show what a running config does with a target, rule by rule",
    .description =
        "Asks a running weir which component found a process, a container or whatever has the labels, what "
        "each "
        "relabel rule did with it and why, and which components use it in the end, under which labels. Ends "
        "with 1 "
        "when there is no such target.",
    .flags = kFlags,
    .min_operands = 1,
    .max_operands = 1,
    .run = explain,
};

}  // namespace weir::cli
