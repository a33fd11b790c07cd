#include "cli/api_page.h"

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "cli/markdown.h"
#include "web/answer_shape.h"
#include "web/examples.h"
#include "web/route.h"

namespace weir::cli {
namespace {

using markdown::anchor;
using markdown::cell;
using markdown::code;
using web::AnswerField;
using web::AnswerShape;
using web::Parameter;
using web::Route;

constexpr std::string_view kHead =
    "# HTTP API\n\n"
    "What a running weir answers on `--server.http.listen-addr`, 127.0.0.1:12345 unless told otherwise; who"
    " may ask is in [http.md](../http.md), and where all this stands with `--server.http.ui-path-prefix`. "
    "The page is made of these answers.\n\n"
    "- Answers are JSON where a type is named. Times are Unix milliseconds (ms), lengths of time seconds "
    "(s). A field is always there unless it says when it is absent. New fields may come: ignore what you do"
    " not know.\n"
    "- A path that answers JSON says as [Error](#error) why it cannot, with status 400, 404, 500 or 503; "
    "all other errors are a line of text.\n"
    "- A number beyond its limits is brought to the nearest; an empty parameter is as a missing one. A "
    "parameter that is no number, none of its words, given twice, or unknown to its path is a 400, except "
    "that the paths which other programs answer too ignore those they do not know.\n"
    "- GET means HEAD as well. 405 names the methods of a path in `Allow`. 403: a browser says that a page "
    "of another site sends what is no GET. 503 with `Retry-After`: 32 queries wait already, or no config "
    "says yet who may ask.\n"
    "- Answers may hold labels and command lines: `Cache-Control: no-store`, and no other site may read or "
    "frame them.\n\n";

constexpr std::string_view kOthers =
    "## Where weir and other programs part\n\n"
    "The paths, the fields and their nesting are those of Grafana Agent Flow and Alloy, so that a client of"
    " theirs works. What differs:\n\n"
    "| What | Elsewhere | Here | Why |\n"
    "|---|---|---|---|\n"
    "| `/-/reload` | GET, too | POST only | An image on a page of another site must not reload. |\n"
    "| `Content-Type` of JSON | `text/plain` | `application/json` | That is what it is. |\n"
    "| A path that nothing answers | 200 with the page | 404 | A slip should show. |\n"
    "| An unknown module | 500 | 404 | It is no fault of the server. |\n"
    "| `state` | has no `waiting` | `unknown` instead, unless `states=all` | A component may wait here for "
    "another's first export. |\n"
    "| `referencesTo`, `referencedBy` in a module | local ids | ids with the module's path | They can be "
    "asked for as they are. |\n"
    "| Long arrays, objects and texts | whole | cut, with `length` and `view` | A page of 100,000 targets "
    "shows its first rows at once. |\n"
    "| Fields besides | | `id`, `since`, and what [ComponentDetail](#componentdetail) adds | The page needs"
    " them. |\n"
    "| `/api/v0/web/graph`, `/api/v0/web/debug/ID` | streams of live debugging | a graph of its own; 404 | "
    "What passes is on the page at all times. |\n"
    "| `/api/v0/web/remotecfg/…` | the config of a server | an empty list; 404 below | weir takes its "
    "config from files. |\n"
    "| `/debug/pprof/…` | profiles of the program itself | 404 | weir profiles itself like any other "
    "process. |\n\n"
    "## What components answer\n\n"
    "[pyroscope.receive_http](pyroscope.receive_http.md) listens on an address of its own and takes "
    "`/push.v1.PusherService/Push` and `/ingest` there.\n";

// [Component] as "list of [Component](#component)".
std::string type_text(std::string_view type) {
  if (type.starts_with('[')) return fmt::format("list of {}", type_text(type.substr(1, type.size() - 2)));
  if (type.starts_with('{')) {
    return fmt::format("object of {} by name", type_text(type.substr(1, type.size() - 2)));
  }
  if (web::find_answer_shape(type)) return fmt::format("[{}](#{})", type, anchor(type));
  return std::string(type);
}

bool is_json(std::string_view type) {
  return type.starts_with('[') || web::find_answer_shape(type);
}

std::string words_text(std::string_view words) {
  std::string out;
  for (std::string_view word : web::split_words(words))
    out += (out.empty() ? " One of " : ", ") + code(word.empty() ? "\"\"" : word);
  return out + '.';
}

std::string default_text(const Parameter& parameter) {
  if (parameter.is_required) return "required";
  if (!parameter.otherwise.empty()) {
    bool is_word = parameter.type == Parameter::Type::word && parameter.words.contains(parameter.otherwise);
    return is_word ? code(parameter.otherwise) : cell(parameter.otherwise);
  }
  return parameter.type == Parameter::Type::integer ? fmt::format("{}", parameter.number) : std::string();
}

std::string_view type_name(Parameter::Type type) {
  switch (type) {
    case Parameter::Type::text: return "text";
    case Parameter::Type::integer: return "integer";
    case Parameter::Type::word: return "word";
  }
  return "text";
}

std::string limits_text(const Parameter& parameter) {
  if (parameter.type == Parameter::Type::word) return words_text(parameter.words);
  if (parameter.type != Parameter::Type::integer || parameter.unit == "ms") return "";
  return fmt::format(" From {} to {}.", parameter.lowest, parameter.highest);
}

std::string parameter_table(std::span<const Parameter> parameters) {
  if (parameters.empty()) return "";
  std::string out = "| Parameter | Type | Unit | Default | Description |\n|---|---|---|---|---|\n";
  for (const Parameter& parameter : parameters) {
    out += fmt::format("| `{}` | {} | {} | {} | {}{} |\n", parameter.name, type_name(parameter.type),
                       parameter.unit, default_text(parameter), cell(parameter.doc), limits_text(parameter));
  }
  return out + '\n';
}

std::string parameters_text(const Route& route) {
  std::span<const Parameter> own = route.parameters;
  if (!selects(route)) return parameter_table(own);
  std::string names;
  for (const Parameter& parameter : web::selection_parameters())
    names += fmt::format("{}`{}`", names.empty() ? "" : ", ", parameter.name);
  auto more = own.subspan(web::selection_parameters().size());
  return fmt::format("[Which profiles](#which-profiles) say {}{}\n\n", names,
                     more.empty() ? "." : ". Besides:") +
         parameter_table(more);
}

std::string selection_text() {
  return "### Which profiles\n\nA profile is of the range that it begins in; its values are in the unit of "
         "its type, "
         "nanoseconds of CPU for process_cpu. Either `service` or `labels` must be given (400).\n\n" +
         parameter_table(web::selection_parameters());
}

std::string statuses_text(const Route& route) {
  if (route.statuses.empty()) return "";
  std::string out;
  for (const web::Status& status : route.statuses) out += fmt::format("- {}: {}\n", status.code, status.doc);
  return out + '\n';
}

std::string example_text(const Route& route) {
  if (route.example.empty()) return "";
  std::string_view method = route.methods == Route::Methods::post ? "-X POST " : "";
  std::string_view answer = web::example_answer(route.path);
  std::string_view file = answer.empty() ? "-OJ " : route.type == "text/event-stream" ? "-N " : "";
  std::string out = fmt::format("```\n$ curl {}{}'http://127.0.0.1:12345{}'\n", method, file, route.example);
  return out + std::string(answer) + "```\n\n";
}

std::string_view methods_text(const Route& route) {
  return route.methods == Route::Methods::read ? "GET" : allowed_methods(route);
}

std::string route_text(const Route& route) {
  std::string out = fmt::format("### {} {}\n\n{}\n\n", methods_text(route), route.path, route.doc);
  out += parameters_text(route);
  if (route.type != "any") {
    out += fmt::format("Answer: {}.\n\n", is_json(route.type) ? type_text(route.type) : code(route.type));
  }
  if (is_json(route.type) && route.unknown == Route::Unknown::ignored)
    out += "Other parameters are ignored.\n\n";
  return out + statuses_text(route) + example_text(route);
}

std::string_view first_sentence(std::string_view doc) {
  return doc.substr(0, std::min(doc.find(". "), doc.size() - 1) + 1);
}

std::string index_text() {
  std::string out = "| Path | Method | What it answers |\n|---|---|---|\n";
  for (const Route& route : web::routes()) {
    std::string heading = fmt::format("{} {}", methods_text(route), route.path);
    out += fmt::format("| [{}](#{}) | {} | {} |\n", route.path, anchor(heading), methods_text(route),
                       cell(first_sentence(route.doc)));
  }
  return out + '\n';
}

std::string field_row(const AnswerField& field) {
  std::string doc = cell(field.doc);
  if (!field.words.empty()) doc += words_text(field.words);
  if (!field.absent.empty()) doc += fmt::format(" Absent: {}.", cell(field.absent));
  return fmt::format("| `{}` | {} | {} | {} |\n", field.name, type_text(field.type), field.unit, doc);
}

std::string shape_text(const AnswerShape& shape) {
  std::string out = fmt::format("### {}\n\n{}", shape.name, shape.doc);
  if (!shape.like.empty()) out += fmt::format(" It has the fields of {} and:", type_text(shape.like));
  out += "\n\n| Field | Type | Unit | Description |\n|---|---|---|---|\n";
  for (const AnswerField& field : shape.fields) out += field_row(field);
  return out + '\n';
}

}  // namespace

std::string http_api_page() {
  std::string page(markdown::kGenerated);
  page += kHead;
  page += index_text();
  page += "## Paths\n\n";
  bool has_selection = false;
  for (const Route& route : web::routes()) {
    if (selects(route) && !std::exchange(has_selection, true)) page += selection_text();
    page += route_text(route);
  }
  page += "## Answers\n\n";
  for (const AnswerShape& shape : web::answer_shapes()) page += shape_text(shape);
  page += kOthers;
  markdown::trim_end(page);
  return page;
}

}  // namespace weir::cli
