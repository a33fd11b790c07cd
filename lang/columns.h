// Columns: text whose cells line up. A mark ends a cell; the cells that neighbouring lines have at the same
// place form a column as wide as the widest of them and one blank (elastic tabstops).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir::lang {

class Columns {
 public:
  // A column of nothing but empty cells takes no room where all of them were ended softly.
  enum class Mark : std::uint8_t { soft, hard };

  // Of about `expected` bytes.
  explicit Columns(std::size_t expected);

  // On one line.
  void text(std::string_view text) { pending_ += text; }
  void lines(std::string_view text);
  void mark(Mark mark);
  void newline();
  // A newline after which all columns begin anew.
  void break_line();
  // Everything so far. Nothing is added after it.
  std::string finish();

 private:
  struct Cell {
    std::uint32_t size;   // bytes
    std::uint32_t width;  // runes; then, of the column
    Mark mark;
  };
  struct Line {
    std::uint32_t first_cell;
    std::uint32_t marks;  // its last cell has none, and belongs to no column
  };

  void end_line();
  void flush();
  void set_widths();
  void set_width(std::size_t column, std::size_t first_line, std::size_t end_line);
  void write_line(const Line& line, const char*& text);

  std::string out_;
  std::string pending_;  // of the lines that still wait for the widths of their columns
  std::size_t cell_begin_ = 0;
  std::vector<Cell> cells_;
  std::vector<Line> lines_;
  std::uint32_t line_begin_ = 0;     // the cell that begins the line being written
  std::vector<std::uint32_t> live_;  // lines, while widths are set
};

}  // namespace weir::lang
