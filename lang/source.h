// Source: one config text and the places in it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace weir::lang {

// Bytes [begin, end) of a source. An empty span still has a place.
struct Span {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  bool operator==(const Span&) const = default;
};

// Lines count from 1; columns from 1 and in bytes, as the peer counts.
struct Position {
  std::uint32_t line = 0;
  std::uint32_t column = 0;

  bool operator==(const Position&) const = default;
};

enum class Dialect { river, alloy };

// How far what a text says stands in its file from where it stands in the text.
struct Shift {
  std::int64_t bytes = 0;
  std::int64_t lines = 0;

  bool operator==(const Shift&) const = default;
};

// Immutable; shared by everything that points into its text. Spans are of the text, positions and the numbers
// of lines those of the file: a text may be some lines of its file, or what was the whole before others were
// edited.
class Source {
 public:
  static std::shared_ptr<const Source> make(std::string name, std::string text, Shift shift = {});
  // The same text, elsewhere in its file.
  static std::shared_ptr<const Source> moved(const Source& source, Shift by);

  const std::string& name() const { return content_->name; }
  std::string_view text() const { return content_->text; }
  std::string_view text(Span span) const { return text().substr(span.begin, span.end - span.begin); }
  Shift shift() const { return shift_; }
  Span in_file(Span span) const {
    return {static_cast<std::uint32_t>(span.begin + shift_.bytes),
            static_cast<std::uint32_t>(span.end + shift_.bytes)};
  }
  // The text, when it is short enough to repeat in a message; else "value".
  std::string_view quotable(Span span) const;
  Position position(std::uint32_t offset) const;
  // The offset of its first byte; lines count from 1.
  std::uint32_t line_begin(std::uint32_t number) const {
    return content_->line_starts[static_cast<std::size_t>(number - 1 - shift_.lines)];
  }
  // Without its newline.
  std::string_view line(std::uint32_t number) const;
  // Of the last that the text has.
  std::uint32_t last_line() const {
    return static_cast<std::uint32_t>(static_cast<std::int64_t>(content_->line_starts.size()) + shift_.lines);
  }

 private:
  struct Content {
    std::string name;
    std::string text;
    std::vector<std::uint32_t> line_starts;
  };

  Source(std::shared_ptr<const Content> content, Shift shift);

  std::shared_ptr<const Content> content_;
  Shift shift_;
};

using SourcePtr = std::shared_ptr<const Source>;

// ".alloy" is the Alloy dialect, everything else River.
Dialect dialect_of_file(std::string_view file_name);

}  // namespace weir::lang
