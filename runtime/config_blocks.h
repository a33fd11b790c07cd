// The blocks that are no components but say how a config is put together.
// `logging` and `declare` are read by the plan alone; the others are types like
// those of components, so that pages, validation and health treat them alike.
#pragma once

#include <string>
#include <string_view>
#include <tuple>

#include "base/result.h"
#include "lang/field.h"
#include "runtime/component.h"

namespace weir::runtime {

// argument "x" { … }
struct ArgumentBlock {
  bool optional = false;
  lang::Value default_value;
  std::string comment;

  static constexpr auto fields() {
    return std::tuple{
        lang::optional("optional", &ArgumentBlock::optional, "Whether a use may leave it out."),
        lang::optional("default", &ArgumentBlock::default_value, "Its value where a use leaves it out."),
        lang::optional("comment", &ArgumentBlock::comment, "What it is for."),
    };
  }
  bool operator==(const ArgumentBlock&) const = default;
};

// export "x" { … }
struct ExportBlock {
  lang::Value value;

  static constexpr auto fields() {
    return std::tuple{lang::required("value", &ExportBlock::value, "What users of the module see.")};
  }
  bool operator==(const ExportBlock&) const = default;
};

// What such a block has beside what a component has.
struct ConfigBlock {
  std::string_view name;
  bool is_labelled = true;  // else there is one of it at most
  // Of imports: the texts (an object of names and texts), where they can be had without waiting. Null: they
  // are what it publishes, some time.
  Result<lang::Value> (*read_texts)(const ArgumentsPtr& arguments, const std::string& id) = nullptr;
  bool has_text_in_config = false;  // of imports: what is wrong with the text is wrong with the config
};

// Null: a block of that name is a component.
const ConfigBlock* config_block(std::string_view name);

// The types of those the runtime itself brings; those that need a room above are added there.
void register_config_blocks(Registry& registry);

// Of a use of a declare.
const ComponentType& module_type();

// The body of a module's arguments, as the page shows them.
ArgumentsPtr module_arguments(lang::BodyValue body);

// What a foreach exports to the modules of its items: an ordered object, by what the items are called.
inline constexpr std::string_view kItems = "items";

}  // namespace weir::runtime
