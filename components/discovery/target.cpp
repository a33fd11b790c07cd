#include "components/discovery/target.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "profile/hash_index.h"

namespace weir::discovery {

std::vector<std::size_t> order_of(const std::vector<Target::Label>& labels) {
  // std::stable_sort would do, but its temporary buffer is deprecated.
  std::vector<std::size_t> order(labels.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    int by_name = labels[a].first.compare(labels[b].first);
    return by_name != 0 ? by_name < 0 : a < b;
  });
  std::vector<std::size_t> last;
  last.reserve(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    bool is_last = i + 1 == order.size() || labels[order[i + 1]].first != labels[order[i]].first;
    if (is_last) last.push_back(order[i]);
  }
  return last;
}

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
  std::vector<Target::Label> normal;
  normal.reserve(labels.size());
  for (std::size_t index : order_of(labels)) {
    if (!labels[index].second.empty()) normal.push_back(std::move(labels[index]));
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

}  // namespace weir::discovery
