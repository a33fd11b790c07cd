// Diagnostic: what is wrong (or doubtful) in a config, and where. One object
// serves the terminal, the log, the reload answer and the page.
#pragma once

#include <string>
#include <vector>

#include "lang/source.h"

namespace weir::lang {

enum class Severity { error, warning };

struct Note {
  SourcePtr source;
  Span span;
  std::string message;
};

struct Diagnostic {
  Severity severity = Severity::error;
  SourcePtr source;  // null: belongs to no place
  Span span;
  std::string message;
  std::vector<Note> notes;
  std::size_t stands_for = 1;  // of its kind: many in a summary, none where nobody knows how many
};

using Diagnostics = std::vector<Diagnostic>;

// Of one text that are kept: what is no config at all has an error at every byte.
inline constexpr std::size_t kMostSyntaxErrors = 20;

// Of one config that are kept, of errors and of warnings each.
inline constexpr std::size_t kMostDiagnostics = 100;

bool has_errors(const Diagnostics& diagnostics);
// With those that were not kept.
std::size_t count(const Diagnostics& diagnostics, Severity severity);
// By file and place; keeps the order of equals.
void sort_by_place(Diagnostics& diagnostics);
// Keeps the first kMostDiagnostics of each severity, and says of how many it does not.
void keep_first(Diagnostics& diagnostics);

enum class Color { off, on };

// "file:line:col: message"
std::string one_line(const Diagnostic& diagnostic);
// The same with its notes behind it, for who reads lines: a log, a health.
std::string one_line_with_notes(const Diagnostic& diagnostic);
// With the source lines and carets under the span.
std::string render(const Diagnostic& diagnostic, Color color = Color::off);
std::string render(const Diagnostics& diagnostics, Color color = Color::off);

// The candidate that `word` is most likely a slip of, or "".
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates);
// The same as the end of a message: ", did you mean "x"?", or "".
std::string did_you_mean_hint(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace weir::lang
