// YAML text as a tree of texts, with limits: for foreign files, where "1.0" and
// "yes" mean what is written. Of Boost.JSON's kind, but for YAML.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace weir {

struct YamlNode {
  enum class Kind { null, text, list, map };

  Kind kind = Kind::null;
  std::string text;
  std::vector<const YamlNode*> items;                           // of a list
  std::vector<std::pair<std::string, const YamlNode*>> fields;  // of a map, in order, "<<" among them
  int line = 0;                                                 // from 1
};

// Owns its nodes; an alias is the node of its anchor itself.
struct YamlTree {
  std::deque<YamlNode> nodes;
  const YamlNode* root = nullptr;  // one of them
};

struct YamlLimits {
  std::size_t bytes = 4u << 20;
  std::size_t nodes = 500'000;
  int depth = 32;
};

// The first document; null when there is none. Keys that are no scalars are an error. `what` is named in
// errors.
Result<YamlTree> read_yaml(std::string_view text, std::string_view what, const YamlLimits& limits = {});

// Looks at the nodes of one document for whoever reads it, and at no more than `most` of them: aliases let a
// small text name the same ones very often. Long texts count as several.
class YamlWalk {
 public:
  static constexpr std::size_t kMostVisits = 5'000'000;

  explicit YamlWalk(std::size_t most = kMostVisits) : left_(most) {}

  using Field = std::function<Result<>(const std::string& name, const YamlNode& value)>;
  using Item = std::function<Result<>(const YamlNode& item)>;

  // The fields of a map with those that it merges ("<<"), its own last, so that the last of a name stands.
  // Ends with the first error of `each`.
  Result<> each_field(const YamlNode& map, const Field& each);
  Result<> each_item(const YamlNode& list, const Item& each);

 private:
  class Merger;

  Result<> visit(std::size_t nodes);
  Result<> visit_texts(std::size_t bytes);

  std::size_t left_;
};

}  // namespace weir
