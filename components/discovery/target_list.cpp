#include "components/discovery/target_list.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <span>
#include <string_view>

#include <fmt/core.h>

namespace weir::discovery {
namespace {

template <class T>
void let_go(std::vector<std::shared_ptr<T>>& all) {
  for (std::size_t i = 0; i < std::min(kAhead, all.size()); ++i) will_count(all[i]);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i + kAhead < all.size()) will_count(all[i + kAhead]);
    all[i].reset();
  }
}

// Cuts targets into chunks; takes over those of another list.
class Chunker {
 public:
  void add(TargetPtr target) {
    if (open_.empty()) open_.reserve(TargetChunk::kUsual);
    open_.push_back(std::move(target));
    if (open_.size() == TargetChunk::kUsual) close();
  }
  void add(const TargetChunkPtr& chunk) {
    // One that came between two chunks does not stay alone: lists that change all day would fall to pieces.
    if (!open_.empty() && open_.size() < TargetChunk::kUsual / 2) {
      open_.insert(open_.end(), chunk->targets().begin(), chunk->targets().end());
      if (open_.size() > 2 * TargetChunk::kUsual) close(open_.size() / 2);
      return close();
    }
    close();
    chunks_.push_back(chunk);
  }
  std::vector<TargetChunkPtr> take() {
    close();
    return std::move(chunks_);
  }

 private:
  void close() { close(open_.size()); }
  void close(std::size_t count) {
    if (count == 0) return;
    auto rest = open_.begin() + static_cast<std::ptrdiff_t>(count);
    std::vector<TargetPtr> after(std::make_move_iterator(rest), std::make_move_iterator(open_.end()));
    open_.erase(rest, open_.end());
    chunks_.push_back(std::make_shared<const TargetChunk>(std::move(open_)));
    open_ = std::move(after);
  }

  std::vector<TargetPtr> open_;
  std::vector<TargetChunkPtr> chunks_;
};

// The chunk that stands at the beginning of the targets, among the next few.
std::size_t chunk_at(std::span<const TargetPtr> targets, std::span<const TargetChunkPtr> chunks) {
  constexpr std::size_t kNear = 8;
  for (std::size_t i = 0; i < std::min(kNear, chunks.size()); ++i) {
    const auto& held = chunks[i]->targets();
    if (held.size() <= targets.size() && std::ranges::equal(held, targets.first(held.size()))) return i;
  }
  return chunks.size();
}

}  // namespace

TargetChunk::~TargetChunk() {
  let_go(targets_);
}

TargetList::TargetList(std::vector<TargetChunkPtr> chunks) : chunks_(std::move(chunks)) {
  starts_.reserve(chunks_.size() + 1);
  std::size_t start = 0;
  for (const auto& chunk : chunks_) {
    starts_.push_back(static_cast<std::uint32_t>(start));
    start += chunk->size();
  }
  starts_.push_back(static_cast<std::uint32_t>(start));
}

TargetList::~TargetList() {
  let_go(chunks_);
}

std::shared_ptr<const TargetList> TargetList::make(std::vector<TargetChunkPtr> chunks) {
  return std::shared_ptr<const TargetList>(new TargetList(std::move(chunks)));
}

std::shared_ptr<const TargetList> TargetList::make(std::vector<TargetPtr> targets) {
  Chunker chunker;
  for (auto& target : targets) chunker.add(std::move(target));
  return make(chunker.take());
}

std::shared_ptr<const TargetList> TargetList::make(std::vector<TargetPtr> targets, const TargetList& before) {
  Chunker chunker;
  std::span<const TargetPtr> rest(targets);
  std::span<const TargetChunkPtr> chunks(before.chunks());
  while (!rest.empty()) {
    std::size_t found = chunk_at(rest, chunks);
    if (found == chunks.size()) {
      chunker.add(rest.front());
      rest = rest.subspan(1);
    } else {
      chunker.add(chunks[found]);
      rest = rest.subspan(chunks[found]->size());
      chunks = chunks.subspan(found + 1);
    }
  }
  return make(chunker.take());
}

std::size_t TargetList::chunk_of(std::size_t index) const {
  auto after = std::ranges::upper_bound(starts_, index);
  return static_cast<std::size_t>(after - starts_.begin()) - 1;
}

const TargetPtr& TargetList::operator[](std::size_t index) const {
  std::size_t chunk = chunk_of(index);
  return chunks_.at(chunk)->targets()[index - starts_[chunk]];
}

lang::Value TargetList::at(std::size_t index) const {
  return lang::Value(std::shared_ptr<const lang::Map>((*this)[index]));
}

void TargetList::search(std::string_view text, const std::function<void(std::size_t)>& found) const {
  // Many targets have the same names.
  const LabelLayout* layout = nullptr;
  bool is_in_names = false;
  auto has_text = [&](const Target& target) {
    if (target.layout().get() != layout) {
      layout = target.layout().get();
      is_in_names =
          std::ranges::any_of(target.labels(), [&](const auto& label) { return label.first.contains(text); });
    }
    return is_in_names || std::ranges::any_of(target.labels(),
                                              [&](const auto& label) { return label.second.contains(text); });
  };
  std::size_t index = 0;
  for (const TargetPtr& target : *this) {
    if (has_text(*target)) found(index);
    ++index;
  }
}

std::optional<bool> TargetList::equals(const lang::List& other) const {
  auto* list = dynamic_cast<const TargetList*>(&other);
  if (!list) return std::nullopt;
  if (this == list) return true;
  if (size() != list->size()) return false;
  if (chunks_ == list->chunks_) return true;
  return std::equal(begin(), end(), list->begin(),
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
