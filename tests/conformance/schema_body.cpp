#include "tests/conformance/schema_body.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/conformance/typed_json.h"

namespace weir::lang::conformance {
namespace {

namespace json = boost::json;

// A body of any schema: its attributes and blocks by their place in the schema.
struct Node {
  std::string label;
  std::array<Value, 24> attributes;
  std::array<std::vector<Node>, 16> blocks;
  std::size_t order = 0;  // among all blocks of the text
};

template <class T>
constexpr detail::AttributeOps kOps = {
    .type = [] { return Codec<T>::type(); },
    .assign = [](void* member, const Value& value) -> std::optional<Mismatch> {
      auto converted = Codec<T>::from_value(value);
      if (!converted) return std::move(converted).error();
      *static_cast<Value*>(member) = Codec<T>::to_value(*converted);
      return std::nullopt;
    },
    .read = [](const void* member) -> Value { return *static_cast<const Value*>(member); },
};

using Text = std::string;
using Object = std::map<Text, Text>;
const std::map<std::string_view, const detail::AttributeOps*> kTypes = {
    {"any", &kOps<Value>},
    {"string", &kOps<Text>},
    {"int", &kOps<std::int64_t>},
    {"int8", &kOps<std::int64_t>},
    {"uint", &kOps<std::uint64_t>},
    {"uint8", &kOps<std::uint64_t>},
    {"float", &kOps<double>},
    {"bool", &kOps<bool>},
    {"duration", &kOps<Duration>},
    {"secret", &kOps<Secret>},
    {"strings", &kOps<std::vector<Text>>},
    {"ints", &kOps<std::vector<std::int64_t>>},
    {"optsecret", &kOps<OptionalSecret>},
    {"map", &kOps<Object>},
    {"map_any", &kOps<std::map<Text, Value>>},
    {"targets", &kOps<std::vector<Object>>},
    {"list_any", &kOps<std::vector<Value>>},
};

// A table's operations are functions without a context: each block of the schema takes a slot of its own.
constexpr std::size_t kSlots = 128;
std::array<const detail::Table*, kSlots> slots;
std::size_t blocks_added;

std::vector<Node>& nodes(void* member) {
  return *static_cast<std::vector<Node>*>(member);
}
const std::vector<Node>& nodes(const void* member) {
  return *static_cast<const std::vector<Node>*>(member);
}

template <std::size_t slot, bool is_list>
constexpr detail::BlockOps kBlock = {
    .table = []() -> const detail::Table& { return *slots[slot]; },
    .is_list = is_list,
    .may_be_absent = true,
    .count = [](const void* member) { return nodes(member).size(); },
    .at = [](const void* member, std::size_t index) -> const void* { return &nodes(member)[index]; },
    .clear = [](void* member) { nodes(member).clear(); },
    .add = [](void* member) -> void* {
      Node& node = nodes(member).emplace_back();
      node.order = blocks_added++;
      return &node;
    },
};

template <std::size_t... slot>
constexpr std::array<std::array<const detail::BlockOps*, 2>, kSlots> all_blocks(
    std::index_sequence<slot...>) {
  return {{{&kBlock<slot, false>, &kBlock<slot, true>}...}};
}
constexpr auto kBlocks = all_blocks(std::make_index_sequence<kSlots>());

std::string text(const json::value& value) {
  return std::string(value.as_string());
}

bool is_on(const json::object& object, std::string_view name) {
  const json::value* found = object.if_contains(name);
  return found && found->is_bool() && found->get_bool();
}

const json::array& list(const json::object& object, std::string_view name) {
  static const json::array none;
  const json::value* found = object.if_contains(name);
  return found && found->is_array() ? found->get_array() : none;
}

// The blocks of a schema, those of enums too, with what each is.
struct BlockRow {
  std::string name;  // "stage.json"
  std::string mode;  // "one", "list", "two", "enum"
  std::string short_name;
  bool required;
  const json::object& schema;
};

std::vector<BlockRow> block_rows(const json::object& schema) {
  std::vector<BlockRow> rows;
  for (const json::value& one : list(schema, "blocks")) {
    const json::object& block = one.as_object();
    std::string name = text(block.at("name"));
    rows.push_back({name, text(block.at("mode")), name, is_on(block, "req"), block.at("schema").as_object()});
  }
  for (const json::value& one : list(schema, "enums")) {
    std::string prefix = text(one.at("name")) + ".";
    for (const json::value& block : one.at("blocks").as_array()) {
      std::string name = text(block.at("name"));
      rows.push_back({prefix + name, "enum", name, false, block.at("schema").as_object()});
    }
  }
  return rows;
}

class SchemaTables {
 public:
  const detail::Table& add(const json::object& schema) {
    detail::Table& table = tables_.emplace_back();
    table.label_offset =
        is_on(schema, "label") ? std::optional(lang::detail::offset_of(sample_, &Node::label)) : std::nullopt;
    std::size_t index = 0;
    for (const json::value& attribute : list(schema, "attrs")) {
      const json::array& row = attribute.as_array();
      const detail::AttributeOps* ops = kTypes.at(std::string_view(row[1].as_string()));
      table.schema.fields.push_back(
          {.name = text(row[0]), .required = row[2].as_bool(), .type = ops->type()});
      table.fields.push_back({.offset = place(&sample_.attributes.at(index++)), .attribute = ops});
    }
    index = 0;
    for (const BlockRow& row : block_rows(schema)) add_block(table, row, index++);
    return table;
  }

 private:
  void add_block(detail::Table& table, const BlockRow& row, std::size_t index) {
    std::size_t slot = used_++;
    const detail::Table& nested = add(row.schema);
    slots.at(slot) = &nested;
    bool is_list = row.mode != "one";
    table.schema.fields.push_back({.name = row.name,
                                   .kind = is_list ? FieldKind::block_list : FieldKind::block,
                                   .required = row.required,
                                   .labelled = nested.label_offset.has_value(),
                                   .body = &nested.schema});
    table.fields.push_back({.offset = place(&sample_.blocks.at(index)), .block = kBlocks.at(slot)[is_list]});
  }

  std::size_t place(const void* member) const {
    return static_cast<std::size_t>(static_cast<const std::byte*>(member) -
                                    reinterpret_cast<const std::byte*>(&sample_));
  }

  Node sample_;
  std::deque<detail::Table> tables_;  // their addresses are kept
  std::size_t used_ = 0;
};

json::object body_json(const Node& node, const json::object& schema);

// Blocks of the modes that make an array.
json::array array_json(const std::vector<Node>& nodes, const BlockRow& row) {
  json::array elements;
  for (const Node& node : nodes) elements.push_back(body_json(node, row.schema));
  // An array of fixed length has its zero values.
  while (row.mode == "two" && elements.size() < 2) elements.push_back(body_json({}, row.schema));
  return elements;
}

json::object body_json(const Node& node, const json::object& schema) {
  json::object object;
  if (is_on(schema, "label")) object["#label"] = node.label;
  std::size_t index = 0;
  for (const json::value& attribute : list(schema, "attrs")) {
    const json::array& row = attribute.as_array();
    object[row[0].as_string()] = *typed_json(node.attributes[index++], std::string_view(row[1].as_string()));
  }
  std::map<std::string, std::map<std::size_t, json::array>> enums;
  for (const json::value& one : list(schema, "enums")) enums[text(one.at("name"))];
  index = 0;
  for (const BlockRow& row : block_rows(schema)) {
    const std::vector<Node>& nodes = node.blocks[index++];
    if (row.mode == "one") {
      object[row.name] = nodes.empty() ? json::value() : body_json(nodes[0], row.schema);
    } else if (row.mode != "enum") {
      object[row.name] = array_json(nodes, row);
    } else {
      std::string name = row.name.substr(0, row.name.size() - row.short_name.size() - 1);
      for (const Node& one : nodes) {
        enums[name].emplace(one.order, json::array{row.short_name, body_json(one, row.schema)});
      }
    }
  }
  for (auto& [name, ordered] : enums) {
    json::array elements;
    for (auto& [order, element] : ordered) elements.push_back(std::move(element));
    object[name] = std::move(elements);
  }
  return object;
}

// What the product's tables cannot say: a block that stands exactly twice.
void check_counts(const Body& body, const Node& node, const json::object& schema, const SourcePtr& source,
                  Diagnostics& errors) {
  std::size_t index = 0;
  for (const BlockRow& row : block_rows(schema)) {
    const std::vector<Node>& nodes = node.blocks[index++];
    std::vector<const Block*> blocks;
    for (const Statement& statement : body.statements) {
      auto* block = std::get_if<const Block*>(&statement);
      if (block && (*block)->name == row.name) blocks.push_back(*block);
    }
    if (row.mode == "two" && !blocks.empty() && blocks.size() != 2) {
      std::string message = "block \"" + row.name +
                            "\" must be specified exactly 2 times, but was specified " +
                            std::to_string(blocks.size()) + " times";
      errors.push_back({Severity::error, source, blocks[0]->span, std::move(message), {}});
    }
    for (std::size_t i = 0; i < std::min(blocks.size(), nodes.size()); ++i) {
      check_counts(blocks[i]->body, nodes[i], row.schema, source, errors);
    }
  }
}

}  // namespace

std::expected<json::object, Diagnostics> decode_body(const File& file, const json::object& schema,
                                                     const EvalOptions& options) {
  SchemaTables tables;
  const detail::Table& table = tables.add(schema);
  Node root;
  Diagnostics diagnostics;
  DecodeOptions decode_options{.eval = options, .is_unknown = {}};
  // What the document lacks is missing at its end.
  auto end = static_cast<std::uint32_t>(file.source->text().size());
  bool is_whole =
      detail::decode_body(table, &root, file.body, {end, end}, file.source, decode_options, diagnostics);
  check_counts(file.body, root, schema, file.source, diagnostics);
  if (!is_whole || has_errors(diagnostics)) return std::unexpected(std::move(diagnostics));
  return body_json(root, schema);
}

}  // namespace weir::lang::conformance
