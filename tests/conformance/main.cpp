// conformance KIND: answers conformance cases, one JSON object per line, from standard input on standard
// output. KIND is tokens, parse, fmt, eval, decode, demangle or relabel. tests/conformance/check.py feeds it
// and judges the answers.
#include <cstdio>
#include <iostream>
#include <map>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "lang/eval.h"
#include "lang/lexer.h"
#include "lang/locate.h"
#include "lang/parser.h"
#include "lang/printer.h"
#include "lang/strings.h"
#include "lang/text.h"
#include "profiler/symbols/demangle.h"
#include "tests/components/relabel_rows.h"
#include "tests/conformance/schema_body.h"
#include "tests/conformance/tree.h"
#include "tests/conformance/typed_json.h"

namespace json = boost::json;

namespace weir::lang {
namespace {

using conformance::base64_decode;

json::array error_list(const Diagnostics& diagnostics) {
  json::array errors;
  for (const Diagnostic& diagnostic : diagnostics) {
    Position position = diagnostic.source ? diagnostic.source->position(diagnostic.span.begin) : Position{};
    errors.push_back(json::array{position.line, position.column, diagnostic.message});
  }
  return errors;
}

json::object refusal(const Diagnostics& diagnostics, std::string_view phase) {
  return {{"ok", false}, {"errs", error_list(diagnostics)}, {"phase", json::string(phase)}};
}

bool has_text(TokenKind kind) {
  return kind >= TokenKind::identifier && kind <= TokenKind::string;
}

json::object answer_tokens(const SourcePtr& source) {
  Tokens tokens = lex(source);
  if (!tokens.errors.empty()) return refusal(tokens.errors, "parse");
  json::array list;
  for (const Token& token : tokens.tokens) {
    Position position = source->position(token.span.begin);
    std::string text;
    if (has_text(token.kind)) text = source->text(token.span);
    if (token.kind == TokenKind::comment) text = comment_text(source->text(token.span));
    list.push_back(json::array{json::string(to_string(token.kind)), position.line, position.column, text});
  }
  return {{"ok", true}, {"toks", std::move(list)}};
}

json::object answer_parse(const SourcePtr& source) {
  auto file = parse(source);
  if (!file) return refusal(file.error(), "parse");
  return {{"ok", true}, {"ast", conformance::write_tree(*file)}};
}

json::object answer_fmt(const SourcePtr& source) {
  auto text = print_standard(source);
  if (!text) return refusal(text.error(), "parse");
  return {{"ok", true}, {"out", *text}};
}

class MapScope final : public Scope {
 public:
  explicit MapScope(const json::object& variables) {
    for (const auto& variable : variables) {
      values_.emplace(std::string(variable.key()), conformance::value_of(variable.value()));
    }
  }
  std::optional<Value> find(std::string_view name) const override {
    auto it = values_.find(name);
    if (it == values_.end()) return std::nullopt;
    return it->second;
  }

 private:
  std::map<std::string, Value, std::less<>> values_;
};

// The variables, the environment and the dialect that a case brings along.
class CaseWorld {
 public:
  explicit CaseWorld(const json::object& request)
      : scope_(member(request, "scope")), variables_(member(request, "env")) {
    options_.scope = &scope_;
    options_.env = [this](std::string_view name) -> std::string {
      const json::value* found = variables_.if_contains(name);
      return found ? std::string(found->as_string()) : "";
    };
    auto* dialect = request.if_contains("d");
    if (dialect && *dialect == "alloy") options_.dialect = Dialect::alloy;
  }

  const EvalOptions& options() const { return options_; }

 private:
  static json::object member(const json::object& request, std::string_view name) {
    const json::value* found = request.if_contains(name);
    return found && found->is_object() ? found->get_object() : json::object();
  }

  MapScope scope_;
  json::object variables_;
  EvalOptions options_;
};

json::object answer_decode(const SourcePtr& source, const json::object& request) {
  auto file = parse(source);
  if (!file) return refusal(file.error(), "parse");
  CaseWorld world(request);
  auto value = conformance::decode_body(*file, request.at("schema").as_object(), world.options());
  if (!value) return refusal(value.error(), "eval");
  return {{"ok", true}, {"val", *std::move(value)}};
}

json::object answer_eval(const SourcePtr& source, const json::object& request) {
  auto expr = parse_expression(source);
  if (!expr) return refusal(expr.error(), "parse");
  CaseWorld world(request);
  auto value = evaluate(*expr->root, source, world.options());
  if (!value) return refusal({value.error()}, "eval");
  std::string_view as = "any";
  if (auto* wanted = request.if_contains("as")) as = wanted->as_string();
  auto typed = conformance::typed_json(*value, as);
  if (!typed) {
    Innermost place = innermost(*expr->root, typed.error().path);
    return refusal({{Severity::error, source, place.expr->span, typed.error().message, {}}}, "eval");
  }
  return {{"ok", true}, {"val", *std::move(typed)}};
}

// How the name is shown with each setting of pyroscope.ebpf's `demangle`.
json::object answer_demangle(const json::object& request) {
  using profiler::Demangle;
  std::string_view name = request.at("name").as_string();
  return {{"none", profiler::demangle(name, Demangle::none)},
          {"simplified", profiler::demangle(name, Demangle::simplified)},
          {"templates", profiler::demangle(name, Demangle::templates)},
          {"full", profiler::demangle(name, Demangle::full)}};
}

// Readers may take the line separators of Unicode for ends of lines.
std::string one_line_json(const json::object& object) {
  std::string text = replace_all(json::serialize(object), "\u2028", "\\u2028");
  return replace_all(replace_all(text, "\u2029", "\\u2029"), "\u0085", "\\u0085");
}

json::object answer(std::string_view kind, const json::object& request) {
  if (kind == "demangle") return answer_demangle(request);
  if (kind == "relabel") return tests::answer_relabel_case(request);
  std::string text;
  if (auto* plain = request.if_contains("src")) text = plain->as_string();
  if (auto* encoded = request.if_contains("src64")) text = base64_decode(encoded->as_string());
  SourcePtr source = Source::make("input", std::move(text));
  if (kind == "tokens") return answer_tokens(source);
  if (kind == "parse") return answer_parse(source);
  if (kind == "fmt") return answer_fmt(source);
  if (kind == "decode") return answer_decode(source, request);
  if (kind == "eval") return answer_eval(source, request);
  return {{"ok", false}, {"errs", json::array{json::array{0, 0, "not implemented"}}}};
}

}  // namespace
}  // namespace weir::lang

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: conformance tokens|parse|fmt|eval|decode|demangle|relabel < CASES\n", stderr);
    return 2;
  }
  std::string line;
  while (std::getline(std::cin, line)) {
    json::value request = json::parse(line);
    json::object reply = weir::lang::answer(argv[1], request.as_object());
    reply["id"] = request.at("id");
    std::cout << weir::lang::one_line_json(reply) << '\n';
  }
  return 0;
}
