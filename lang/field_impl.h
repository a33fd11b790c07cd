// Behind field.h: a struct's table with the types erased, so that one decoder serves every struct.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "lang/codec.h"
#include "lang/field.h"
#include "lang/source.h"

namespace weir::lang::detail {

// What can be done with an attribute's member.
struct AttributeOps {
  std::string (*type)();
  std::optional<Mismatch> (*assign)(void* member, const Value& value);
  Value (*read)(const void* member);
};

struct Table;

// What can be done with a block's member: T, std::optional<T> or std::vector<T>.
struct BlockOps {
  const Table& (*table)();
  bool is_list;
  bool may_be_absent;
  std::size_t (*count)(const void* member);
  const void* (*at)(const void* member, std::size_t index);
  void (*clear)(void* member);  // lists only
  void* (*add)(void* member);   // a T with T's own defaults
};

struct TableField {
  std::size_t offset = 0;
  const AttributeOps* attribute = nullptr;
  const BlockOps* block = nullptr;
};

struct Table {
  BodySchema schema;
  std::vector<TableField> fields;  // as in schema.fields
  std::shared_ptr<const void> defaults;
  void (*check)(const void* object, Problems& problems) = nullptr;
  void (*use_dialect)(void* object, Dialect dialect) = nullptr;
  std::optional<std::size_t> label_offset;  // of block_label
};

// The facts of a Field, without its types.
struct FieldFacts {
  std::string_view name, doc, unit, no_effect, choices;
  bool required;
  std::optional<double> minimum, maximum;
};
void add_field(Table& table, const FieldFacts& facts, const TableField& field);
Value to_object(const Table& table, const void* object);
BodyValue to_body(const Table& table, const void* object, const void* defaults);

inline void* member_of(void* object, const TableField& field) {
  return static_cast<std::byte*>(object) + field.offset;
}
inline const void* member_of(const void* object, const TableField& field) {
  return static_cast<const std::byte*>(object) + field.offset;
}

template <class T>
const Table& table();

template <class T>
concept HasFields = requires { T::fields(); };

template <class T>
inline constexpr AttributeOps kAttributeOps = {
    .type = [] { return Codec<T>::type(); },
    .assign = [](void* member, const Value& value) -> std::optional<Mismatch> {
      auto converted = Codec<T>::from_value(value);
      if (!converted) return std::move(converted).error();
      *static_cast<T*>(member) = *std::move(converted);
      return std::nullopt;
    },
    .read = [](const void* member) -> Value { return Codec<T>::to_value(*static_cast<const T*>(member)); },
};

template <class T>
struct BlockMember {
  using Element = T;
  static constexpr BlockOps kOps = {
      .table = table<T>,
      .is_list = false,
      .may_be_absent = false,
      .count = [](const void*) -> std::size_t { return 1; },
      .at = [](const void* member, std::size_t) { return member; },
      .clear = nullptr,
      .add = [](void* member) -> void* {
        *static_cast<T*>(member) = T{};
        return member;
      },
  };
};

template <class T>
struct BlockMember<std::optional<T>> {
  using Element = T;
  using Member = std::optional<T>;
  static constexpr BlockOps kOps = {
      .table = table<T>,
      .is_list = false,
      .may_be_absent = true,
      .count = [](const void* member) -> std::size_t {
        return static_cast<const Member*>(member)->has_value();
      },
      .at = [](const void* member, std::size_t) -> const void* {
        return &**static_cast<const Member*>(member);
      },
      .clear = nullptr,
      .add = [](void* member) -> void* { return &static_cast<Member*>(member)->emplace(); },
  };
};

template <class T>
struct BlockMember<std::vector<T>> {
  using Element = T;
  using Member = std::vector<T>;
  static constexpr BlockOps kOps = {
      .table = table<T>,
      .is_list = true,
      .may_be_absent = true,
      .count = [](const void* member) { return static_cast<const Member*>(member)->size(); },
      .at = [](const void* member, std::size_t index) -> const void* {
        return &(*static_cast<const Member*>(member))[index];
      },
      .clear = [](void* member) { static_cast<Member*>(member)->clear(); },
      .add = [](void* member) -> void* { return &static_cast<Member*>(member)->emplace_back(); },
  };
};

template <class T, class M>
std::size_t offset_of(const T& object, M T::* member) {
  auto* base = reinterpret_cast<const std::byte*>(std::addressof(object));
  return static_cast<std::size_t>(reinterpret_cast<const std::byte*>(std::addressof(object.*member)) - base);
}

template <class T, class M>
void add_field_of(Table& table, const T& object, const Field<T, M>& field) {
  TableField erased{.offset = offset_of(object, field.member)};
  if constexpr (HasFields<typename BlockMember<M>::Element>) {
    erased.block = &BlockMember<M>::kOps;
  } else {
    erased.attribute = &kAttributeOps<M>;
  }
  add_field(table,
            {.name = field.name,
             .doc = field.doc,
             .unit = field.unit_text,
             .no_effect = field.no_effect_text,
             .choices = field.choices_text,
             .required = field.required,
             .minimum = field.minimum,
             .maximum = field.maximum},
            erased);
}

template <class T>
Table make_table() {
  Table table;
  auto defaults = std::make_shared<const T>();
  table.defaults = defaults;
  std::apply([&](const auto&... field) { (add_field_of(table, *defaults, field), ...); }, T::fields());
  if constexpr (requires(const T& object, Problems& problems) { object.check(problems); }) {
    table.check = [](const void* object, Problems& problems) {
      static_cast<const T*>(object)->check(problems);
    };
  }
  if constexpr (requires(T& object) { object.use_dialect(Dialect::river); }) {
    table.use_dialect = [](void* object, Dialect dialect) { static_cast<T*>(object)->use_dialect(dialect); };
  }
  if constexpr (requires(T& object) { object.block_label = std::string(); }) {
    table.label_offset = offset_of(*defaults, &T::block_label);
  }
  return table;
}

template <class T>
const Table& table() {
  static const Table made = make_table<T>();
  return made;
}

}  // namespace weir::lang::detail

namespace weir::lang {

template <class T>
const BodySchema& schema() {
  return detail::table<T>().schema;
}

template <class T>
Value to_object(const T& value) {
  return detail::to_object(detail::table<T>(), &value);
}

template <class T>
BodyValue to_body(const T& value) {
  const detail::Table& table = detail::table<T>();
  return detail::to_body(table, &value, table.defaults.get());
}

}  // namespace weir::lang
