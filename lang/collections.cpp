#include "lang/collections.h"

#include <map>

#include <fmt/core.h>

#include "lang/text.h"

namespace weir::lang {
namespace {

using Objects = std::vector<std::shared_ptr<const Map>>;

// Of all pairs of two lists: some seconds.
constexpr std::size_t kMostComparisons = 64u << 20;

bool is_empty(const Value& value) {
  switch (value.type()) {
    case Type::null: return true;
    case Type::boolean: return !*value.as_bool();
    case Type::number: return value == Value(0);
    case Type::string: return value.as_string()->empty();
    case Type::array: return value.as_list()->size() == 0;
    case Type::object: return value.as_map()->size() == 0;
    case Type::function: return false;
    case Type::capsule: break;
  }
  if (auto* secret = value.as_secret()) return secret->text.empty();
  if (auto* optional = value.as_optional_secret()) return optional->text.empty();
  return value.as_capsule() == nullptr;
}

std::expected<Objects, CallError> objects_of(const std::vector<Value>& arguments, std::size_t index) {
  auto list = arguments[index].as_list();
  if (!list) return argument_error(index, mismatch("array", arguments[index]).error());
  Objects objects;
  for (std::size_t i = 0; i < list->size(); ++i) {
    Value element = list->at(i);
    if (!element.as_map()) {
      Mismatch wrong = mismatch("object", element).error();
      wrong.path = fmt::format("[{}]", i);
      return argument_error(index, std::move(wrong));
    }
    objects.push_back(element.as_map());
  }
  return objects;
}

std::unexpected<CallError> too_many_elements() {
  return call_error(fmt::format("the list may become longer than {} elements", kMostElements));
}

bool match(const Map& left, const Map& right, const std::vector<std::string>& keys) {
  for (const std::string& key : keys) {
    auto a = left.find(key), b = right.find(key);
    if (!a || !b || !(*a == *b)) return false;
  }
  return true;
}

Value merged(const Map& left, const Map& right) {
  Value::Fields fields;
  auto add = [&](std::string_view key, const Value& value) { fields.emplace_back(key, value); };
  left.visit(add);
  right.visit(add);
  return Value::object(std::move(fields));
}

}  // namespace

CallResult concat(const std::vector<Value>& arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (!arguments[i].as_list()) return argument_error(i, mismatch("array", arguments[i]).error());
  }
  // One list stays the list it is, shared.
  if (arguments.size() == 1) return arguments[0];
  std::size_t size = 0;
  for (const Value& argument : arguments) size += argument.as_list()->size();
  if (size > kMostElements) return too_many_elements();
  std::vector<Value> elements;
  elements.reserve(size);
  for (const Value& argument : arguments) {
    auto list = argument.as_list();
    for (std::size_t i = 0; i < list->size(); ++i) elements.push_back(list->at(i));
  }
  return Value::array(std::move(elements));
}

CallResult coalesce(const std::vector<Value>& arguments) {
  for (const Value& argument : arguments) {
    if (!is_empty(argument)) return argument;
  }
  return arguments.empty() ? Value() : arguments.back();
}

CallResult combine_maps(const std::vector<Value>& arguments) {
  if (arguments.size() != 3 && arguments.size() != 4) {
    return wrong_count("combine_maps", "3 or 4", arguments.size());
  }
  auto left = objects_of(arguments, 0), right = objects_of(arguments, 1);
  if (!left) return std::unexpected(left.error());
  if (!right) return std::unexpected(right.error());
  auto keys = Codec<std::vector<std::string>>::from_value(arguments[2]);
  if (!keys) return argument_error(2, keys.error());
  if (keys->empty()) return argument_error(2, {"", "should name at least one key"});
  Converted<bool> keep_left = arguments.size() == 4 ? Codec<bool>::from_value(arguments[3]) : false;
  if (!keep_left) return argument_error(3, keep_left.error());
  std::size_t per_left = right->size() * keys->size();
  if (per_left != 0 && left->size() > kMostComparisons / per_left) {
    return call_error(fmt::format("more than {} values would have to be compared", kMostComparisons));
  }
  // What comes out may be longer than the memory holds: it is made when its length is known.
  std::vector<std::pair<const std::shared_ptr<const Map>*, const Map*>> pairs;
  for (const auto& l : *left) {
    for (const auto& r : *right) {
      bool is_match = match(*l, *r, *keys);
      // Once for each that does not match, as in the peer.
      if (is_match || *keep_left) pairs.emplace_back(&l, is_match ? r.get() : nullptr);
      if (pairs.size() > kMostElements) return too_many_elements();
    }
  }
  std::vector<Value> combined;
  combined.reserve(pairs.size());
  for (const auto& [l, r] : pairs) combined.push_back(r != nullptr ? merged(**l, *r) : Value(*l));
  return Value::array(std::move(combined));
}

CallResult group_by(const std::vector<Value>& arguments) {
  if (arguments.size() != 3) return wrong_count("group_by", "3", arguments.size());
  auto objects = objects_of(arguments, 0);
  if (!objects) return std::unexpected(objects.error());
  const std::string* key = arguments[1].as_string();
  if (!key) return argument_error(1, mismatch("string", arguments[1]).error());
  const bool* drop_missing = arguments[2].as_bool();
  if (!drop_missing) return argument_error(2, mismatch("bool", arguments[2]).error());
  std::vector<std::string> order;
  std::map<std::string, std::vector<Value>> groups;
  for (std::size_t i = 0; i < objects->size(); ++i) {
    auto found = (*objects)[i]->find(*key);
    if (!found && *drop_missing) continue;
    if (found && !found->as_string()) {
      Mismatch wrong = mismatch("string", *found).error();
      wrong.path = fmt::format("[{}].{}", i, *key);
      return argument_error(0, std::move(wrong));
    }
    std::string name = found ? *found->as_string() : "";
    auto& items = groups[name];
    if (items.empty()) order.push_back(name);
    items.emplace_back((*objects)[i]);
  }
  std::vector<Value> result;
  for (const std::string& name : order) {
    result.push_back(Value::object({{*key, name}, {"items", Value::array(std::move(groups[name]))}}));
  }
  return Value::array(std::move(result));
}

}  // namespace weir::lang
