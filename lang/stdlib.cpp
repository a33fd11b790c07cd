#include "lang/stdlib.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "lang/bytes.h"
#include "lang/collections.h"
#include "lang/encoding.h"
#include "lang/format.h"
#include "lang/json.h"
#include "lang/json_path.h"
#include "lang/library_function.h"
#include "lang/strings.h"
#include "lang/text.h"
#include "lang/yaml.h"

namespace weir::lang {
namespace {

using Text = std::string;
using Texts = std::vector<std::string>;

std::string host_name() {
  char name[256] = {};
  // "" where there is none.
  if (::gethostname(name, sizeof name - 1) != 0) return "";
  return name;
}

constexpr std::string_view kArch =
#if defined(__x86_64__)
    "amd64";
#elif defined(__aarch64__)
    "arm64";
#else
    "unknown";
#endif

Value constants(const EvalOptions&) {
  return Value::object({{"hostname", host_name()}, {"os", "linux"}, {"arch", kArch}});
}

Value env(const EvalOptions& options) {
  return typed<Text>("env", [read = options.env](const Text& name) -> Result<Value> {
    return Value(read ? read(name) : Text());
  });
}

Value nonsensitive(const EvalOptions&) {
  return typed<Secret>("nonsensitive",
                       [](const Secret& secret) -> Result<Value> { return Value(secret.text); });
}

Value json_decode(const EvalOptions&) {
  return typed<Text>("json_decode", [](const Text& text) { return parse_json(text, JsonNumbers::floats); });
}

Value json_encode(const EvalOptions&) {
  return make_function("to_json", [](const std::vector<Value>& arguments) -> CallResult {
    if (arguments.size() != 1) return wrong_count("to_json", "1", arguments.size());
    if (!arguments[0].as_map()) return argument_error(0, mismatch("object", arguments[0]).error());
    auto text = write_json(arguments[0]);
    if (!text) return call_error(text.error().message);
    return Value(*std::move(text));
  });
}

Value json_path(const EvalOptions&) {
  return typed<Text, Text>("json_path", [](const Text& json, const Text& path) -> Result<Value> {
    auto found = find_in_json(json, path);
    if (!found) return std::unexpected(found.error());
    return Value::array(*std::move(found));
  });
}

Value yaml_decode(const EvalOptions&) {
  return typed<Text>("yaml_decode", [](const Text& text) { return parse_yaml(text); });
}

Value format(const EvalOptions&) {
  return make_function("format", [](const std::vector<Value>& arguments) -> CallResult {
    if (arguments.empty()) return wrong_count("format", "at least 1", 0);
    auto pattern = Codec<Text>::from_value(arguments[0]);
    if (!pattern) return argument_error(0, pattern.error());
    auto text = format_text(*pattern, {arguments.begin() + 1, arguments.end()});
    if (!text) return call_error(text.error().message);
    return Value(*std::move(text));
  });
}

Value join_list(const EvalOptions&) {
  return typed<Texts, Text>("join", [](const Texts& parts, const Text& by) -> Result<Value> {
    std::size_t size = parts.size() * by.size();
    for (const Text& part : parts) size += part.size();
    if (size > kLongestText) return fail("the text would be longer than {} bytes", kLongestText);
    return Value(join(parts, by));
  });
}

Value replace(const EvalOptions&) {
  return typed<Text, Text, Text>(
      "replace", [](const Text& text, const Text& old, const Text& by) -> Result<Value> {
        if ((text.size() / std::max<std::size_t>(1, old.size()) + 1) * by.size() > kLongestText) {
          return fail("the text may become longer than {} bytes", kLongestText);
        }
        return Value(replace_all(text, old, by));
      });
}

Value split_text(const EvalOptions&) {
  return typed<Text, Text>("split", [](const Text& text, const Text& by) -> Result<Value> {
    if (count_parts(text, by) > kMostElements)
      return fail("the list would have more than {} elements", kMostElements);
    return Codec<Texts>::to_value(split(text, by));
  });
}

Value lower(const EvalOptions&) {
  return typed<Text>("to_lower",
                     [](const Text& text) -> Result<Value> { return Value(map_runes(text, to_lower)); });
}

Value upper(const EvalOptions&) {
  return typed<Text>("to_upper",
                     [](const Text& text) -> Result<Value> { return Value(map_runes(text, to_upper)); });
}

Value trim_set(const EvalOptions&) {
  return typed<Text, Text>("trim", [](const Text& text, const Text& cutset) -> Result<Value> {
    return Value(trim(text, cutset));
  });
}

Value trim_prefix(const EvalOptions&) {
  return typed<Text, Text>("trim_prefix", [](const Text& text, const Text& prefix) -> Result<Value> {
    return Value(text.starts_with(prefix) ? text.substr(prefix.size()) : text);
  });
}

Value trim_suffix(const EvalOptions&) {
  return typed<Text, Text>("trim_suffix", [](const Text& text, const Text& suffix) -> Result<Value> {
    return Value(text.ends_with(suffix) ? text.substr(0, text.size() - suffix.size()) : text);
  });
}

Value trim_blanks(const EvalOptions&) {
  return typed<Text>("trim_space", [](const Text& text) -> Result<Value> { return Value(trim_space(text)); });
}

template <Base64 alphabet>
Value from_base64(const EvalOptions&) {
  return typed<Text>("from_base64", [](const Text& text) -> Result<Value> {
    auto bytes = decode_base64(text, alphabet);
    if (!bytes) return std::unexpected(bytes.error());
    return Value(std::shared_ptr<const List>(std::make_shared<Bytes>(*std::move(bytes))));
  });
}

template <Base64 alphabet>
Value to_base64(const EvalOptions&) {
  return typed<Text>("to_base64",
                     [](const Text& text) -> Result<Value> { return Value(encode_base64(text, alphabet)); });
}

Value url_encode(const EvalOptions&) {
  return typed<Text>("url_encode", [](const Text& text) -> Result<Value> { return Value(encode_url(text)); });
}

Value url_decode(const EvalOptions&) {
  return typed<Text>("url_decode", [](const Text& text) -> Result<Value> {
    auto plain = decode_url(text);
    if (!plain) return std::unexpected(plain.error());
    return Value(*std::move(plain));
  });
}

Value path_join(const EvalOptions&) {
  return make_function("path_join", [](const std::vector<Value>& arguments) -> CallResult {
    Texts parts;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      auto part = Codec<Text>::from_value(arguments[i]);
      if (!part) return argument_error(i, part.error());
      parts.push_back(*std::move(part));
    }
    return Value(join_path(parts));
  });
}

template <CallResult (*body)(const std::vector<Value>&)>
Value plain(const EvalOptions&) {
  return make_function("", body);
}

enum class Global { both, alloy_only, none };

struct Entry {
  std::string_view name;
  Global global;
  std::string_view space;       // Alloy's object that holds it; "" where there is none
  std::string_view space_name;  // the name inside that object
  std::string_view result;      // the type of what a call gives
  Value (*make)(const EvalOptions&);
};

constexpr std::array kEntries = {
    Entry{"constants", Global::both, "", "", "", constants},
    Entry{"env", Global::both, "sys", "env", "string", env},
    Entry{"nonsensitive", Global::both, "convert", "nonsensitive", "string", nonsensitive},
    Entry{"concat", Global::both, "array", "concat", "list(any)", plain<concat>},
    Entry{"", Global::none, "array", "combine_maps", "list(any)", plain<combine_maps>},
    Entry{"", Global::none, "array", "group_by", "list(any)", plain<group_by>},
    Entry{"coalesce", Global::both, "", "", "any", plain<coalesce>},
    Entry{"json_decode", Global::both, "encoding", "from_json", "any", json_decode},
    Entry{"json_path", Global::both, "", "", "list(any)", json_path},
    Entry{"yaml_decode", Global::alloy_only, "encoding", "from_yaml", "any", yaml_decode},
    Entry{"base64_decode", Global::alloy_only, "encoding", "from_base64", "any",
          from_base64<Base64::standard>},
    Entry{"", Global::none, "encoding", "from_URLbase64", "any", from_base64<Base64::url>},
    Entry{"", Global::none, "encoding", "to_base64", "string", to_base64<Base64::standard>},
    Entry{"", Global::none, "encoding", "to_URLbase64", "string", to_base64<Base64::url>},
    Entry{"", Global::none, "encoding", "to_json", "string", json_encode},
    Entry{"", Global::none, "encoding", "url_encode", "string", url_encode},
    Entry{"", Global::none, "encoding", "url_decode", "string", url_decode},
    Entry{"format", Global::both, "string", "format", "string", format},
    Entry{"join", Global::both, "string", "join", "string", join_list},
    Entry{"replace", Global::both, "string", "replace", "string", replace},
    Entry{"split", Global::both, "string", "split", "list(string)", split_text},
    Entry{"to_lower", Global::both, "string", "to_lower", "string", lower},
    Entry{"to_upper", Global::both, "string", "to_upper", "string", upper},
    Entry{"trim", Global::both, "string", "trim", "string", trim_set},
    Entry{"trim_prefix", Global::both, "string", "trim_prefix", "string", trim_prefix},
    Entry{"trim_suffix", Global::both, "string", "trim_suffix", "string", trim_suffix},
    Entry{"trim_space", Global::both, "string", "trim_space", "string", trim_blanks},
    Entry{"", Global::none, "file", "path_join", "string", path_join},
};

bool is_global(const Entry& entry, Dialect dialect) {
  switch (entry.global) {
    case Global::both: return true;
    case Global::alloy_only: return dialect == Dialect::alloy;
    case Global::none: return false;
  }
  return false;
}

}  // namespace

std::optional<Value> find_library(std::string_view name, const EvalOptions& options) {
  Value::Fields space;
  for (const Entry& entry : kEntries) {
    if (entry.name == name && is_global(entry, options.dialect)) return entry.make(options);
    bool is_member = options.dialect == Dialect::alloy && !name.empty() && entry.space == name;
    if (is_member) space.emplace_back(entry.space_name, entry.make(options));
  }
  if (space.empty()) return std::nullopt;
  return Value::object(std::move(space));
}

std::optional<Signature> find_signature(std::string_view spelled, Dialect dialect) {
  std::size_t dot = spelled.find('.');
  std::string_view space = dot == spelled.npos ? "" : spelled.substr(0, dot);
  std::string_view name = dot == spelled.npos ? spelled : spelled.substr(dot + 1);
  for (const Entry& entry : kEntries) {
    bool is_member =
        dialect == Dialect::alloy && !space.empty() && entry.space == space && entry.space_name == name;
    if (!is_member && !(space.empty() && entry.name == name && is_global(entry, dialect))) continue;
    auto function = entry.make({}).as_function();
    auto* library = dynamic_cast<const LibraryFunction*>(function.get());
    if (library) return Signature{library->parameters(), entry.result};
  }
  return std::nullopt;
}

std::vector<std::string_view> library_names(Dialect dialect) {
  std::vector<std::string_view> names;
  for (const Entry& entry : kEntries) {
    if (is_global(entry, dialect)) names.push_back(entry.name);
    bool is_new = dialect == Dialect::alloy && !entry.space.empty() &&
                  std::ranges::find(names, entry.space) == names.end();
    if (is_new) names.push_back(entry.space);
  }
  return names;
}

bool is_library_name(std::string_view name, Dialect dialect) {
  std::vector<std::string_view> names = library_names(dialect);
  return std::ranges::find(names, name) != names.end();
}

}  // namespace weir::lang
