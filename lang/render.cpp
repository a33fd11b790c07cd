#include <algorithm>
#include <string>

#include <fmt/core.h>

#include "lang/diagnostic.h"
#include "lang/text.h"

namespace weir::lang {
namespace {

// A source line as it is shown, with the column of each byte of the source in it.
struct Line {
  std::string text;
  std::vector<std::size_t> columns;  // one more than bytes
};

Line show(std::string_view raw) {
  Line line;
  std::size_t column = 0;
  for (std::size_t at = 0; at < raw.size();) {
    Rune rune = decode_rune(raw, at);
    std::string_view bytes = raw.substr(at, rune.size);
    for (std::size_t i = 0; i < rune.size; ++i) line.columns.push_back(column);
    at += rune.size;
    if (bytes == "\r") continue;
    if (bytes == "\t" || bytes == "\v") {
      line.text += "    ";
      column += 4;
      continue;
    }
    if (rune.valid && is_printable(rune.code)) {
      line.text += bytes;
      column += columns_of(rune.code);
      continue;
    }
    // What is not text must not reach a terminal; its escape takes a column a byte.
    std::string escape = printable(bytes);
    line.text += escape;
    column += escape.size();
  }
  line.columns.push_back(column);
  return line;
}

class Renderer {
 public:
  Renderer(const Source& source, Span span)
      : source_(source), begin_(source.position(span.begin)), end_(last_position(source, span)) {
    last_ = std::min(end_.line + 1, source.last_line());
    width_ = std::to_string(last_).size();
  }

  std::string run() {
    std::uint32_t first = begin_.line > 1 ? begin_.line - 1 : 1;
    for (std::uint32_t line = first; line <= last_; ++line) {
      if (is_folded(line)) {
        if (line == begin_.line + kShown) out_ += fmt::format("{:>{}} | | …\n", "", width_);
        continue;
      }
      begin_.line == end_.line ? single(line) : multiple(line);
    }
    return std::move(out_);
  }

 private:
  static constexpr std::uint32_t kShown = 5;      // lines of a long range at either end
  static constexpr std::uint32_t kWidest = 1000;  // bytes of a line

  static Position last_position(const Source& source, Span span) {
    return source.position(span.end > span.begin ? span.end - 1 : span.begin);
  }

  bool is_folded(std::uint32_t line) const {
    return line >= begin_.line + kShown && line + kShown <= end_.line;
  }

  void put(std::string_view number, std::string_view text) {
    std::string line = fmt::format("{:>{}} | {}", number, width_, text);
    line.erase(line.find_last_not_of(' ') + 1);
    (out_ += line) += '\n';
  }

  static std::size_t column(const Line& line, std::uint32_t byte_column) {
    return line.columns[std::min<std::size_t>(byte_column - 1, line.columns.size() - 1)];
  }

  // Behind the last column of the range.
  static std::size_t column_behind(const Line& line, std::uint32_t byte_column) {
    return column(line, byte_column + 1);
  }

  void single(std::uint32_t number) {
    std::uint32_t cut = number == begin_.line ? cut_before(begin_.column) : 0;
    Line line = show(source_.line(number).substr(cut, kWidest));
    put(std::to_string(number), line.text);
    if (number != begin_.line) return;
    std::size_t from = column(line, begin_.column - cut);
    std::size_t to = std::max(column_behind(line, end_.column - cut), from + 1);
    put("", std::string(from, ' ') + std::string(to - from, '^'));
  }

  // Bytes of a very long line that are left out in front, so that `byte_column` can be seen.
  static std::uint32_t cut_before(std::uint32_t byte_column) {
    return byte_column <= kWidest / 2 ? 0 : byte_column - kWidest / 2;
  }

  void multiple(std::uint32_t number) {
    Line line = show(source_.line(number).substr(0, kWidest));
    bool inside = number > begin_.line && number <= end_.line;
    put(std::to_string(number), (inside ? "| " : "  ") + line.text);
    if (number == begin_.line) {
      std::size_t from = column(line, begin_.column);
      // The carets of the first line stand under what is left of it.
      std::size_t to = std::max(line.columns.back(), from + 1);
      put("", " " + std::string(from + 1, '_') + std::string(to - from, '^'));
    } else if (number == end_.line) {
      std::size_t from = indentation(line);
      std::size_t to = std::max(column_behind(line, end_.column), from + 1);
      put("", "|" + std::string(from + 1, '_') + std::string(to - from, '^'));
    }
  }

  static std::size_t indentation(const Line& line) {
    return std::min(line.text.find_first_not_of(' '), line.text.size());
  }

  const Source& source_;
  Position begin_, end_;
  std::uint32_t last_ = 0;
  std::size_t width_ = 1;
  std::string out_;
};

std::string header(std::string_view word, const char* paint, const std::string& text, Color color) {
  if (color == Color::off) return fmt::format("{}: {}\n", word, text);
  return fmt::format("\x1b[{}m{}: \x1b[0m\x1b[1m{}\x1b[0m\n", paint, word, text);
}

std::string with_source(std::string head, const SourcePtr& source, Span span) {
  if (!source || source->text().empty()) return head;
  return head + "\n" + Renderer(*source, span).run();
}

}  // namespace

std::string render(const Diagnostic& diagnostic, Color color) {
  bool is_error = diagnostic.severity == Severity::error;
  std::string head =
      header(is_error ? "Error" : "Warning", is_error ? "31;1" : "33;1", one_line(diagnostic), color);
  std::string out = with_source(std::move(head), diagnostic.source, diagnostic.span);
  for (const Note& note : diagnostic.notes) {
    Diagnostic place{.source = note.source, .span = note.span, .message = note.message};
    out += '\n';
    out += with_source(header("Note", "36;1", one_line(place), color), note.source, note.span);
  }
  return out;
}

}  // namespace weir::lang
