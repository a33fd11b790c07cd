#include "web/value_json.h"

#include <algorithm>
#include <string>

#include <fmt/core.h>

#include "base/utf8.h"
#include "lang/hide.h"
#include "lang/secret_places.h"

namespace weir::web {
namespace {

constexpr std::size_t kObjectLimit = 500;
constexpr int kDepthLimit = 32;
constexpr std::string_view kSecret = "(secret)";

struct Manner {
  std::string_view view = {};  // of the rest of a list
  std::size_t text_limit = kTextLimit;
  const Hides& hides;
  bool is_hidden = false;  // all of it but names and headers known to be harmless
  int depth = 0;
};

void write(JsonWriter& json, const lang::Value& value, const Manner& manner);

bool is_hidden_by(const Hides& hides, std::string_view name) {
  return hides && hides(name);
}

void write_typed(JsonWriter& json, std::string_view type, std::string_view text,
                 std::size_t limit = kTextLimit) {
  json.begin_object().member("type", type);
  if (text.size() > limit) {
    json.member("length", text.size());
    text = text.substr(0, utf8_floor(text, limit));
  }
  json.member("value", text).end_object();
}

void write_list(JsonWriter& json, const lang::List& list, const Manner& manner) {
  json.begin_object().member("type", "array");
  std::size_t shown = std::min(list.size(), manner.depth > kDepthLimit ? 0 : kListLimit);
  if (shown < list.size()) {
    json.member("length", list.size());
    if (!manner.view.empty() && !manner.is_hidden) json.member("view", manner.view);
  }
  Manner inner{.text_limit = kItemTextLimit,
               .hides = manner.hides,
               .is_hidden = manner.is_hidden,
               .depth = manner.depth + 1};
  json.key("value").begin_array();
  for (std::size_t i = 0; i < shown; ++i) write(json, list.at(i), inner);
  json.end_array().end_object();
}

void write_map(JsonWriter& json, const lang::Map& map, const Manner& manner) {
  json.begin_object().member("type", "object");
  std::size_t shown = std::min(map.size(), manner.depth > kDepthLimit ? 0 : kObjectLimit);
  if (shown < map.size()) json.member("length", map.size());
  Manner inner{.text_limit = manner.text_limit, .hides = manner.hides, .depth = manner.depth + 1};
  json.key("value").begin_array();
  std::size_t index = 0;
  map.visit([&](std::string_view key, const lang::Value& value) {
    if (index++ >= shown) return;
    inner.is_hidden = manner.is_hidden ? !lang::is_plain_header(key) : is_hidden_by(manner.hides, key);
    json.begin_object().member("key", key).key("value");
    write(json, value, inner);
    json.end_object();
  });
  json.end_array().end_object();
}

bool write_number(JsonWriter& json, const lang::Value& value) {
  const auto* i = value.as_int();
  const auto* u = value.as_uint();
  const auto* f = value.as_float();
  if (!i && !u && !f) return false;
  json.begin_object().member("type", "number").key("value");
  if (i)
    json.value(*i);
  else if (u)
    json.value(*u);
  else
    json.value(*f);
  json.end_object();
  return true;
}

void write_string(JsonWriter& json, std::string_view text, std::size_t limit) {
  if (text.contains("://"))
    write_typed(json, "string", lang::without_url_secrets(text), limit);
  else
    write_typed(json, "string", text, limit);
}

bool write_text(JsonWriter& json, const lang::Value& value, std::size_t limit) {
  if (const auto* text = value.as_string()) {
    write_string(json, *text, limit);
    return true;
  }
  if (value.as_secret()) {
    write_typed(json, "capsule", kSecret);
    return true;
  }
  if (const auto* text = value.as_optional_secret()) {
    if (text->is_secret)
      write_typed(json, "capsule", kSecret);
    else
      write_string(json, text->text, limit);
    return true;
  }
  return false;
}

bool is_list_or_map(const lang::Value& value) {
  return value.as_list() || value.as_map();
}

void write(JsonWriter& json, const lang::Value& value, const Manner& manner) {
  if (manner.is_hidden && !value.is_null() && !is_list_or_map(value)) {
    write_typed(json, "capsule", kSecret);
    return;
  }
  if (write_text(json, value, manner.text_limit) || write_number(json, value)) return;
  if (const auto* yes = value.as_bool()) {
    json.begin_object().member("type", "bool").member("value", *yes).end_object();
  } else if (auto list = value.as_list()) {
    write_list(json, *list, manner);
  } else if (auto map = value.as_map()) {
    write_map(json, *map, manner);
  } else if (auto capsule = value.as_capsule()) {
    write_typed(json, "capsule", fmt::format("capsule(\"{}\")", capsule->type_name()));
  } else if (auto function = value.as_function()) {
    write_typed(json, "function", fmt::format("function(\"{}\")", function->name()));
  } else {
    json.begin_object().member("type", "null").key("value").null().end_object();
  }
}

void write_notes(JsonWriter& json, const lang::FieldSchema& field) {
  if (!field.doc.empty()) json.member("doc", field.doc);
  if (!field.unit.empty()) json.member("unit", field.unit);
  if (!field.no_effect.empty()) json.member("noEffect", field.no_effect);
}

std::string view_of(const BodyStyle& style, std::string_view name) {
  return style.view_prefix.empty() ? std::string() : fmt::format("{}.{}", style.view_prefix, name);
}

void write_body_at(JsonWriter& json, const lang::BodyValue& body, const BodyStyle& style, int depth);

void write_statement(JsonWriter& json, const lang::StatementValue& statement, const BodyStyle& style,
                     int depth) {
  bool marks = style.defaults == BodyStyle::Defaults::marked;
  const auto* field = style.schema ? style.schema->find(statement.name) : nullptr;
  json.begin_object().member("name", statement.name);
  json.member("type", statement.body ? "block" : "attr");
  if (marks && statement.is_default) json.member("default", true);
  if (marks && field) write_notes(json, *field);
  if (statement.body) {
    if (!statement.label.empty()) json.member("label", statement.label);
    BodyStyle inner = style;
    inner.schema = field ? field->body : nullptr;
    inner.view_prefix = {};
    json.key("body");
    write_body_at(json, *statement.body, inner, depth + 1);
  } else {
    json.key("value");
    std::string view = view_of(style, statement.name);
    write(json, statement.value,
          {.view = view,
           .hides = style.hides,
           .is_hidden = is_hidden_by(style.hides, statement.name),
           .depth = depth + 1});
  }
  json.end_object();
}

void write_body_at(JsonWriter& json, const lang::BodyValue& body, const BodyStyle& style, int depth) {
  json.begin_array();
  for (const auto& statement : body.statements) {
    if (depth > kDepthLimit) break;
    if (statement.is_default && style.defaults == BodyStyle::Defaults::left_out) continue;
    write_statement(json, statement, style, depth);
  }
  json.end_array();
}

}  // namespace

void write_value(JsonWriter& json, const lang::Value& value, std::size_t text_limit, const Hides& hides) {
  write(json, value, {.text_limit = text_limit, .hides = hides});
}

void write_body(JsonWriter& json, const lang::BodyValue& body, const BodyStyle& style) {
  write_body_at(json, body, style, 0);
}

void write_exports(JsonWriter& json, const lang::Value& exports, const BodyStyle& style) {
  json.begin_array();
  if (auto map = exports.as_map()) {
    map->visit([&](std::string_view name, const lang::Value& value) {
      lang::StatementValue statement;
      statement.name = name;
      statement.value = value;
      write_statement(json, statement, style, 0);
    });
  }
  json.end_array();
}

}  // namespace weir::web
