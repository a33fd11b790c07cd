// Field tables: a struct declares its fields once, and everything reads that
// table: decoding, defaults, validation with "did you mean", reference pages,
// the page's labels, completion.
//
//   struct Arguments {
//     std::vector<Endpoint> endpoints;
//     Duration interval = std::chrono::seconds(15);
//
//     static constexpr auto fields() {
//       return std::tuple{
//           lang::block("endpoint", &Arguments::endpoints, "Where to send profiles."),
//           lang::optional("interval", &Arguments::interval, "Pause between two rounds.").at_least(1e-3),
//       };
//     }
//     void check(lang::Problems& problems) const;   // optional: what the types cannot say
//     bool operator==(const Arguments&) const = default;
//   };
//
// A default is what a default-constructed struct holds; there is no second place.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "base/duration.h"
#include "lang/codec.h"
#include "lang/value.h"

namespace weir::lang {

// ---- what a table looks like to its readers (pages, validation, completion) ----

enum class FieldKind { attribute, block, block_list };

struct BodySchema;

struct FieldSchema {
  std::string name;
  FieldKind kind = FieldKind::attribute;
  bool required = false;
  std::string type;          // "duration", "list(map(string))", "capsule(ProfilesReceiver)"; for blocks ""
  std::string default_text;  // as one would write it; "" when required or nothing worth saying
  std::string doc;           // one sentence
  std::string unit;          // "", "Hz", "bytes"
  std::vector<std::string> choices;
  std::optional<double> minimum, maximum;  // numbers as they are, durations in seconds
  std::string no_effect;                   // not empty: accepted with one warning that says this
  bool labelled = false;                   // a block with a label
  const BodySchema* body = nullptr;        // of a block
};

struct BodySchema {
  std::vector<FieldSchema> fields;

  const FieldSchema* find(std::string_view name) const;
};

// ---- a field ----

template <class Owner, class T>
struct Field {
  std::string_view name;
  T Owner::* member;
  std::string_view doc;
  FieldKind kind = FieldKind::attribute;
  bool required = false;
  std::string_view unit_text = {};
  std::string_view no_effect_text = {};
  std::string_view choices_text = {};  // "none|simplified|full"
  std::optional<double> minimum = {}, maximum = {};

  constexpr Field unit(std::string_view text) const {
    Field f = *this;
    f.unit_text = text;
    return f;
  }
  // Numbers as they are; durations in seconds; lists and strings by length.
  constexpr Field at_least(double limit) const {
    Field f = *this;
    f.minimum = limit;
    return f;
  }
  constexpr Field at_most(double limit) const {
    Field f = *this;
    f.maximum = limit;
    return f;
  }
  // Words separated by "|"; the default must be among them.
  constexpr Field one_of(std::string_view words) const {
    Field f = *this;
    f.choices_text = words;
    return f;
  }
  // Accepted, without effect here: one warning says why.
  constexpr Field without_effect(std::string_view why) const {
    Field f = *this;
    f.no_effect_text = why;
    return f;
  }
};

template <class Owner, class T>
constexpr Field<Owner, T> required(std::string_view name, T Owner::* member, std::string_view doc) {
  return {.name = name, .member = member, .doc = doc, .required = true};
}

template <class Owner, class T>
constexpr Field<Owner, T> optional(std::string_view name, T Owner::* member, std::string_view doc) {
  return {.name = name, .member = member, .doc = doc};
}

// The member's type says how often: T or std::optional<T> at most once,
// std::vector<T> any number. T has fields() of its own; a T with a member
// `std::string block_label` takes a label.
template <class Owner, class T>
constexpr Field<Owner, T> block(std::string_view name, T Owner::* member, std::string_view doc) {
  return {.name = name, .member = member, .doc = doc, .kind = FieldKind::block};
}

template <class Owner, class T>
constexpr Field<Owner, T> required_block(std::string_view name, T Owner::* member, std::string_view doc) {
  return {.name = name, .member = member, .doc = doc, .kind = FieldKind::block, .required = true};
}

// No fields at all: `using Exports = lang::Nothing;`
struct Nothing {
  static constexpr auto fields() { return std::tuple{}; }
  bool operator==(const Nothing&) const = default;
};

// ---- what a struct's own check() reports to ----

// Paths name the field as it is written: "url", "rule[2].regex",
// "endpoint[0].basic_auth.password".
class Problems {
 public:
  struct Problem {
    std::string path;
    std::string message;
  };

  void add(std::string path, std::string message);
  const std::vector<Problem>& all() const { return all_; }

  // While set, prefixes every path; used for nested blocks.
  class Scope;
  Scope enter(std::string prefix);

 private:
  std::vector<Problem> all_;
  std::string prefix_;
};

class Problems::Scope {
 public:
  Scope(Problems& problems, std::string prefix);
  ~Scope();
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

 private:
  Problems& problems_;
  std::string previous_;
};

// ---- a struct's body as values, for pages and for the API ----

struct BodyValue;

struct StatementValue {
  std::string name;
  std::string label;                      // of a block
  Value value;                            // of an attribute
  std::shared_ptr<const BodyValue> body;  // of a block; null for an attribute
  bool is_default = false;
};

struct BodyValue {
  std::vector<StatementValue> statements;
};

// The table of T, made at first use and kept.
template <class T>
const BodySchema& schema();

// T as an object value, in declaration order (exports).
template <class T>
Value to_object(const T& value);

// T as a body, with what is at its default marked (arguments, debug info).
template <class T>
BodyValue to_body(const T& value);

}  // namespace weir::lang

#include "lang/field_impl.h"
