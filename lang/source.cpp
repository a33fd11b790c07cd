#include "lang/source.h"

#include <algorithm>
#include <utility>

namespace weir::lang {

std::shared_ptr<const Source> Source::make(std::string name, std::string text) {
  return std::shared_ptr<const Source>(new Source(std::move(name), std::move(text)));
}

Source::Source(std::string name, std::string text) : name_(std::move(name)), text_(std::move(text)) {
  line_starts_.push_back(0);
  for (std::size_t i = text_.find('\n'); i != std::string::npos; i = text_.find('\n', i + 1)) {
    line_starts_.push_back(static_cast<std::uint32_t>(i + 1));
  }
}

std::string_view Source::quotable(Span span) const {
  constexpr std::size_t kMost = 60;
  std::string_view all = text(span);
  return all.size() <= kMost && all.find('\n') == all.npos ? all : "value";
}

Position Source::position(std::uint32_t offset) const {
  auto after = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  auto line = static_cast<std::uint32_t>(after - line_starts_.begin());
  return {line, offset - line_starts_[line - 1] + 1};
}

std::string_view Source::line(std::uint32_t number) const {
  if (number == 0 || number > line_count()) return {};
  std::uint32_t begin = line_starts_[number - 1];
  std::size_t end = number < line_count() ? line_starts_[number] - 1 : text_.size();
  return text().substr(begin, end - begin);
}

Dialect dialect_of_file(std::string_view file_name) {
  return file_name.ends_with(".alloy") ? Dialect::alloy : Dialect::river;
}

}  // namespace weir::lang
