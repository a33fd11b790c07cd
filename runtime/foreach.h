// foreach: a module for each item of a list.
#pragma once

#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "runtime/component.h"

namespace weir::runtime {

class Foreach {
 public:
  static constexpr std::string_view kName = "foreach";
  static constexpr auto kStability = Stability::experimental;
  static constexpr std::string_view kDoc =
      "Runs its template once for each item of a list. A module goes on for as long as its item is in the "
      "list; what it exports cannot be used outside.";
  struct Arguments {
    std::vector<lang::Value> collection;
    std::string var;
    std::string id;
    bool hash_string_id = false;
    bool enable_metrics = false;
    lang::Nothing body;

    static constexpr auto fields() {
      using Self = Arguments;
      return std::tuple{
          lang::required("collection", &Self::collection, "The items."),
          lang::required("var", &Self::var, "The name by which the template sees its item."),
          lang::optional("id", &Self::id,
                         "The field of an item that tells which one it is; without, the whole item does."),
          lang::optional("hash_string_id", &Self::hash_string_id,
                         "Whether a text that names an item is hashed, not written out."),
          lang::optional("enable_metrics", &Self::enable_metrics, "Whether components have metrics.")
              .without_effect("the metrics of components are always there"),
          lang::block("template", &Self::body, "What is run for each item; must be there."),
      };
    }
    bool operator==(const Arguments&) const = default;
  };
  struct Exports {
    lang::Value items;  // an ordered object, by the name of the item's module

    static constexpr auto fields() {
      return std::tuple{lang::required("items", &Exports::items, "The items by their names.")};
    }
  };
  using DebugInfo = lang::Nothing;

  Foreach(Context&, const Arguments&) {}
  Exports evaluate(const Arguments& args) { return items_of(args); }
  static Exports items_of(const Arguments& args);
};

// What a foreach of these arguments exports.
lang::Value foreach_items(const ArgumentsPtr& arguments);

}  // namespace weir::runtime
