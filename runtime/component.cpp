#include "runtime/component.h"

#include <algorithm>
#include <cassert>

namespace weir::runtime {

std::string_view to_string(Stability stability) {
  switch (stability) {
    case Stability::stable: return "generally-available";
    case Stability::beta: return "public-preview";
    case Stability::experimental: return "experimental";
  }
  return "generally-available";
}

void Registry::add(std::string_view name, Make make) {
  std::lock_guard lock(mutex_);
  assert(std::ranges::find(entries_, name, &Entry::name) == entries_.end());
  entries_.push_back({.name = name, .make = make, .type = nullptr});
}

const ComponentType* Registry::find(std::string_view name) const {
  std::lock_guard lock(mutex_);
  auto entry = std::ranges::find(entries_, name, &Entry::name);
  if (entry == entries_.end()) return nullptr;
  if (!entry->type) entry->type = std::make_unique<ComponentType>(entry->make());
  return entry->type.get();
}

std::vector<std::string_view> Registry::names() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string_view> names;
  for (const Entry& entry : entries_) names.push_back(entry.name);
  std::ranges::sort(names);
  return names;
}

}  // namespace weir::runtime
