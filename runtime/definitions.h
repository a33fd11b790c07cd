// Definitions: the custom components that a text may use by name.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "lang/ast.h"

namespace weir::runtime {

// A body with what its expressions need.
struct ModuleText {
  const lang::Body* body = nullptr;
  lang::SourcePtr source;
  lang::Dialect dialect = lang::Dialect::river;
};

struct Definitions {
  struct Declare {
    const lang::Block* block = nullptr;
    ModuleText text;
    const Definitions* where = nullptr;
  };
  struct Import {
    std::string id;  // global
    const lang::Block* block = nullptr;
    lang::SourcePtr source;
    const Definitions* content = nullptr;  // null: not there yet
  };

  const Definitions* outer = nullptr;
  bool is_imported = false;
  std::map<std::string_view, Declare, std::less<>> declares;
  std::map<std::string_view, Import, std::less<>> imports;  // by namespace
};

// What a block of that name means: the nearest definition counts.
struct Meaning {
  bool is_custom = false;                         // the first part of the name is one's own
  const Definitions::Declare* declare = nullptr;  // null: there is none of that name, or not yet
  const Definitions::Import* import = nullptr;    // where it has to come from
};
Meaning meaning_of(std::string_view block_name, const Definitions& here);

}  // namespace weir::runtime
