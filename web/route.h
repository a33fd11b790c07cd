// What a route of the HTTP API takes and answers. Requests are checked against it, docs/reference/http-api.md
// is made of it, and a test holds it against what the handlers answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/http.h"

namespace weir::web {

class Site;
struct Call;

struct Parameter {
  enum class Type : std::uint8_t { text, integer, word };

  std::string_view name;
  Type type = Type::text;
  std::string_view doc;
  std::string_view unit = {};
  std::string_view otherwise = {};  // what a missing one stands for, where no constant says it
  // Of an integer: when it is missing, and what a given one is brought between.
  std::int64_t number = 0, lowest = 0, highest = 0;
  std::string_view words = {};  // "cpu|pid": one of these
  bool is_required = false;
};

struct Status {
  int code = 200;
  std::string_view doc;
};

struct Route {
  enum class Methods : std::uint8_t { read, post, any };
  // Of parameters that the table does not have. On paths that other programs answer too, or that others than
  // this program read, they may be meant for those.
  enum class Unknown : std::uint8_t { refused, ignored };

  // ID stands for the id of a component or module, slashes included, NAME for a name, … for whatever follows.
  std::string_view path;
  Methods methods = Methods::read;
  void (*answer)(Site&, const Call&) = nullptr;
  std::string_view doc;
  // Of the answer: an AnswerField's type, or a media type.
  std::string_view type = "text/plain";
  std::vector<Parameter> parameters = {};
  std::vector<Status> statuses = {};  // besides those that any route may have
  Unknown unknown = Unknown::refused;
  std::string_view example = {};  // a target; "": none
};

// What stands for the path's ID, NAME and …, decoded.
struct PathParts {
  std::string id, name, rest;
};

// What says which profiles a route is about; first among its parameters, where it is about profiles.
std::span<const Parameter> selection_parameters();
bool selects(const Route& route);

// Of "cpu|pid" both.
std::vector<std::string_view> split_words(std::string_view words);

// The first that matches is taken; the last one takes everything.
std::span<const Route> routes();
std::optional<PathParts> match(const Route& route, std::string_view path);
std::string_view allowed_methods(const Route& route);  // "GET, HEAD"
bool allows(const Route& route, std::string_view method);
// Of what was sent, as much as a message needs.
std::string shown(std::string_view text);
// ", did you mean "/metrics"?", or "". What is meant stands below the prefix.
std::string path_hint(std::string_view path, std::string_view path_prefix);

// Fails with what would be right.
Result<> check_parameters(const Route& route, const net::Request& request);

// Of a request that was checked. An empty parameter is as one that is missing.
std::optional<std::int64_t> given_integer(const net::Request& request, const Parameter& parameter);
std::int64_t integer_of(const net::Request& request, const Parameter& parameter);
std::size_t size_of(const net::Request& request, const Parameter& parameter);  // of one that is never below 0
std::string word_of(const net::Request& request, const Parameter& parameter);
std::string text_of(const net::Request& request, const Parameter& parameter);

}  // namespace weir::web
