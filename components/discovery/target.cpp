#include "components/discovery/target.h"

#include <algorithm>
#include <numeric>

#include <fmt/core.h>

#include "profile/hash_index.h"

namespace weir::discovery {
namespace {

// The usual case: what a discovery or a rule made is in order already.
bool is_normal(const std::vector<Target::Label>& labels) {
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i].second.empty() || (i > 0 && labels[i - 1].first >= labels[i].first)) return false;
  }
  return true;
}

std::vector<Target::Label> normalised(std::vector<Target::Label> labels) {
  if (is_normal(labels)) return labels;
  // std::stable_sort would do, but its temporary buffer is deprecated.
  std::vector<std::size_t> order(labels.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    int by_name = labels[a].first.compare(labels[b].first);
    return by_name != 0 ? by_name < 0 : a < b;
  });
  std::vector<Target::Label> normal;
  normal.reserve(labels.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    Target::Label& label = labels[order[i]];
    bool last_of_name = i + 1 == order.size() || labels[order[i + 1]].first != label.first;
    if (last_of_name && !label.second.empty()) normal.push_back(std::move(label));
  }
  return normal;
}

}  // namespace

Target::Target(std::vector<Label> labels) : labels_(normalised(std::move(labels))) {
  for (const auto& [name, value] : labels_) {
    hash_ = profile::hash_string(name, hash_);
    hash_ = profile::hash_string(value, hash_);
  }
}

std::shared_ptr<const Target> Target::make(std::vector<Label> labels) {
  return std::shared_ptr<const Target>(new Target(std::move(labels)));
}

std::string_view Target::get(std::string_view name) const {
  auto it = std::ranges::lower_bound(labels_, name, {},
                                     [](const Label& label) { return std::string_view(label.first); });
  if (it == labels_.end() || it->first != name) return {};
  return it->second;
}

std::optional<lang::Value> Target::find(std::string_view key) const {
  std::string_view value = get(key);
  if (value.empty()) return std::nullopt;
  return lang::Value(value);
}

void Target::visit(const std::function<void(std::string_view, const lang::Value&)>& each) const {
  for (const auto& [name, value] : labels_) each(name, lang::Value(value));
}

std::optional<bool> Target::equals(const lang::Map& other) const {
  auto* target = dynamic_cast<const Target*>(&other);
  if (!target) return std::nullopt;
  return this == target || *this == *target;
}

TargetList::TargetList(std::vector<TargetPtr> targets) : targets_(std::move(targets)) {
  for (const auto& target : targets_) hash_ = profile::hash_mix(hash_, target->hash());
}

std::shared_ptr<const TargetList> TargetList::make(std::vector<TargetPtr> targets) {
  return std::shared_ptr<const TargetList>(new TargetList(std::move(targets)));
}

lang::Value TargetList::at(std::size_t index) const {
  return lang::Value(std::shared_ptr<const lang::Map>(targets_.at(index)));
}

std::optional<bool> TargetList::equals(const lang::List& other) const {
  auto* list = dynamic_cast<const TargetList*>(&other);
  if (!list) return std::nullopt;
  if (this == list) return true;
  if (hash_ != list->hash_) return false;
  return std::ranges::equal(targets_, list->targets_,
                            [](const TargetPtr& a, const TargetPtr& b) { return a == b || *a == *b; });
}

bool Targets::operator==(const Targets& other) const {
  return list == other.list || *list->equals(*other.list);
}

namespace {

using ConvertedTarget = lang::Converted<TargetPtr>;

std::unexpected<lang::Mismatch> inside(lang::Mismatch mismatch, std::string_view path) {
  return std::unexpected(lang::Mismatch{std::string(path) + mismatch.path, std::move(mismatch.message)});
}

ConvertedTarget target_from(const lang::Value& value) {
  if (value.is_null()) return Target::make({});
  auto map = value.as_map();
  if (!map) return lang::mismatch("map(string)", value);
  if (auto target = std::dynamic_pointer_cast<const Target>(map)) return target;
  std::vector<Target::Label> labels;
  labels.reserve(map->size());
  std::optional<lang::Mismatch> bad;
  map->visit([&](std::string_view key, const lang::Value& element) {
    if (bad) return;
    auto text = lang::Codec<std::string>::from_value(element);
    if (!text) {
      bad = inside(text.error(), fmt::format(".{}", key)).error();
      return;
    }
    labels.emplace_back(key, *std::move(text));
  });
  if (bad) return std::unexpected(*std::move(bad));
  return Target::make(std::move(labels));
}

}  // namespace
}  // namespace weir::discovery

namespace weir::lang {

using discovery::TargetList;
using discovery::Targets;

Converted<Targets> Codec<Targets>::from_value(const Value& value) {
  if (value.is_null()) return Targets{};
  auto list = value.as_list();
  if (!list) return mismatch(type(), value);
  if (auto targets = std::dynamic_pointer_cast<const TargetList>(list)) return Targets{targets};
  std::vector<discovery::TargetPtr> targets;
  targets.reserve(list->size());
  for (std::size_t i = 0; i < list->size(); ++i) {
    auto target = discovery::target_from(list->at(i));
    if (!target) return discovery::inside(target.error(), fmt::format("[{}]", i));
    targets.push_back(*std::move(target));
  }
  return Targets{TargetList::make(std::move(targets))};
}

Value Codec<Targets>::to_value(const Targets& targets) {
  return Value(std::shared_ptr<const List>(targets.list));
}

}  // namespace weir::lang
