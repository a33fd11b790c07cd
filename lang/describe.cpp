#include "lang/number.h"
#include "lang/text.h"
#include "lang/value.h"

namespace weir::lang {
namespace {

// Writes a value until the limit is passed; what follows need not be visited.
class Describer {
 public:
  explicit Describer(std::size_t limit) : limit_(limit) {}

  void write(const Value& value) {
    if (full()) return;
    switch (value.type()) {
      case Type::null: out_ += "null"; return;
      case Type::boolean: out_ += *value.as_bool() ? "true" : "false"; return;
      case Type::number: out_ += number_text(value); return;
      case Type::string: write_string(*value.as_string()); return;
      case Type::array: write_list(*value.as_list()); return;
      case Type::object: write_map(*value.as_map()); return;
      case Type::function: out_ += "function"; return;
      case Type::capsule: write_capsule(value); return;
    }
  }

  std::string take() {
    if (out_.size() <= limit_) return std::move(out_);
    constexpr std::string_view kMore = "…";
    if (limit_ < kMore.size()) return out_.substr(0, 0);
    out_.resize(utf8_floor(out_, limit_ - kMore.size()));
    return out_.append(kMore);
  }

 private:
  bool full() const { return out_.size() > limit_; }

  void write_string(std::string_view text) { out_ += quote(text.substr(0, utf8_floor(text, limit_ + 1))); }

  void write_list(const List& list) {
    out_ += '[';
    for (std::size_t i = 0; i < list.size() && !full(); ++i) {
      if (i > 0) out_ += ", ";
      write(list.at(i));
    }
    out_ += ']';
  }

  void write_map(const Map& map) {
    out_ += '{';
    bool first = true;
    map.visit([&](std::string_view key, const Value& value) {
      if (full()) return;
      if (!first) out_ += ", ";
      first = false;
      out_ += is_identifier(key) ? std::string(key) : quote(key);
      out_ += " = ";
      write(value);
    });
    out_ += '}';
  }

  void write_capsule(const Value& value) {
    if (value.as_secret()) {
      out_ += "(secret)";
    } else if (auto* optional = value.as_optional_secret()) {
      if (optional->is_secret) {
        out_ += "(secret)";
      } else {
        write_string(optional->text);
      }
    } else {
      auto capsule = value.as_capsule();
      out_ += "capsule(\"";
      out_ += capsule ? capsule->type_name() : "nothing";
      out_ += "\")";
    }
  }

  std::size_t limit_;
  std::string out_;
};

}  // namespace

std::string describe(const Value& value, std::size_t limit) {
  Describer describer(limit);
  describer.write(value);
  return describer.take();
}

}  // namespace weir::lang
