#include "lang/source.h"

#include <algorithm>
#include <utility>

namespace weir::lang {

std::shared_ptr<const Source> Source::make(std::string name, std::string text, Shift shift) {
  auto content = std::make_shared<Content>(Content{std::move(name), std::move(text), {0}});
  const std::string& all = content->text;
  for (std::size_t i = all.find('\n'); i != std::string::npos; i = all.find('\n', i + 1)) {
    content->line_starts.push_back(static_cast<std::uint32_t>(i + 1));
  }
  return std::shared_ptr<const Source>(new Source(std::move(content), shift));
}

std::shared_ptr<const Source> Source::moved(const Source& source, Shift by) {
  Shift shift{source.shift_.bytes + by.bytes, source.shift_.lines + by.lines};
  return std::shared_ptr<const Source>(new Source(source.content_, shift));
}

Source::Source(std::shared_ptr<const Content> content, Shift shift)
    : content_(std::move(content)), shift_(shift) {}

std::string_view Source::quotable(Span span) const {
  constexpr std::size_t kMost = 60;
  std::string_view all = text(span);
  return all.size() <= kMost && all.find('\n') == all.npos ? all : "value";
}

Position Source::position(std::uint32_t offset) const {
  const auto& starts = content_->line_starts;
  auto line = std::upper_bound(starts.begin(), starts.end(), offset) - starts.begin();
  return {static_cast<std::uint32_t>(line + shift_.lines),
          offset - starts[static_cast<std::size_t>(line) - 1] + 1};
}

std::string_view Source::line(std::uint32_t number) const {
  const auto& starts = content_->line_starts;
  std::int64_t own = number - shift_.lines;
  if (own <= 0 || number > last_line()) return {};
  auto index = static_cast<std::size_t>(own) - 1;
  std::size_t end = number < last_line() ? starts[index + 1] - 1 : text().size();
  return text().substr(starts[index], end - starts[index]);
}

Dialect dialect_of_file(std::string_view file_name) {
  return file_name.ends_with(".alloy") ? Dialect::alloy : Dialect::river;
}

}  // namespace weir::lang
