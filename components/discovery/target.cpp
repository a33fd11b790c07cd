#include "components/discovery/target.h"

#include <algorithm>
#include <cstring>
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

void normalise(std::vector<Target::Label>& labels) {
  if (is_normal(labels)) return;
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
  labels = std::move(normal);
}

std::vector<std::string_view> names_of(const std::vector<Target::Label>& labels) {
  std::vector<std::string_view> names;
  names.reserve(labels.size());
  for (const auto& label : labels) names.emplace_back(label.first);
  return names;
}

TargetPtr flat(LayoutPtr layout, const std::vector<Target::Label>& labels) {
  std::vector<std::string_view> values;
  values.reserve(labels.size());
  for (const auto& label : labels) values.emplace_back(label.second);
  return Target::make(std::move(layout), nullptr, values);
}

}  // namespace

// Where the bytes behind the object are to be, and how many; filled in when it is allocated.
class Target::Key {
 public:
  explicit Key(std::span<const std::string_view> own) {
    for (std::string_view value : own) size += sizeof(std::uint32_t) + value.size();
  }
  std::size_t size = 0;
  char* begin = nullptr;
};

namespace {

// Makes an object, its counters and what stands behind it in one piece.
template <class T>
struct WithTail {
  using value_type = T;

  explicit WithTail(Target::Key& key) : key(&key) {}
  template <class U>
  explicit(false) WithTail(const WithTail<U>& other) : key(other.key) {}

  T* allocate(std::size_t count) {
    char* memory = static_cast<char*>(::operator new(count * sizeof(T) + key->size));
    key->begin = memory + count * sizeof(T);
    return reinterpret_cast<T*>(memory);
  }
  void deallocate(T* memory, std::size_t) { ::operator delete(memory); }
  template <class U>
  bool operator==(const WithTail<U>&) const {
    return true;
  }

  Target::Key* key;  // of no use after allocate()
};

}  // namespace

Target::Target(const Key& key, LayoutPtr layout, TargetPtr base, std::span<const std::string_view> own)
    : layout_(std::move(layout)), base_(std::move(base)) {
  auto* ends = reinterpret_cast<std::uint32_t*>(key.begin);
  char* bytes = key.begin + own.size() * sizeof(std::uint32_t);
  ends_ = ends;
  bytes_ = bytes;
  std::uint32_t end = 0;
  for (std::string_view value : own) {
    std::memcpy(bytes + end, value.data(), value.size());
    end += static_cast<std::uint32_t>(value.size());
    *ends++ = end;
  }
}

TargetPtr Target::make(LayoutPtr layout, TargetPtr base, std::span<const std::string_view> own) {
  Key key(own);
  return std::allocate_shared<Target>(WithTail<Target>(key), key, std::move(layout), std::move(base), own);
}

TargetPtr Target::make(std::vector<Label> labels) {
  normalise(labels);
  return flat(LabelLayout::make(names_of(labels)), labels);
}

TargetPtr Target::make(std::vector<Label> labels, LayoutTable& layouts) {
  normalise(labels);
  return flat(layouts.of(names_of(labels)), labels);
}

std::string_view Target::get(std::string_view name) const {
  std::size_t index = layout_->find(name);
  return index == size() ? std::string_view() : value(index);
}

std::uint64_t Target::hash() const {
  std::uint64_t hash = hash_.load(std::memory_order_relaxed);
  if (hash != 0) return hash;
  hash = layout_->names_hash();
  for (std::size_t i = 0; i < size(); ++i) hash = profile::hash_string(value(i), hash);
  hash = std::max<std::uint64_t>(hash, 1);
  hash_.store(hash, std::memory_order_relaxed);
  return hash;
}

bool Target::has_bytes_of(const Target& other) const {
  auto size_of = [](const Target& target) {
    auto* begin = reinterpret_cast<const char*>(target.ends_);
    std::size_t bytes = target.size() == 0 ? 0 : target.ends_[target.size() - 1];
    return std::string_view(begin, target.size() * sizeof(std::uint32_t) + bytes);
  };
  return size_of(*this) == size_of(other);
}

bool Target::operator==(const Target& other) const {
  if (this == &other) return true;
  std::uint64_t mine = hash_.load(std::memory_order_relaxed),
                its = other.hash_.load(std::memory_order_relaxed);
  if (mine != 0 && its != 0 && mine != its) return false;
  if (layout_ != other.layout_ && !layout_->has_names_of(*other.layout_)) return false;
  if (!base_ && !other.base_) return has_bytes_of(other);
  for (std::size_t i = 0; i < size(); ++i) {
    if (value(i) != other.value(i)) return false;
  }
  return true;
}

std::optional<lang::Value> Target::find(std::string_view key) const {
  std::string_view value = get(key);
  if (value.empty()) return std::nullopt;
  return lang::Value(value);
}

void Target::visit(const std::function<void(std::string_view, const lang::Value&)>& each) const {
  for (const auto& [name, value] : labels()) each(name, lang::Value(value));
}

std::optional<bool> Target::equals(const lang::Map& other) const {
  auto* target = dynamic_cast<const Target*>(&other);
  if (!target) return std::nullopt;
  return *this == *target;
}

TargetList::TargetList(std::vector<TargetPtr> targets) : targets_(std::move(targets)) {}

TargetList::~TargetList() {
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    if (i + kAhead < targets_.size()) will_share(targets_[i + kAhead]);
    targets_[i].reset();
  }
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

ConvertedTarget target_from(const lang::Value& value, LayoutTable& layouts) {
  if (value.is_null()) return Target::make({}, layouts);
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
  return Target::make(std::move(labels), layouts);
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
  discovery::LayoutTable layouts;
  for (std::size_t i = 0; i < list->size(); ++i) {
    auto target = discovery::target_from(list->at(i), layouts);
    if (!target) return discovery::inside(target.error(), fmt::format("[{}]", i));
    targets.push_back(*std::move(target));
  }
  return Targets{TargetList::make(std::move(targets))};
}

Value Codec<Targets>::to_value(const Targets& targets) {
  return Value(std::shared_ptr<const List>(targets.list));
}

}  // namespace weir::lang
