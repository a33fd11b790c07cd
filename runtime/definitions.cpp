#include "runtime/definitions.h"

namespace weir::runtime {

Meaning meaning_of(std::string_view block_name, const Definitions& here) {
  Meaning meaning;
  std::size_t dot = block_name.find('.');
  std::string_view first = block_name.substr(0, dot);
  for (const Definitions* one = &here; one != nullptr; one = one->outer) {
    auto declare = one->declares.find(first);
    auto import = one->imports.find(first);
    meaning.is_custom = meaning.is_custom || declare != one->declares.end() || import != one->imports.end();
    if (dot == std::string_view::npos && declare != one->declares.end()) {
      meaning.declare = &declare->second;
      return meaning;
    }
    if (dot == std::string_view::npos || import == one->imports.end()) continue;
    meaning.import = &import->second;
    if (const Definitions* content = import->second.content) {
      auto found = content->declares.find(block_name.substr(dot + 1));
      if (found != content->declares.end()) meaning.declare = &found->second;
    }
    return meaning;
  }
  return meaning;
}

}  // namespace weir::runtime
