#include "components/discovery/target_groups.h"

#include <string>
#include <utility>

#include <fmt/core.h>

#include "base/utf8.h"
#include "components/discovery/target_count.h"
#include "components/json_reader.h"
#include "components/yaml_reader.h"

namespace weir::discovery {
namespace {

namespace json = boost::json;

constexpr std::string_view kWhat = "the list of targets";
constexpr std::size_t kMostJsonMemory = 512u << 20;

struct Group {
  std::vector<std::string> targets;
  std::vector<Target::Label> labels;
};

class Collector {
 public:
  explicit Collector(const Target::Label& origin) : origin_(origin) {}

  Result<> add(const Group& group) {
    for (const auto& [name, value] : group.labels) {
      if (name.empty()) return fail("a label has no name");
    }
    // Every target carries every label of its group.
    std::size_t label_bytes = label_bytes_of(group.labels);
    for (const auto& address : group.targets) {
      if (!count_.add(1, label_bytes + address.size())) return fail("there are {}", count_.too_much());
      std::vector<Target::Label> labels = group.labels;
      labels.push_back(origin_);
      labels.emplace_back("__address__", address);
      targets_.push_back(Target::make(std::move(labels)));
    }
    return {};
  }
  std::vector<TargetPtr> take() { return std::move(targets_); }

 private:
  const Target::Label& origin_;
  std::vector<TargetPtr> targets_;
  TargetCount count_;
};

std::string in_quotes(std::string_view key) {
  return fmt::format("\"{}\"", key.substr(0, utf8_floor(key, 100)));
}

// ---- JSON ----

Result<> read_targets(const json::value& value, Group& group) {
  if (value.is_null()) return {};
  if (!value.is_array()) return fail("targets is not a list");
  for (const auto& address : value.get_array()) {
    if (!address.is_string()) return fail("a target is not a string: write \"host:port\"");
    group.targets.emplace_back(address.get_string());
  }
  return {};
}

Result<> read_labels(const json::value& value, Group& group) {
  if (value.is_null()) return {};
  if (!value.is_object()) return fail("labels is not an object");
  for (const auto& [name, text] : value.get_object()) {
    if (!text.is_string()) return fail("the value of label {} is not a string", in_quotes(name));
    group.labels.emplace_back(name, text.get_string());
  }
  return {};
}

Result<Group> read_group(const json::value& value) {
  if (!value.is_object()) return fail("it is not an object with targets and labels");
  Group group;
  for (const auto& [key, field] : value.get_object()) {
    bool is_known = key == "targets" || key == "labels";
    if (!is_known) return fail("it has {}; a group has targets and labels", in_quotes(key));
    Result<> read = key == "targets" ? read_targets(field, group) : read_labels(field, group);
    if (!read) return std::unexpected(read.error());
  }
  return group;
}

// ---- YAML ----

Result<> read_targets(YamlWalk& walk, const YamlNode& node, Group& group) {
  if (node.kind == YamlNode::Kind::null) return {};
  if (node.kind != YamlNode::Kind::list) return fail("targets is not a list");
  return walk.each_item(node, [&](const YamlNode& address) -> Result<> {
    if (address.kind != YamlNode::Kind::text) {
      return fail("line {}: a target is not a text: write host:port", address.line);
    }
    group.targets.push_back(utf8_text(address.text));
    return {};
  });
}

Result<> read_labels(YamlWalk& walk, const YamlNode& node, Group& group) {
  if (node.kind == YamlNode::Kind::null) return {};
  if (node.kind != YamlNode::Kind::map) return fail("labels is not a map");
  return walk.each_field(node, [&](const std::string& name, const YamlNode& value) -> Result<> {
    bool is_text = value.kind == YamlNode::Kind::text || value.kind == YamlNode::Kind::null;
    if (!is_text) return fail("line {}: the value of label {} is not a text", value.line, in_quotes(name));
    group.labels.emplace_back(utf8_text(name), utf8_text(value.text));
    return {};
  });
}

Result<Group> read_group(YamlWalk& walk, const YamlNode& node) {
  if (node.kind != YamlNode::Kind::map) return fail("it is not a map with targets and labels");
  Group group;
  Result<> read = walk.each_field(node, [&](const std::string& key, const YamlNode& field) -> Result<> {
    if (key == "targets") {
      group.targets.clear();
      return read_targets(walk, field, group);
    }
    if (key == "labels") {
      group.labels.clear();
      return read_labels(walk, field, group);
    }
    return fail("line {}: it has {}; a group has targets and labels", field.line, in_quotes(key));
  });
  if (!read) return std::unexpected(read.error());
  return group;
}

// ---- both ----

template <class List, class Read>
Result<std::vector<TargetPtr>> collect(const List& list, const Target::Label& origin, Read read) {
  Collector collector(origin);
  std::size_t number = 0;
  for (const auto& item : list) {
    ++number;
    Result<Group> group = read(item);
    Result<> added = group ? collector.add(*group) : std::unexpected(group.error());
    if (!added) return fail("group {} of {}: {}", number, kWhat, added.error().message);
  }
  return collector.take();
}

Result<std::vector<TargetPtr>> from_json(std::string_view text, const Target::Label& origin) {
  if (text.size() > kMostGroupBytes || json_bytes(text) > kMostJsonMemory) {
    return fail("{} is too large", kWhat);
  }
  auto value = parse_json(text, kWhat);
  if (!value) return std::unexpected(value.error());
  if (value->is_null()) return std::vector<TargetPtr>();
  if (!value->is_array()) return fail("{} is not a list of groups", kWhat);
  return collect(value->get_array(), origin, [](const json::value& item) { return read_group(item); });
}

Result<std::vector<TargetPtr>> from_yaml(std::string_view text, const Target::Label& origin) {
  auto tree = read_yaml(text, kWhat, {.bytes = kMostGroupBytes / 8});
  if (!tree) return std::unexpected(tree.error());
  if (tree->root->kind == YamlNode::Kind::null) return std::vector<TargetPtr>();
  if (tree->root->kind != YamlNode::Kind::list) return fail("{} is not a list of groups", kWhat);
  YamlWalk walk;
  return collect(tree->root->items, origin, [&](const YamlNode* item) { return read_group(walk, *item); });
}

}  // namespace

Result<std::vector<TargetPtr>> target_groups(std::string_view text, GroupFormat format,
                                             const Target::Label& origin) {
  return format == GroupFormat::json ? from_json(text, origin) : from_yaml(text, origin);
}

}  // namespace weir::discovery
