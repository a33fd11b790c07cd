#include "tests/conformance/tree.h"

#include <cstdio>
#include <string_view>

#include "lang/text.h"

namespace weir::lang::conformance {
namespace {

// As Go's JSON encoder writes strings.
std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (std::size_t at = 0; at < text.size();) {
    Rune rune = decode_rune(text, at);
    std::string_view bytes = text.substr(at, rune.size);
    at += rune.size;
    bool escaped = rune.code < ' ' || rune.code == '<' || rune.code == '>' || rune.code == '&' ||
                   rune.code == 0x2028 || rune.code == 0x2029;
    if (rune.code == '"' || rune.code == '\\') {
      (out += '\\') += bytes;
    } else if (rune.code == '\n' || rune.code == '\r' || rune.code == '\t') {
      out += rune.code == '\n' ? "\\n" : rune.code == '\r' ? "\\r" : "\\t";
    } else if (rune.code == '\b' || rune.code == '\f') {
      out += rune.code == '\b' ? "\\b" : "\\f";
    } else if (!rune.valid) {
      out += "\\ufffd";
    } else if (escaped) {
      char buffer[8];
      std::snprintf(buffer, sizeof buffer, "\\u%04x", static_cast<unsigned>(rune.code));
      out += buffer;
    } else {
      out += bytes;
    }
  }
  return out += '"';
}

class TreeWriter {
 public:
  TreeWriter(const Source& source, Places places) : source_(source), places_(places) {}

  void body(const Body& body) {
    for (const Statement& statement : body.statements) {
      out_ += ' ';
      if (auto* attribute = std::get_if<Attribute>(&statement)) {
        out_ += "(attr " + place(attribute->name_span) + " " + std::string(attribute->name) + " ";
        expr(*attribute->value);
      } else {
        const Block& block = *std::get<const Block*>(statement);
        out_ += "(block " + place(block.name_span) + " " + std::string(block.name) + " " +
                json_string(block.label);
        this->body(block.body);
      }
      out_ += ')';
    }
  }

  void expr(const Expr& expr) {
    out_ += '(';
    std::visit([&](const auto& node) { write(node); }, expr.node);
    out_ += ')';
  }

  std::string take() { return std::move(out_); }

 private:
  std::string place(Span span) const {
    if (places_ == Places::left_out) return "-";
    Position position = source_.position(span.begin);
    return std::to_string(position.line) + ":" + std::to_string(position.column);
  }

  void write(const Literal& literal) {
    constexpr std::string_view kKinds[] = {"number", "float", "string", "bool", "null"};
    (out_ += kKinds[static_cast<std::size_t>(literal.kind)]) += ' ';
    out_ += json_string(literal.text);
  }
  void write(const Identifier& identifier) { (out_ += "id ") += identifier.name; }
  void write(const ArrayExpr& array) {
    out_ += "array";
    all(array.elements);
  }
  void write(const ObjectExpr& object) {
    out_ += "object";
    for (const ObjectField& field : object.fields) {
      out_ += field.quoted ? " (q " : " (i ";
      out_ += json_string(field.name) + " ";
      expr(*field.value);
      out_ += ')';
    }
  }
  void write(const AccessExpr& access) {
    out_ += ". ";
    expr(*access.object);
    (out_ += ' ') += access.name;
  }
  void write(const IndexExpr& index) {
    out_ += "[] ";
    expr(*index.object);
    out_ += ' ';
    expr(*index.index);
  }
  void write(const CallExpr& call) {
    out_ += "call ";
    expr(*call.function);
    all(call.arguments);
  }
  void write(const UnaryExpr& unary) {
    (out_ += 'u') += to_string(unary.op);
    out_ += ' ';
    expr(*unary.operand);
  }
  void write(const BinaryExpr& binary) {
    out_ += to_string(binary.op);
    out_ += ' ';
    expr(*binary.left);
    out_ += ' ';
    expr(*binary.right);
  }
  void write(const ParenExpr& paren) {
    out_ += "paren ";
    expr(*paren.inner);
  }

  void all(Exprs exprs) {
    for (const Expr* each : exprs) {
      out_ += ' ';
      expr(*each);
    }
  }

  const Source& source_;
  Places places_;
  std::string out_;
};

}  // namespace

std::string write_tree(const lang::File& file, Places places) {
  TreeWriter writer(*file.source, places);
  writer.body(file.body);
  return "(file" + writer.take() + ")";
}

}  // namespace weir::lang::conformance
