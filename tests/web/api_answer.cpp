#include "tests/web/api_answer.h"

#include <ranges>

#include <fmt/format.h>

namespace weir::web::testing {
namespace {

using boost::json::value;

// The shape that has the field, from `shape` on to those it is like.
std::pair<const AnswerShape*, const AnswerField*> find_field(const AnswerShape& shape,
                                                             std::string_view name) {
  for (const AnswerShape* at = &shape; at; at = at->like.empty() ? nullptr : find_answer_shape(at->like)) {
    auto field = std::ranges::find(at->fields, name, &AnswerField::name);
    if (field != at->fields.end()) return {at, &*field};
  }
  return {nullptr, nullptr};
}

bool is_of(const value& answer, std::string_view type) {
  if (type == "string") return answer.is_string();
  if (type == "integer") return answer.is_int64() || answer.is_uint64();
  if (type == "number") return answer.is_number();
  if (type == "boolean") return answer.is_bool();
  return type == "any";
}

bool has_word(std::string_view words, std::string_view word) {
  return std::ranges::any_of(words | std::views::split('|'),
                             [&](auto one) { return std::string_view(one.begin(), one.end()) == word; });
}

// Of a Value, its "value".
std::string_view inner_type(const boost::json::object& object) {
  if (object.at("type") == "array") return "[Value]";
  return object.at("type") == "object" ? "[Entry]" : "any";
}

std::string number_text(const value& number) {
  return number.is_double() ? fmt::format("{}", number.get_double()) : boost::json::serialize(number);
}

std::string in_a_line(const value& answer) {
  std::string out;
  auto separate = [&] { out += out.size() > 1 ? ", " : ""; };
  if (const auto* object = answer.if_object()) {
    out = "{";
    for (const auto& [name, member] : *object) {
      separate();
      out += fmt::format("{}: {}", boost::json::serialize(value(name)), in_a_line(member));
    }
    return out + "}";
  }
  if (const auto* array = answer.if_array()) {
    out = "[";
    for (const auto& item : *array) {
      separate();
      out += in_a_line(item);
    }
    return out + "]";
  }
  return answer.is_number() ? number_text(answer) : boost::json::serialize(answer);
}

// Of objects in a list: those behind them are much the same.
std::size_t shown_of(const boost::json::array& list) {
  constexpr std::size_t kMost = 3, kOfMany = 2;
  bool is_long = list.size() > kMost && list.front().is_object();
  return is_long ? kOfMany : list.size();
}

std::string in_lines(const value& answer, std::size_t indent) {
  constexpr std::size_t kWidth = 116;
  std::string line = in_a_line(answer);
  bool is_flat = !answer.is_object() && !answer.is_array();
  if (is_flat || indent + line.size() <= kWidth) return line;
  const std::string blank(indent + 2, ' ');
  std::string out = answer.is_object() ? "{\n" : "[\n";
  std::size_t left = answer.is_object() ? answer.get_object().size() : answer.get_array().size();
  auto add = [&](const std::string& name, const value& member) {
    out += blank + name + in_lines(member, indent + 2) + (--left > 0 ? ",\n" : "\n");
  };
  if (const auto* object = answer.if_object()) {
    for (const auto& [name, member] : *object) add(boost::json::serialize(value(name)) + ": ", member);
  } else {
    const auto& list = answer.get_array();
    std::size_t shown = shown_of(list);
    for (std::size_t i = 0; i < shown; ++i) add("", list[i]);
    if (shown < list.size()) out += fmt::format("{}… {} more\n", blank, list.size() - shown);
  }
  return out + std::string(indent, ' ') + (answer.is_object() ? "}" : "]");
}

}  // namespace

void AnswerCheck::check(const value& answer, std::string_view type, const std::string& where) {
  std::string_view inner = type.substr(1, type.size() - 2);
  if (type.starts_with('[')) {
    if (!answer.is_array()) return problems_.push_back(where + " is no list");
    for (const auto& item : answer.get_array()) check(item, inner, where + "[]");
  } else if (type.starts_with('{')) {
    if (!answer.is_object()) return problems_.push_back(where + " is no object");
    for (const auto& [name, member] : answer.get_object())
      check(member, inner, where + "." + std::string(name));
  } else if (const AnswerShape* shape = find_answer_shape(type)) {
    if (!answer.is_object()) return problems_.push_back(where + " is no object");
    check_object(answer.get_object(), *shape, where);
  } else if (!is_of(answer, type)) {
    problems_.push_back(fmt::format("{} is no {}: {}", where, type, boost::json::serialize(answer)));
  }
}

void AnswerCheck::check_object(const boost::json::object& object, const AnswerShape& shape,
                               const std::string& where) {
  for (const auto& [name, member] : object) {
    auto [owner, field] = find_field(shape, name);
    if (!field) {
      problems_.push_back(
          fmt::format("{}: {} has no field {} in the table", where, shape.name, std::string(name)));
      continue;
    }
    seen_.insert(fmt::format("{}.{}", owner->name, field->name));
    check_field(member, shape, *field, where + "." + std::string(name));
    if (shape.name == "Value" && field->name == "value") check(member, inner_type(object), where + ".value");
  }
  for (const AnswerShape* at = &shape; at; at = at->like.empty() ? nullptr : find_answer_shape(at->like)) {
    for (const AnswerField& field : at->fields) {
      if (field.absent.empty() && !object.contains(field.name))
        problems_.push_back(fmt::format("{}: {}.{} is absent", where, at->name, field.name));
    }
  }
}

void AnswerCheck::check_field(const value& member, const AnswerShape& shape, const AnswerField& field,
                              const std::string& where) {
  check(member, field.type, where);
  if (field.words.empty() || !member.is_string() || has_word(field.words, member.get_string())) return;
  problems_.push_back(fmt::format("{}: {}.{} is none of {}: {}", where, shape.name, field.name, field.words,
                                  in_a_line(member)));
}

std::vector<std::string> AnswerCheck::unseen() const {
  std::vector<std::string> missing;
  for (const AnswerShape& shape : answer_shapes()) {
    for (const AnswerField& field : shape.fields) {
      std::string name = fmt::format("{}.{}", shape.name, field.name);
      if (!seen_.contains(name)) missing.push_back(name);
    }
  }
  return missing;
}

std::string pretty(const value& answer) {
  return in_lines(answer, 0) + "\n";
}

}  // namespace weir::web::testing
