#include <algorithm>
#include <span>
#include <string>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "lang/eval.h"
#include "lang/locate.h"
#include "lang/number.h"
#include "lang/text.h"
#include "lang/token.h"

namespace weir::lang::detail {
namespace {

// A few words are said all when none of them is near.
std::string suggestion(std::string_view word, const std::vector<std::string_view>& candidates) {
  constexpr std::size_t kFew = 8;
  std::string hint = did_you_mean_hint(word, candidates);
  if (!hint.empty() || candidates.empty() || candidates.size() > kFew) return hint;
  return fmt::format(" (there {} {})", candidates.size() == 1 ? "is" : "are", fmt::join(candidates, ", "));
}

// discovery.docker.linux.targets, in quotes by mistake.
bool looks_like_reference(std::string_view text) {
  bool is_dotted = text.find('.') != text.npos;
  for (std::size_t begin = 0; begin <= text.size();) {
    std::size_t end = std::min(text.find('.', begin), text.size());
    if (!is_identifier(text.substr(begin, end - begin))) return false;
    begin = end + 1;
  }
  return is_dotted;
}

std::optional<double> measure(const FieldSchema& schema, const Value& value) {
  if (value.type() == Type::number) return number_as_float(value);
  if (auto* text = value.as_string()) {
    if (schema.type != "duration") return static_cast<double>(text->size());
    auto duration = parse_duration(*text);
    if (!duration) return std::nullopt;
    return std::chrono::duration<double>(*duration).count();
  }
  if (auto list = value.as_list()) return static_cast<double>(list->size());
  return std::nullopt;
}

std::string limit_text(const FieldSchema& schema, const Value& value, double limit) {
  if (schema.type == "duration") {
    return format_duration(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(limit)));
  }
  std::string text = format_plain(limit);
  if (value.type() == Type::string) return text + (limit == 1 ? " byte" : " bytes");
  if (value.type() == Type::array) return text + (limit == 1 ? " element" : " elements");
  return schema.unit.empty() ? text : text + " " + schema.unit;
}

class BodyDecoder {
 public:
  BodyDecoder(const Table& table, const SourcePtr& source, const DecodeOptions& options,
              Diagnostics& diagnostics)
      : table_(table), source_(source), options_(options), diagnostics_(diagnostics) {}

  // False when there was an error.
  bool decode(void* object, const Body& body, Span at) {
    object_ = object;
    seen_.resize(table_.fields.size());
    for (const Statement& statement : body.statements) {
      if (auto* attribute = std::get_if<Attribute>(&statement)) {
        decode_attribute(*attribute);
      } else {
        decode_block(*std::get<const Block*>(statement));
      }
    }
    check_required(at);
    // What the types cannot say is judged on complete values only.
    if (!failed_ && !has_unknown_ && table_.check) check(body, at);
    return !failed_;
  }

  // The object holds everything else already.
  bool decode_again(void* object, std::span<const Attribute* const> attributes, const Body& body, Span at) {
    object_ = object;
    for (const Attribute* attribute : attributes) {
      std::size_t index = *find(attribute->name);
      assign(*attribute, table_.schema.fields[index], table_.fields[index]);
    }
    if (!failed_ && table_.check) check(body, at);
    return !failed_;
  }

  bool has_unknown() const { return has_unknown_; }

 private:
  void error(Span span, std::string message) {
    failed_ = true;
    diagnostics_.push_back({Severity::error, source_, span, std::move(message), {}});
  }

  void warn(Span span, std::string message) {
    diagnostics_.push_back({Severity::warning, source_, span, std::move(message), {}});
  }

  std::vector<std::string_view> names(bool of_blocks) const {
    std::vector<std::string_view> names;
    for (const FieldSchema& field : table_.schema.fields) {
      if ((field.body != nullptr) == of_blocks) names.push_back(field.name);
    }
    return names;
  }

  // The field's index, or why the name does not fit.
  std::optional<std::size_t> find(std::string_view name) const {
    for (std::size_t i = 0; i < table_.schema.fields.size(); ++i) {
      if (table_.schema.fields[i].name == name) return i;
    }
    return std::nullopt;
  }

  // The name that is near; else the block that has such an attribute; else all there are, when they are few.
  std::string attribute_hint(std::string_view name) {
    std::string meant = did_you_mean(name, names(false));
    if (auto index = find(meant); index && !meant.empty()) {
      meant_.insert(*index);
      return did_you_mean_hint(name, names(false));
    }
    for (const FieldSchema& field : table_.schema.fields) {
      const FieldSchema* inside = field.body ? field.body->find(name) : nullptr;
      if (inside && !inside->body) return fmt::format(": it belongs in a block, {} {{ … }}", field.name);
    }
    return suggestion(name, names(false));
  }

  // How the value would be written for the place, where that is only a matter of brackets or quotes.
  std::string form_hint(const Expr& expr, const FieldSchema& schema, const Value& value) const {
    // A hint would repeat what is secret.
    if (schema.type.contains("secret")) {
      return value.type() == Type::number ? ": write it in double quotes" : "";
    }
    bool wants_list = schema.type.starts_with("list(");
    auto* literal = std::get_if<Literal>(&expr.node);
    if (literal && literal->kind == Literal::Kind::string && schema.type.contains('(')) {
      std::string text = unquote(literal->text);
      if (looks_like_reference(text)) return fmt::format(": a reference stands without quotes, {}", text);
    }
    auto* array = std::get_if<ArrayExpr>(&expr.node);
    if (array && !wants_list && array->elements.size() == 1) {
      return fmt::format(": write {} without the brackets", source_->quotable(array->elements.front()->span));
    }
    bool is_one = wants_list && value.type() != Type::array;
    return is_one ? fmt::format(": write [{}]", source_->quotable(expr.span)) : "";
  }

  // Of what an error of the evaluation is about.
  void hide_text(Diagnostic& diagnostic) const {
    std::string_view text = source_->text(diagnostic.span);
    if (diagnostic.message.starts_with(text)) diagnostic.message.replace(0, text.size(), "value");
  }

  bool is_again(std::size_t field, Span name) {
    if (seen_[field]) return true;
    seen_[field] = name;
    return false;
  }

  void note_first(std::size_t field, std::string message) {
    diagnostics_.back().notes.push_back({source_, *seen_[field], std::move(message)});
  }

  void decode_attribute(const Attribute& attribute) {
    auto index = find(attribute.name);
    if (!index) {
      return error(attribute.name_span, fmt::format("unrecognized attribute name \"{}\"{}", attribute.name,
                                                    attribute_hint(attribute.name)));
    }
    const FieldSchema& schema = table_.schema.fields[*index];
    if (schema.body) {
      return error(attribute.span,
                   fmt::format("\"{0}\" must be a block, but is used as an attribute: write {0} {{ … }}",
                               attribute.name));
    }
    if (is_again(*index, attribute.name_span)) {
      error(attribute.span, fmt::format("attribute \"{}\" may only be provided once", attribute.name));
      return note_first(*index, "first given here");
    }
    if (!schema.no_effect.empty()) {
      warn(attribute.name_span, fmt::format("\"{}\" has no effect: {}", attribute.name, schema.no_effect));
    }
    if (options_.is_unknown && options_.is_unknown(attribute)) {
      has_unknown_ = true;
      return;
    }
    assign(attribute, schema, table_.fields[*index]);
  }

  void assign(const Attribute& attribute, const FieldSchema& schema, const TableField& field) {
    auto value = evaluate(*attribute.value, source_, options_.eval);
    if (!value) {
      failed_ = true;
      diagnostics_.push_back(std::move(value).error());
      if (schema.type.contains("secret")) hide_text(diagnostics_.back());
      auto* word = std::get_if<Identifier>(&attribute.value->node);
      if (word && schema.type == "string") {
        diagnostics_.back().message += fmt::format(" (text stands in double quotes: \"{}\")", word->name);
      }
      if (word && schema.type == "bool") diagnostics_.back().message += ": write true or false";
      return;
    }
    void* member = member_of(object_, field);
    if (auto wrong = field.attribute->assign(member, *value)) {
      Innermost place = innermost(*attribute.value, wrong->path);
      // The message goes to the log and to the page, the text of a secret does not.
      bool is_secret = schema.type.contains("secret");
      std::string_view shown = is_secret ? "value" : source_->quotable(place.expr->span);
      return error(place.expr->span, fmt::format("{}{} {}{}", shown, place.rest, wrong->message,
                                                 form_hint(*place.expr, schema, *value)));
    }
    if (!schema.minimum && !schema.maximum && schema.choices.empty()) return;
    Value converted = field.attribute->read(member);
    if (schema.minimum.value_or(0) >= 0 && (schema.minimum || schema.maximum) &&
        is_wrapped(*value, converted)) {
      return error(
          attribute.value->span,
          fmt::format("\"{}\" must be at least {}, got {}", attribute.name,
                      limit_text(schema, converted, schema.minimum.value_or(0)), describe(*value, 60)));
    }
    check_limits(attribute, schema, converted);
  }

  // A negative number that a member without a sign holds as a huge one.
  static bool is_wrapped(const Value& given, const Value& converted) {
    return given.type() == Type::number && converted.type() == Type::number && number_as_float(given) < 0 &&
           number_as_float(converted) > 0;
  }

  void check_limits(const Attribute& attribute, const FieldSchema& schema, const Value& value) {
    if (!schema.choices.empty()) check_choice(attribute, schema, value);
    auto measured = measure(schema, value);
    if (!measured) return;
    auto complain = [&](std::string_view relation, double limit) {
      std::string got = value.type() == Type::array ? fmt::format("{}", *measured) : describe(value, 60);
      error(attribute.value->span, fmt::format("\"{}\" must be {} {}, got {}", attribute.name, relation,
                                               limit_text(schema, value, limit), got));
    };
    if (schema.minimum && !(*measured >= *schema.minimum)) return complain("at least", *schema.minimum);
    if (schema.maximum && !(*measured <= *schema.maximum)) complain("at most", *schema.maximum);
  }

  void check_choice(const Attribute& attribute, const FieldSchema& schema, const Value& value) {
    auto list = value.as_list();
    for (std::size_t i = 0; i < (list ? list->size() : 1); ++i) {
      Value word = list ? list->at(i) : value;
      const std::string* text = word.as_string();
      if (!text || std::ranges::find(schema.choices, *text) != schema.choices.end()) continue;
      Span span =
          list ? innermost(*attribute.value, fmt::format("[{}]", i)).expr->span : attribute.value->span;
      std::vector<std::string_view> words(schema.choices.begin(), schema.choices.end());
      std::erase(words, "");  // may stand there, but nobody means it
      error(span,
            fmt::format("\"{}\" must be one of \"{}\", got {}{}", attribute.name, fmt::join(words, "\", \""),
                        describe(word, 60), did_you_mean_hint(*text, words)));
    }
  }

  void decode_block(const Block& block) {
    Span header{block.name_span.begin, block.open.end};
    auto index = find(block.name);
    if (!index) {
      return error(block.name_span, fmt::format("unrecognized block name \"{}\"{}", block.name,
                                                suggestion(block.name, names(true))));
    }
    const FieldSchema& schema = table_.schema.fields[*index];
    if (!schema.body) {
      return error(header, fmt::format("\"{0}\" must be an attribute, but is used as a block: write {0} = …",
                                       block.name));
    }
    const BlockOps& ops = *table_.fields[*index].block;
    bool is_first = !is_again(*index, block.name_span);
    if (!is_first && !ops.is_list) {
      error(header, fmt::format("block \"{}\" may only be specified once", block.name));
      return note_first(*index, "first given here");
    }
    if (schema.labelled && block.label.empty()) {
      return error(header, fmt::format("block \"{0}\" requires non-empty label: write {0} \"name\" {{ … }}",
                                       block.name));
    }
    if (!schema.labelled && !block.label.empty()) {
      return error(header, fmt::format("block \"{0}\" does not support specifying labels: write {0} {{ … }}",
                                       block.name));
    }
    if (!schema.no_effect.empty()) {
      warn(header, fmt::format("\"{}\" has no effect: {}", block.name, schema.no_effect));
    }
    // Defaults never mix with what is written.
    void* member = member_of(object_, table_.fields[*index]);
    if (is_first && ops.is_list) ops.clear(member);
    decode_nested(ops.table(), ops.add(member), block, header);
  }

  void decode_nested(const Table& table, void* element, const Block& block, Span header) {
    if (table.label_offset) {
      *reinterpret_cast<std::string*>(static_cast<std::byte*>(element) + *table.label_offset) = block.label;
    }
    if (table.use_dialect) table.use_dialect(element, options_.eval.dialect);
    BodyDecoder nested(table, source_, options_, diagnostics_);
    if (!nested.decode(element, block.body, header)) failed_ = true;
    has_unknown_ = has_unknown_ || nested.has_unknown();
  }

  void check_required(Span at) {
    for (std::size_t i = 0; i < table_.schema.fields.size(); ++i) {
      const FieldSchema& schema = table_.schema.fields[i];
      // One that was misspelt is there.
      if (!schema.required || seen_[i] || meant_.contains(i)) continue;
      std::string meaning = schema.type.empty() ? "" : fmt::format(" ({})", schema.type);
      error(at, fmt::format("missing required {} \"{}\"{}", schema.body ? "block" : "attribute", schema.name,
                            meaning));
    }
  }

  void check(const Body& body, Span at) {
    Problems problems;
    table_.check(object_, problems);
    for (const auto& problem : problems.all()) error(locate(body, at, problem.path), problem.message);
  }

  const Table& table_;
  const SourcePtr& source_;
  const DecodeOptions& options_;
  Diagnostics& diagnostics_;
  void* object_ = nullptr;
  std::vector<std::optional<Span>> seen_;  // by field, where it was first given
  std::unordered_set<std::size_t> meant_;  // fields that a misspelt name stands for
  bool failed_ = false;
  bool has_unknown_ = false;
};

}  // namespace

bool decode_body(const Table& table, void* object, const Body& body, Span at, const SourcePtr& source,
                 const DecodeOptions& options, Diagnostics& diagnostics) {
  return BodyDecoder(table, source, options, diagnostics).decode(object, body, at);
}

bool decode_body_again(const Table& table, void* object, std::span<const Attribute* const> attributes,
                       const Body& body, Span at, const SourcePtr& source, const DecodeOptions& options,
                       Diagnostics& diagnostics) {
  return BodyDecoder(table, source, options, diagnostics).decode_again(object, attributes, body, at);
}

}  // namespace weir::lang::detail
