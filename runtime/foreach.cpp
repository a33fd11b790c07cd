#include "runtime/foreach.h"

#include <cctype>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/sha256.h"

namespace weir::runtime {
namespace {

std::string as_name(std::string text) {
  for (char& c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return text;
}

// By the whole value, however long: two items that differ have two names.
std::string fingerprint(const lang::Value& item, bool hash_strings) {
  if (auto* text = item.as_string()) return hash_strings ? sha256_hex(*text) : as_name(*text);
  if (auto* number = item.as_int()) return as_name(fmt::to_string(*number));
  if (auto* number = item.as_uint()) return fmt::to_string(*number);
  if (auto* number = item.as_float()) return as_name(fmt::format("{:f}", *number));
  if (auto* truth = item.as_bool()) return *truth ? "true" : "false";
  return sha256_hex(lang::describe(item, static_cast<std::size_t>(-1)));
}

}  // namespace

Foreach::Exports Foreach::items_of(const Arguments& args) {
  std::map<std::string, int> seen;
  lang::Value::Fields items;
  for (const lang::Value& item : args.collection) {
    lang::Value key = item;
    if (auto map = item.as_map(); map && !args.id.empty()) key = map->find(args.id).value_or(item);
    std::string name = fingerprint(key, args.hash_string_id);
    int number = ++seen[name];
    items.emplace_back(fmt::format("foreach_{}_{}", name, number), item);
  }
  return {lang::Value::ordered_object(std::move(items))};
}

lang::Value foreach_items(const ArgumentsPtr& arguments) {
  return lang::to_object(Foreach::items_of(*static_cast<const Foreach::Arguments*>(arguments.get())));
}

}  // namespace weir::runtime
