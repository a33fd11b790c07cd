#include "runtime/view.h"

#include <functional>
#include <utility>

#include "runtime/text_search.h"

namespace weir::runtime {
namespace {

bool contains(const lang::Value& value, std::string_view filter);

bool map_contains(const lang::Map& map, std::string_view filter) {
  bool found = false;
  map.visit([&](std::string_view key, const lang::Value& value) {
    found = found || key.find(filter) != std::string_view::npos || contains(value, filter);
  });
  return found;
}

// Secrets never match: a filter must not be a way to guess one.
bool contains(const lang::Value& value, std::string_view filter) {
  if (const std::string* text = value.as_string()) return text->find(filter) != std::string::npos;
  if (auto map = value.as_map()) return map_contains(*map, filter);
  if (auto list = value.as_list()) {
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (contains(list->at(i), filter)) return true;
    }
    return false;
  }
  return lang::describe(value).find(filter) != std::string::npos;
}

class ListView final : public View {
 public:
  ListView(std::string name, std::string title, std::shared_ptr<const lang::List> list)
      : name_(std::move(name)), title_(std::move(title)), list_(std::move(list)) {}

  std::string_view name() const override { return name_; }
  std::string_view title() const override { return title_; }

  ViewPage page(std::string_view filter, std::size_t offset, std::size_t limit) const override {
    if (filter.empty()) return plain_page(offset, limit);
    ViewPage page{.total = list_->size(), .matching = 0, .rows = {}};
    search(filter, [&](std::size_t index) {
      if (page.matching >= offset && page.rows.size() < limit) page.rows.push_back(list_->at(index));
      ++page.matching;
    });
    return page;
  }

 private:
  void search(std::string_view text, const std::function<void(std::size_t)>& found) const {
    if (const auto* itself = dynamic_cast<const TextSearch*>(list_.get())) return itself->search(text, found);
    for (std::size_t i = 0; i < list_->size(); ++i) {
      if (contains(list_->at(i), text)) found(i);
    }
  }

  // Without a filter nothing but the page itself is looked at.
  ViewPage plain_page(std::size_t offset, std::size_t limit) const {
    ViewPage page{.total = list_->size(), .matching = list_->size(), .rows = {}};
    for (std::size_t i = offset; i < list_->size() && page.rows.size() < limit; ++i) {
      page.rows.push_back(list_->at(i));
    }
    return page;
  }

  std::string name_;
  std::string title_;
  std::shared_ptr<const lang::List> list_;
};

}  // namespace

std::shared_ptr<const View> list_view(std::string name, std::string title,
                                      std::shared_ptr<const lang::List> list) {
  return std::make_shared<ListView>(std::move(name), std::move(title), std::move(list));
}

}  // namespace weir::runtime
