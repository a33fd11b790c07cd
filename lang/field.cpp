#include "lang/field.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace weir::lang {
namespace {

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  if (text.empty()) return words;
  for (std::size_t begin = 0;;) {
    std::size_t end = text.find('|', begin);
    words.emplace_back(text.substr(begin, end - begin));
    if (end == std::string_view::npos) return words;
    begin = end + 1;
  }
}

bool is_worth_saying(const Value& value) {
  switch (value.type()) {
    case Type::null:
    case Type::function:
    case Type::capsule: return false;
    case Type::string: return !value.as_string()->empty();
    case Type::array: return value.as_list()->size() > 0;
    case Type::object: return value.as_map()->size() > 0;
    default: return true;
  }
}

const std::string& label_of(const detail::Table& table, const void* object) {
  return *reinterpret_cast<const std::string*>(static_cast<const std::byte*>(object) + *table.label_offset);
}

// A block as a field of its owner's object: a list of labelled blocks is an object keyed by label.
Value block_value(const detail::BlockOps& ops, const void* member) {
  const detail::Table& table = ops.table();
  std::size_t count = ops.count(member);
  if (table.label_offset) {
    Value::Fields by_label;
    for (std::size_t i = 0; i < count; ++i) {
      const void* element = ops.at(member, i);
      by_label.emplace_back(label_of(table, element), detail::to_object(table, element));
    }
    return Value::object(std::move(by_label));
  }
  if (!ops.is_list) return count > 0 ? detail::to_object(table, ops.at(member, 0)) : Value();
  std::vector<Value> elements;
  for (std::size_t i = 0; i < count; ++i) elements.push_back(detail::to_object(table, ops.at(member, i)));
  return Value::array(std::move(elements));
}

bool is_all_default(const BodyValue& body) {
  return std::ranges::all_of(body.statements, &StatementValue::is_default);
}

void append_blocks(BodyValue& body, const std::string& name, const detail::BlockOps& ops, const void* member,
                   const void* default_member) {
  const detail::Table& table = ops.table();
  for (std::size_t i = 0; i < ops.count(member); ++i) {
    // A block that is always there is compared with what its owner's default holds, others with their own.
    const void* defaults = ops.may_be_absent ? table.defaults.get() : default_member;
    const void* element = ops.at(member, i);
    auto nested = std::make_shared<BodyValue>(detail::to_body(table, element, defaults));
    StatementValue statement{.name = name};
    if (table.label_offset) statement.label = label_of(table, element);
    statement.is_default = !ops.may_be_absent && is_all_default(*nested);
    statement.body = std::move(nested);
    body.statements.push_back(std::move(statement));
  }
}

}  // namespace

const FieldSchema* BodySchema::find(std::string_view name) const {
  auto it = std::ranges::find(fields, name, &FieldSchema::name);
  return it == fields.end() ? nullptr : &*it;
}

void Problems::add(std::string path, std::string message) {
  if (!prefix_.empty()) path = path.empty() ? prefix_ : prefix_ + "." + path;
  all_.push_back({std::move(path), std::move(message)});
}

Problems::Scope Problems::enter(std::string prefix) {
  return Scope(*this, std::move(prefix));
}

Problems::Scope::Scope(Problems& problems, std::string prefix)
    : problems_(problems), previous_(problems.prefix_) {
  problems_.prefix_ = previous_.empty() ? std::move(prefix) : previous_ + "." + prefix;
}

Problems::Scope::~Scope() {
  problems_.prefix_ = std::move(previous_);
}

namespace detail {

void add_field(Table& table, const FieldFacts& facts, const TableField& field) {
  FieldSchema schema{.name = std::string(facts.name),
                     .required = facts.required,
                     .doc = std::string(facts.doc),
                     .unit = std::string(facts.unit),
                     .choices = split_words(facts.choices),
                     .minimum = facts.minimum,
                     .maximum = facts.maximum,
                     .no_effect = std::string(facts.no_effect)};
  if (field.block) {
    const Table& nested = field.block->table();
    schema.kind = field.block->is_list ? FieldKind::block_list : FieldKind::block;
    schema.labelled = nested.label_offset.has_value();
    schema.body = &nested.schema;
  } else {
    schema.type = field.attribute->type();
    Value value = field.attribute->read(member_of(table.defaults.get(), field));
    if (!facts.required && is_worth_saying(value)) schema.default_text = describe(value);
  }
  table.schema.fields.push_back(std::move(schema));
  table.fields.push_back(field);
}

Value to_object(const Table& table, const void* object) {
  Value::Fields fields;
  for (std::size_t i = 0; i < table.fields.size(); ++i) {
    const TableField& field = table.fields[i];
    const void* member = member_of(object, field);
    fields.emplace_back(table.schema.fields[i].name,
                        field.block ? block_value(*field.block, member) : field.attribute->read(member));
  }
  return Value::ordered_object(std::move(fields));
}

BodyValue to_body(const Table& table, const void* object, const void* defaults) {
  BodyValue body;
  for (std::size_t i = 0; i < table.fields.size(); ++i) {
    const FieldSchema& schema = table.schema.fields[i];
    const TableField& field = table.fields[i];
    const void* member = member_of(object, field);
    const void* default_member = member_of(defaults, field);
    if (field.block) {
      append_blocks(body, schema.name, *field.block, member, default_member);
      continue;
    }
    Value value = field.attribute->read(member);
    bool is_default = !schema.required && value == field.attribute->read(default_member);
    body.statements.push_back({.name = schema.name, .value = std::move(value), .is_default = is_default});
  }
  return body;
}

}  // namespace detail
}  // namespace weir::lang
