// Where components, and the blocks inside of them, stand in the config.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/snapshot.h"

namespace weir::web {

struct ConfigPlace {
  std::string file;
  std::size_t line = 0;  // 0: not known
};

std::string to_string(const ConfigPlace& place);  // "config.river:7"; "" when not known

// Of those an answer speaks of; the text of each component is parsed once, and only when it is asked for a
// block.
class ConfigPlaces {
 public:
  ConfigPlace of(const runtime::Node& node);
  // The index-th of its blocks of that name; the component's own place where the text has no such block.
  ConfigPlace of(const runtime::Node& node, std::string_view block, std::size_t index);
  // How many blocks of that name the component has.
  std::size_t count(const runtime::Node& node, std::string_view block);

 private:
  struct Component {
    ConfigPlace own;
    std::map<std::string, std::vector<std::size_t>, std::less<>> blocks;  // their lines, by name
  };
  const Component& component(const runtime::Node& node);

  std::map<const runtime::Node*, Component> components_;
};

}  // namespace weir::web
