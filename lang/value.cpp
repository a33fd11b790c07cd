#include "lang/value.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "lang/number.h"

namespace weir::lang {
namespace {

class Elements final : public List {
 public:
  explicit Elements(std::vector<Value> elements) : elements_(std::move(elements)) {}

  std::size_t size() const override { return elements_.size(); }
  Value at(std::size_t index) const override { return elements_[index]; }

 private:
  std::vector<Value> elements_;
};

class SortedFields final : public Map {
 public:
  explicit SortedFields(Value::Fields fields) {
    std::map<std::string, Value> sorted;
    for (auto& [key, value] : fields) sorted.insert_or_assign(std::move(key), std::move(value));
    fields_.reserve(sorted.size());
    while (!sorted.empty()) {
      auto node = sorted.extract(sorted.begin());
      fields_.emplace_back(std::move(node.key()), std::move(node.mapped()));
    }
  }

  std::size_t size() const override { return fields_.size(); }
  std::optional<Value> find(std::string_view key) const override {
    auto it = std::lower_bound(fields_.begin(), fields_.end(), key,
                               [](const auto& field, std::string_view k) { return field.first < k; });
    if (it == fields_.end() || it->first != key) return std::nullopt;
    return it->second;
  }
  void visit(const std::function<void(std::string_view, const Value&)>& each) const override {
    for (const auto& [key, value] : fields_) each(key, value);
  }

 private:
  Value::Fields fields_;
};

class OrderedFields final : public Map {
 public:
  explicit OrderedFields(Value::Fields fields) {
    bool is_large = fields.size() > kFew;
    fields_.reserve(fields.size());
    for (auto& [key, value] : fields) {
      std::size_t known = place_of(key);
      if (known < fields_.size()) {
        fields_[known].second = std::move(value);
        continue;
      }
      if (is_large) index_.emplace(key, fields_.size());
      fields_.emplace_back(std::move(key), std::move(value));
    }
  }

  std::size_t size() const override { return fields_.size(); }
  std::optional<Value> find(std::string_view key) const override {
    std::size_t place = place_of(key);
    if (place == fields_.size()) return std::nullopt;
    return fields_[place].second;
  }
  void visit(const std::function<void(std::string_view, const Value&)>& each) const override {
    for (const auto& [key, value] : fields_) each(key, value);
  }
  bool ordered() const override { return true; }

 private:
  // Fewer are found sooner by looking at them.
  static constexpr std::size_t kFew = 8;

  // Their number: there is none of that name.
  std::size_t place_of(std::string_view key) const {
    if (index_.empty()) {
      auto it = std::ranges::find(fields_, key, &Value::Fields::value_type::first);
      return static_cast<std::size_t>(it - fields_.begin());
    }
    auto it = index_.find(std::string(key));
    return it == index_.end() ? fields_.size() : it->second;
  }

  Value::Fields fields_;
  std::unordered_map<std::string, std::size_t> index_;  // empty: there are few
};

// The wider kind decides; uint with int is compared as signed.
bool equal_numbers(const Value& a, const Value& b) {
  if (a.as_float() || b.as_float()) return number_as_float(a) == number_as_float(b);
  return number_as_uint(a) == number_as_uint(b);
}

bool equal_lists(const List& a, const List& b) {
  if (&a == &b) return true;
  if (a.size() != b.size()) return false;
  if (auto known = a.equals(b)) return *known;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!(a.at(i) == b.at(i))) return false;
  }
  return true;
}

bool equal_maps(const Map& a, const Map& b) {
  if (&a == &b) return true;
  if (a.size() != b.size()) return false;
  if (auto known = a.equals(b)) return *known;
  bool equal = true;
  a.visit([&](std::string_view key, const Value& value) {
    if (!equal) return;
    auto other = b.find(key);
    equal = other && value == *other;
  });
  return equal;
}

bool equal_capsules(const Value& a, const Value& b) {
  if (a.as_secret() && b.as_secret()) return *a.as_secret() == *b.as_secret();
  if (a.as_optional_secret() && b.as_optional_secret()) {
    return *a.as_optional_secret() == *b.as_optional_secret();
  }
  auto left = a.as_capsule(), right = b.as_capsule();
  if (!left || !right) return false;
  return left == right || left->equals(*right);
}

}  // namespace

std::string_view to_string(Type type) {
  switch (type) {
    case Type::null: return "null";
    case Type::number: return "number";
    case Type::string: return "string";
    case Type::boolean: return "bool";
    case Type::array: return "array";
    case Type::object: return "object";
    case Type::function: return "function";
    case Type::capsule: return "capsule";
  }
  return "";
}

Value::Value(std::string value) : data_(std::make_shared<const std::string>(std::move(value))) {}
Value::Value(Secret value) : data_(std::make_shared<const Secret>(std::move(value))) {}
Value::Value(OptionalSecret value) : data_(std::make_shared<const OptionalSecret>(std::move(value))) {}
Value::Value(DurationText value) : data_(std::make_shared<const DurationText>(std::move(value))) {}

Value Value::array(std::vector<Value> elements) {
  return Value(std::shared_ptr<const List>(std::make_shared<Elements>(std::move(elements))));
}

Value Value::object(Fields fields) {
  return Value(std::shared_ptr<const Map>(std::make_shared<SortedFields>(std::move(fields))));
}

Value Value::ordered_object(Fields fields) {
  return Value(std::shared_ptr<const Map>(std::make_shared<OrderedFields>(std::move(fields))));
}

Type Value::type() const {
  if (is_null()) return Type::null;
  if (as_bool()) return Type::boolean;
  if (as_int() || as_uint() || as_float()) return Type::number;
  if (as_string()) return Type::string;
  if (std::holds_alternative<std::shared_ptr<const List>>(data_)) return Type::array;
  if (std::holds_alternative<std::shared_ptr<const Map>>(data_)) return Type::object;
  if (std::holds_alternative<std::shared_ptr<const Function>>(data_)) return Type::function;
  return Type::capsule;
}

bool operator==(const Value& a, const Value& b) {
  Type type = a.type();
  if (type != b.type()) return false;
  switch (type) {
    case Type::null: return true;
    case Type::boolean: return *a.as_bool() == *b.as_bool();
    case Type::number: return equal_numbers(a, b);
    case Type::string: return *a.as_string() == *b.as_string();
    case Type::array: return equal_lists(*a.as_list(), *b.as_list());
    case Type::object: return equal_maps(*a.as_map(), *b.as_map());
    case Type::function: return false;
    case Type::capsule: return equal_capsules(a, b);
  }
  return false;
}

}  // namespace weir::lang
