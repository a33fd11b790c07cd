// Value: what an expression evaluates to. Immutable and cheap to copy: big
// things are shared by pointer, and equality starts with identity.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/duration.h"
#include "base/result.h"

namespace weir::lang {

class Value;

enum class Type { null, number, string, boolean, array, object, function, capsule };
std::string_view to_string(Type type);  // the words of error messages: "null", "number", "bool", …

// An array. Components bring their own (a target list), so that a list of
// 100,000 targets passes through the language as one pointer.
class List {
 public:
  virtual ~List() = default;
  virtual std::size_t size() const = 0;
  virtual Value at(std::size_t index) const = 0;
  // Quicker than element by element, where the list knows how; nullopt: compare the elements.
  virtual std::optional<bool> equals(const List&) const { return std::nullopt; }
};

// An object.
class Map {
 public:
  virtual ~Map() = default;
  virtual std::size_t size() const = 0;
  virtual std::optional<Value> find(std::string_view key) const = 0;
  // In declaration order when ordered(), else sorted by key.
  virtual void visit(const std::function<void(std::string_view key, const Value&)>& each) const = 0;
  virtual bool ordered() const { return false; }
  virtual std::optional<bool> equals(const Map&) const { return std::nullopt; }
};

// A thing the language only hands around: a receiver, for one.
class Capsule {
 public:
  virtual ~Capsule() = default;
  virtual std::string_view type_name() const = 0;  // "ProfilesReceiver"
  virtual bool equals(const Capsule& other) const { return this == &other; }
};

class Function {
 public:
  virtual ~Function() = default;
  virtual std::string_view name() const = 0;
  virtual Result<Value> call(const std::vector<Value>& arguments) const = 0;
};

// Text that no page, log or error may show.
struct Secret {
  std::string text;
  bool operator==(const Secret&) const = default;
};

// Text that may or may not be secret (local.file's content, for one).
struct OptionalSecret {
  std::string text;
  bool is_secret = false;
  bool operator==(const OptionalSecret&) const = default;
};

// The text of a duration: a string to every operator, but no secret can be made of it.
struct DurationText {
  std::string text;
};

class Value {
 public:
  using Fields = std::vector<std::pair<std::string, Value>>;

  Value() = default;  // null
  Value(bool value) : data_(value) {}
  Value(int value) : data_(std::int64_t{value}) {}
  Value(std::int64_t value) : data_(value) {}
  Value(std::uint64_t value) : data_(value) {}
  Value(double value) : data_(value) {}
  Value(const char* value) : Value(std::string(value)) {}
  Value(std::string_view value) : Value(std::string(value)) {}
  Value(std::string value);
  Value(Secret value);
  Value(OptionalSecret value);
  Value(DurationText value);
  Value(std::shared_ptr<const List> value) : data_(std::move(value)) {}
  Value(std::shared_ptr<const Map> value) : data_(std::move(value)) {}
  Value(std::shared_ptr<const Capsule> value) : data_(std::move(value)) {}
  Value(std::shared_ptr<const Function> value) : data_(std::move(value)) {}
  static Value array(std::vector<Value> elements);
  // Later duplicates win. Unordered objects are shown sorted by key.
  static Value object(Fields fields);
  static Value ordered_object(Fields fields);

  Type type() const;
  bool is_null() const { return std::holds_alternative<std::monostate>(data_); }

  // Null when the value is something else.
  const bool* as_bool() const { return std::get_if<bool>(&data_); }
  const std::int64_t* as_int() const { return std::get_if<std::int64_t>(&data_); }
  const std::uint64_t* as_uint() const { return std::get_if<std::uint64_t>(&data_); }
  const double* as_float() const { return std::get_if<double>(&data_); }
  // Of a duration too.
  const std::string* as_string() const {
    auto* duration = as_duration();
    return duration ? &duration->text : pointee<std::string>();
  }
  const DurationText* as_duration() const { return pointee<DurationText>(); }
  const Secret* as_secret() const { return pointee<Secret>(); }
  const OptionalSecret* as_optional_secret() const { return pointee<OptionalSecret>(); }
  std::shared_ptr<const List> as_list() const { return shared<List>(); }
  std::shared_ptr<const Map> as_map() const { return shared<Map>(); }
  std::shared_ptr<const Capsule> as_capsule() const { return shared<Capsule>(); }
  std::shared_ptr<const Function> as_function() const { return shared<Function>(); }

  // Deep, over receivers too (those by identity). Section 4.3 of the language.
  friend bool operator==(const Value& a, const Value& b);

 private:
  template <class T>
  const T* pointee() const {
    auto* p = std::get_if<std::shared_ptr<const T>>(&data_);
    return p ? p->get() : nullptr;
  }
  template <class T>
  std::shared_ptr<const T> shared() const {
    auto* p = std::get_if<std::shared_ptr<const T>>(&data_);
    return p ? *p : nullptr;
  }

  std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::shared_ptr<const std::string>,
               std::shared_ptr<const Secret>, std::shared_ptr<const OptionalSecret>,
               std::shared_ptr<const List>, std::shared_ptr<const Map>, std::shared_ptr<const Function>,
               std::shared_ptr<const Capsule>, std::shared_ptr<const DurationText>>
      data_;
};

// For people: strings quoted, secrets as (secret), at most `limit` bytes.
std::string describe(const Value& value, std::size_t limit = 200);

}  // namespace weir::lang
