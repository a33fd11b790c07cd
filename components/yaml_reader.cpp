#include "components/yaml_reader.h"

#include <algorithm>
#include <exception>
#include <istream>
#include <ranges>
#include <streambuf>
#include <unordered_map>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

namespace weir {
namespace {

// Of one map.
constexpr int kMostMerged = 10'000;
constexpr int kDeepestMerge = 32;

bool is_null_word(const std::string& text) {
  return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

// Builds the tree from the parser's events. Throws as the parser does, which is the only way to end it.
class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(const YamlLimits& limits) : limits_(limits) {}

  YamlTree take() {
    if (!tree_.root) tree_.root = &tree_.nodes.emplace_back();
    return std::move(tree_);
  }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(mark, make(mark, anchor, YamlNode::Kind::null));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    auto known = anchors_.find(anchor);
    bool is_open = known == anchors_.end() ||
                   std::ranges::any_of(open_, [&](const Open& open) { return open.node == known->second; });
    if (is_open) throw YAML::ParserException(mark, "an alias of what it stands in");
    count(mark);
    add(mark, known->second);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    bool is_plain = tag == "?" || tag.empty();
    auto kind = is_plain && is_null_word(value) ? YamlNode::Kind::null : YamlNode::Kind::text;
    YamlNode* node = make(mark, anchor, kind);
    node->text = value;
    add(mark, node);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, make(mark, anchor, YamlNode::Kind::list));
  }
  void OnSequenceEnd() override { open_.pop_back(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, make(mark, anchor, YamlNode::Kind::map));
  }
  void OnMapEnd() override { open_.pop_back(); }

 private:
  struct Open {
    YamlNode* node;
    std::string key;
    bool has_key = false;
  };

  void count(const YAML::Mark& mark) {
    if (++nodes_ > limits_.nodes) throw YAML::ParserException(mark, "too many values");
  }

  YamlNode* make(const YAML::Mark& mark, YAML::anchor_t anchor, YamlNode::Kind kind) {
    count(mark);
    YamlNode* node = &tree_.nodes.emplace_back();
    node->kind = kind;
    node->line = mark.line + 1;
    if (anchor != 0) anchors_[anchor] = node;
    return node;
  }

  void open(const YAML::Mark& mark, YamlNode* node) {
    if (std::cmp_greater_equal(open_.size(), limits_.depth)) {
      throw YAML::ParserException(mark, "nested too deep");
    }
    add(mark, node);
    open_.push_back({.node = node, .key = {}});
  }

  void add(const YAML::Mark& mark, const YamlNode* node) {
    if (open_.empty()) {
      tree_.root = node;
      return;
    }
    Open& parent = open_.back();
    if (parent.node->kind == YamlNode::Kind::list) {
      parent.node->items.push_back(node);
    } else if (parent.has_key) {
      parent.has_key = false;
      parent.node->fields.emplace_back(std::move(parent.key), node);
    } else {
      bool is_scalar = node->kind == YamlNode::Kind::text || node->kind == YamlNode::Kind::null;
      if (!is_scalar) throw YAML::ParserException(mark, "a key must be a text");
      // An alias may stand for a long key, very often.
      key_bytes_ += node->text.size();
      if (key_bytes_ > limits_.bytes) throw YAML::ParserException(mark, "too much text in keys");
      parent.key = node->text;
      parent.has_key = true;
    }
  }

  const YamlLimits& limits_;
  std::size_t nodes_ = 0, key_bytes_ = 0;
  YamlTree tree_;
  std::vector<Open> open_;
  std::unordered_map<YAML::anchor_t, const YamlNode*> anchors_;
};

// Reads a text where it is.
class ViewBuffer final : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // only read
    setg(begin, begin, begin + text.size());
  }
};

}  // namespace

Result<YamlTree> read_yaml(std::string_view text, std::string_view what, const YamlLimits& limits) {
  if (text.size() > limits.bytes) return fail("{} is larger than {} bytes", what, limits.bytes);
  // The library reports by exception; none leaves this function.
  try {
    ViewBuffer buffer(text);
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    TreeBuilder builder(limits);
    parser.HandleNextDocument(builder);
    return builder.take();
  } catch (const YAML::Exception& error) {
    return fail("{} is not YAML that weir can read: line {}: {}", what, error.mark.line + 1, error.msg);
  } catch (const std::exception& error) {
    return fail("{} is not YAML that weir can read: {}", what, error.what());
  }
}

// ---- YamlWalk ----

class YamlWalk::Merger {
 public:
  Merger(YamlWalk& walk, const Field& each) : walk_(walk), each_(each) {}

  Result<> visit(const YamlNode& map) {
    if (depth_ > kDeepestMerge) return too_much(map);
    if (auto visited = walk_.visit(map.fields.size()); !visited) return visited;
    ++depth_;
    for (const auto& [key, value] : map.fields) {
      if (key != "<<") continue;
      if (auto merged = merge(*value); !merged) return merged;
    }
    --depth_;
    for (const auto& [key, value] : map.fields) {
      if (key == "<<") continue;
      if (++merged_ > kMostMerged) return too_much(map);
      Result<> seen = walk_.visit_texts(key.size() + value->text.size());
      if (seen) seen = each_(key, *value);
      if (!seen) return seen;
    }
    return {};
  }

 private:
  // Of several the first counts most.
  Result<> merge(const YamlNode& from) {
    if (++merged_ > kMostMerged) return too_much(from);
    if (from.kind == YamlNode::Kind::map) return visit(from);
    if (from.kind != YamlNode::Kind::list) return no_map(from);
    for (const YamlNode* item : std::views::reverse(from.items)) {
      if (++merged_ > kMostMerged) return too_much(from);
      Result<> merged = item->kind == YamlNode::Kind::map ? visit(*item) : no_map(*item);
      if (!merged) return merged;
    }
    return {};
  }

  static Result<> too_much(const YamlNode& node) {
    return fail("line {}: a map has, or merges, too many fields", node.line);
  }
  static Result<> no_map(const YamlNode& node) {
    return fail("line {}: << merges what is no map", node.line);
  }

  YamlWalk& walk_;
  const Field& each_;
  int merged_ = 0;
  int depth_ = 0;
};

Result<> YamlWalk::each_field(const YamlNode& map, const Field& each) {
  return Merger(*this, each).visit(map);
}

Result<> YamlWalk::each_item(const YamlNode& list, const Item& each) {
  if (auto visited = visit(list.items.size()); !visited) return visited;
  for (const YamlNode* item : list.items) {
    Result<> seen = visit_texts(item->text.size());
    if (seen) seen = each(*item);
    if (!seen) return seen;
  }
  return {};
}

// One more where there are none, so that nothing is free.
Result<> YamlWalk::visit(std::size_t nodes) {
  if (nodes >= left_) return fail("its aliases name the same too often");
  left_ -= nodes + 1;
  return {};
}

Result<> YamlWalk::visit_texts(std::size_t bytes) {
  constexpr std::size_t kOfOneVisit = 64;
  return bytes < kOfOneVisit ? Result<>() : visit(bytes / kOfOneVisit);
}

}  // namespace weir
