#include "components/relabel/labels.h"

namespace weir::relabel {

std::string_view Labels::get(std::string_view name) const {
  for (const auto& label : added_) {
    if (label.first == name) return label.second;
  }
  std::size_t index = base_->layout()->find(name);
  if (index == hidden_.size() || hidden_[index]) return {};
  return base_->value(index);
}

void Labels::set(std::string_view name, std::string_view value) {
  if (value.empty()) return remove(name);
  changed_ = changed_ || get(name) != value;
  for (auto& label : added_) {
    if (label.first == name) {
      label.second = value;
      return;
    }
  }
  std::size_t index = base_->layout()->find(name);
  if (index != hidden_.size()) hidden_[index] = true;
  added_.emplace_back(name, value);
}

void Labels::remove(std::string_view name) {
  changed_ = changed_ || !get(name).empty();
  std::erase_if(added_, [&](const Label& label) { return label.first == name; });
  std::size_t index = base_->layout()->find(name);
  if (index != hidden_.size()) hidden_[index] = true;
}

std::vector<std::pair<std::string_view, std::string_view>> Labels::all() const {
  std::vector<std::pair<std::string_view, std::string_view>> labels;
  labels.reserve(hidden_.size() + added_.size());
  for (std::size_t i = 0; i < hidden_.size(); ++i) {
    if (!hidden_[i]) labels.emplace_back(base_->name(i), base_->value(i));
  }
  for (const auto& label : added_) labels.emplace_back(label.first, label.second);
  return labels;
}

discovery::TargetPtr Labels::finish() const {
  if (!changed_) return base_;
  std::vector<Label> labels;
  labels.reserve(hidden_.size() + added_.size());
  for (const auto& [name, value] : all()) labels.emplace_back(name, value);
  return discovery::Target::make(std::move(labels));
}

}  // namespace weir::relabel
