#include "lang/columns.h"

#include <algorithm>
#include <utility>

namespace weir::lang {
namespace {

constexpr std::uint32_t kTabWidth = 8;
// A cell wider than this makes no column, nor do cells that would take so many times the room of their text
// when that is much: one very long name must not push thousands of lines aside.
constexpr std::uint32_t kWidest = 1000;
constexpr std::uint64_t kMost = 16;
constexpr std::uint64_t kFreely = 4 << 20;

std::uint32_t count_runes(std::string_view text) {
  auto is_first = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
  return static_cast<std::uint32_t>(std::ranges::count_if(text, is_first));
}

}  // namespace

Columns::Columns(std::size_t expected) {
  out_.reserve(expected + expected / 8);
}

void Columns::lines(std::string_view text) {
  for (std::size_t end; (end = text.find('\n')) != std::string_view::npos; text.remove_prefix(end + 1)) {
    pending_ += text.substr(0, end);
    newline();
  }
  pending_ += text;
}

void Columns::mark(Mark mark) {
  std::string_view text = std::string_view(pending_).substr(cell_begin_);
  cells_.push_back({static_cast<std::uint32_t>(text.size()), count_runes(text), mark});
  cell_begin_ = pending_.size();
}

void Columns::end_line() {
  auto marks = static_cast<std::uint32_t>(cells_.size()) - line_begin_;
  std::size_t size = pending_.size() - cell_begin_;
  cells_.push_back({static_cast<std::uint32_t>(size), 0, Mark::soft});
  cell_begin_ = pending_.size();
  lines_.push_back({line_begin_, marks});
  line_begin_ = static_cast<std::uint32_t>(cells_.size());
}

void Columns::newline() {
  end_line();
  // A line without marks ends all columns anyway.
  if (lines_.back().marks == 0) flush();
}

void Columns::break_line() {
  end_line();
  flush();
}

std::string Columns::finish() {
  end_line();
  flush();
  out_.pop_back();
  return std::move(out_);
}

void Columns::flush() {
  set_widths();
  const char* text = pending_.data();
  for (const Line& line : lines_) write_line(line, text);
  pending_.clear();
  cells_.clear();
  lines_.clear();
  cell_begin_ = 0;
  line_begin_ = 0;
}

// Column by column over the lines that still have one: a line has its cells from the left.
void Columns::set_widths() {
  live_.clear();
  for (std::uint32_t i = 0; i < lines_.size(); ++i) {
    if (lines_[i].marks > 0) live_.push_back(i);
  }
  for (std::uint32_t column = 0; !live_.empty(); ++column) {
    for (std::size_t i = 0; i < live_.size();) {
      std::size_t end = i + 1;
      while (end < live_.size() && live_[end] == live_[end - 1] + 1) ++end;
      set_width(column, live_[i], live_[end - 1] + 1);
      i = end;
    }
    std::erase_if(live_, [&](std::uint32_t line) { return lines_[line].marks <= column + 1; });
  }
}

void Columns::set_width(std::size_t column, std::size_t first_line, std::size_t end_line) {
  std::uint32_t width = 0;
  std::uint64_t text = 0;
  bool is_empty = true;
  for (std::size_t i = first_line; i < end_line; ++i) {
    const Cell& cell = cells_[lines_[i].first_cell + column];
    width = std::max(width, cell.width + 1);
    text += cell.width;
    is_empty = is_empty && cell.width == 0 && cell.mark == Mark::soft;
  }
  bool is_aligned =
      width <= kWidest && width * std::uint64_t{end_line - first_line} <= kFreely + kMost * text;
  for (std::size_t i = first_line; i < end_line; ++i) {
    Cell& cell = cells_[lines_[i].first_cell + column];
    // What is left to pad with.
    std::uint32_t full = is_aligned ? width : cell.width + 1;
    cell.width = is_empty ? 0 : full - (cell.size == 0 ? 0 : cell.width);
  }
}

void Columns::write_line(const Line& line, const char*& text) {
  bool is_indent = true;
  for (std::uint32_t i = 0; i <= line.marks; ++i) {
    const Cell& cell = cells_[line.first_cell + i];
    is_indent = is_indent && cell.size == 0;
    out_.append(text, cell.size);
    text += cell.size;
    if (i == line.marks) break;
    if (is_indent) {
      out_.append((cell.width + kTabWidth - 1) / kTabWidth, '\t');
    } else {
      out_.append(cell.width, ' ');
    }
  }
  // Of padding nothing is left at the end of a line; what a comment ends with stays.
  if (cells_[line.first_cell + line.marks].size == 0) {
    out_.erase(out_.find_last_not_of(" \t") + 1);
  }
  out_ += '\n';
}

}  // namespace weir::lang
