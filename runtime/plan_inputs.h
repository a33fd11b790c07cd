// PlanInputs: all that a plan is made of: the config's texts, what imports have
// brought, and the items of each foreach. Shared, so that a new plan costs no
// parsing.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lang/ast.h"
#include "lang/diagnostic.h"
#include "lang/value.h"

namespace weir::runtime {

using FilePtr = std::shared_ptr<const lang::File>;

// Of the texts of one import or module.
inline constexpr std::size_t kMaxContentBytes = 16u << 20;

// What an import or a module.* block has brought.
struct Content {
  lang::Value texts;           // what came last: an object of names and texts, "/etc/add.river": "declare …"
  std::vector<FilePtr> files;  // what is used: the last that was valid
  bool is_there = false;
  bool is_literal = false;  // written in the config: its errors are those of the config
  std::string refused;      // why what came last is not used; "" when it is
  std::string asked_for;    // the text of the block that brought it
};
using ContentPtr = std::shared_ptr<const Content>;

// What the items of a foreach are called.
struct Items {
  std::vector<std::string> names;
  std::string asked_for;  // the text of its collection
};

struct PlanInputs {
  std::vector<FilePtr> files;
  std::map<std::string, ContentPtr> contents;  // by the id of the import
  std::map<std::string, Items> items;          // by the id of the foreach
};

// Parses all texts; every error of every file is appended.
std::vector<FilePtr> parse_all(const std::vector<lang::SourcePtr>& sources, lang::Diagnostics& diagnostics);

}  // namespace weir::runtime
