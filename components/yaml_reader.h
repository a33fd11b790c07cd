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

// The fields of a map with those that it merges ("<<"), its own last, so that the last of a name stands.
// False when `each` said so, or when there are too many: aliases let a small text merge very much.
bool each_field(const YamlNode& map, const std::function<bool(const std::string&, const YamlNode&)>& each);

}  // namespace weir
