// Target: a label set that says what to profile. Immutable and shared, its
// hash computed once; a target list passes through the whole graph as one
// pointer, and in the language it is an array of objects like any other.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "lang/codec.h"
#include "lang/field.h"
#include "lang/value.h"

namespace weir::discovery {

class Target final : public lang::Map {
 public:
  using Label = std::pair<std::string, std::string>;

  // Sorts by name; of equal names the last stands; empty values are absent labels.
  static std::shared_ptr<const Target> make(std::vector<Label> labels);

  const std::vector<Label>& labels() const { return labels_; }
  std::string_view get(std::string_view name) const;  // "" when absent
  std::uint64_t hash() const { return hash_; }
  bool operator==(const Target& other) const { return hash_ == other.hash_ && labels_ == other.labels_; }

  std::size_t size() const override { return labels_.size(); }
  std::optional<lang::Value> find(std::string_view key) const override;
  void visit(const std::function<void(std::string_view, const lang::Value&)>& each) const override;
  std::optional<bool> equals(const lang::Map& other) const override;

 private:
  explicit Target(std::vector<Label> labels);

  std::vector<Label> labels_;
  std::uint64_t hash_ = 0;
};

using TargetPtr = std::shared_ptr<const Target>;

class TargetList final : public lang::List {
 public:
  static std::shared_ptr<const TargetList> make(std::vector<TargetPtr> targets);

  const std::vector<TargetPtr>& targets() const { return targets_; }
  std::uint64_t hash() const { return hash_; }  // of the targets in order

  std::size_t size() const override { return targets_.size(); }
  lang::Value at(std::size_t index) const override;
  std::optional<bool> equals(const lang::List& other) const override;

 private:
  explicit TargetList(std::vector<TargetPtr> targets);

  std::vector<TargetPtr> targets_;
  std::uint64_t hash_ = 0;
};

// What arguments and exports hold; never null. Equal when identical or equal in content.
struct Targets {
  std::shared_ptr<const TargetList> list = TargetList::make({});

  std::size_t size() const { return list->size(); }
  auto begin() const { return list->targets().begin(); }
  auto end() const { return list->targets().end(); }
  bool operator==(const Targets& other) const;
};

}  // namespace weir::discovery

// An array of objects with string values becomes a target list; a target list stays what it is.
template <>
struct weir::lang::Codec<weir::discovery::Targets> {
  static std::string type() { return "list(map(string))"; }
  static Converted<weir::discovery::Targets> from_value(const Value& value);
  static Value to_value(const weir::discovery::Targets& targets);
};

namespace weir::discovery {

// The exports of every discovery component.
struct TargetExports {
  Targets targets;

  static constexpr auto fields() {
    return std::tuple{lang::required("targets", &TargetExports::targets, "Everything that was found.")};
  }
  bool operator==(const TargetExports&) const = default;
};

}  // namespace weir::discovery
