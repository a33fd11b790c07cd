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

// Immutable; shared by everything that points into its text.
class Source {
 public:
  static std::shared_ptr<const Source> make(std::string name, std::string text);

  const std::string& name() const { return name_; }
  std::string_view text() const { return text_; }
  std::string_view text(Span span) const { return text().substr(span.begin, span.end - span.begin); }
  // The text, when it is short enough to repeat in a message; else "value".
  std::string_view quotable(Span span) const;
  Position position(std::uint32_t offset) const;
  // The offset of its first byte; lines count from 1.
  std::uint32_t line_begin(std::uint32_t number) const { return line_starts_[number - 1]; }
  // Without its newline.
  std::string_view line(std::uint32_t number) const;
  std::uint32_t line_count() const { return static_cast<std::uint32_t>(line_starts_.size()); }

 private:
  Source(std::string name, std::string text);

  std::string name_;
  std::string text_;
  std::vector<std::uint32_t> line_starts_;
};

using SourcePtr = std::shared_ptr<const Source>;

// ".alloy" is the Alloy dialect, everything else River.
Dialect dialect_of_file(std::string_view file_name);

}  // namespace weir::lang
