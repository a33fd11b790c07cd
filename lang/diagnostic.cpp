#include "lang/diagnostic.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/core.h>

#include "lang/text.h"

namespace weir::lang {

bool has_errors(const Diagnostics& diagnostics) {
  return std::ranges::any_of(diagnostics, [](const Diagnostic& d) { return d.severity == Severity::error; });
}

std::size_t count(const Diagnostics& diagnostics, Severity severity) {
  std::size_t count = 0;
  for (const Diagnostic& d : diagnostics) count += d.severity == severity ? d.stands_for : 0;
  return count;
}

void sort_by_place(Diagnostics& diagnostics) {
  // The index keeps the order of equals.
  std::vector<std::tuple<std::string, std::uint32_t, std::size_t>> order;
  for (std::size_t i = 0; i < diagnostics.size(); ++i) {
    const Diagnostic& d = diagnostics[i];
    order.emplace_back(d.source ? d.source->name() : "", d.span.begin, i);
  }
  std::sort(order.begin(), order.end());
  Diagnostics sorted;
  for (const auto& [file, place, index] : order) sorted.push_back(std::move(diagnostics[index]));
  diagnostics = std::move(sorted);
}

void keep_first(Diagnostics& diagnostics) {
  for (Severity severity : {Severity::error, Severity::warning}) {
    std::size_t seen = 0;
    std::erase_if(diagnostics,
                  [&](const Diagnostic& d) { return d.severity == severity && ++seen > kMostDiagnostics; });
    if (seen <= kMostDiagnostics) continue;
    std::size_t more = seen - kMostDiagnostics;
    const char* what = severity == Severity::error ? "error" : "warning";
    std::string message = fmt::format("{} more {}{} not shown", more, what, more == 1 ? " is" : "s are");
    diagnostics.push_back({.severity = severity, .message = std::move(message), .stands_for = more});
  }
}

std::string one_line(const Diagnostic& diagnostic) {
  // Messages repeat what a config and its file are called: no byte of theirs may steer a terminal.
  if (!diagnostic.source) return printable(diagnostic.message);
  Position position = diagnostic.source->position(diagnostic.span.begin);
  return fmt::format("{}:{}:{}: {}", printable(diagnostic.source->name()), position.line, position.column,
                     printable(diagnostic.message));
}

std::string one_line_with_notes(const Diagnostic& diagnostic) {
  std::string line = one_line(diagnostic);
  for (const Note& note : diagnostic.notes) {
    line += "; " + one_line({.source = note.source, .span = note.span, .message = note.message});
  }
  return line;
}

std::string render(const Diagnostics& diagnostics, Color color) {
  std::string out;
  for (const Diagnostic& diagnostic : diagnostics) {
    if (!out.empty()) out += '\n';
    out += render(diagnostic, color);
  }
  return out;
}

namespace {

// Letters to change, swap, add or leave out.
std::size_t distance(std::string_view word, std::string_view candidate) {
  std::vector<std::size_t> row(candidate.size() + 1), previous, before;
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= word.size(); ++i) {
    before = std::exchange(previous, row);
    row[0] = i;
    for (std::size_t j = 1; j <= candidate.size(); ++j) {
      bool same = word[i - 1] == candidate[j - 1];
      row[j] = std::min({previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (same ? 0 : 1)});
      bool swapped = i > 1 && j > 1 && word[i - 1] == candidate[j - 2] && word[i - 2] == candidate[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row.back();
}

// "interval" for "collect_interval", "getenv" for "env", when only one candidate is a part of the word or it
// of it.
std::string_view only_related(std::string_view word, const std::vector<std::string_view>& candidates) {
  constexpr std::size_t kShortest = 3;
  std::string_view related;
  for (std::string_view candidate : candidates) {
    std::string_view part = word.size() < candidate.size() ? word : candidate;
    std::string_view whole = word.size() < candidate.size() ? candidate : word;
    if (part.size() < kShortest || whole.find(part) == whole.npos) continue;
    if (!related.empty()) return "";
    related = candidate;
  }
  return related;
}

}  // namespace

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates) {
  constexpr std::size_t kLongest = 64;
  if (word.size() > kLongest) return "";
  // One slip in three letters, and never all of them.
  std::size_t best = std::min(std::max<std::size_t>(1, word.size() / 3) + 1, word.size());
  std::string_view nearest;
  for (std::string_view candidate : candidates) {
    if (candidate.size() > kLongest || candidate.size() + best <= word.size()) continue;
    std::size_t slips = distance(word, candidate);
    if (slips >= best) continue;
    best = slips;
    nearest = candidate;
  }
  return std::string(nearest.empty() ? only_related(word, candidates) : nearest);
}

std::string did_you_mean_hint(std::string_view word, const std::vector<std::string_view>& candidates) {
  std::string near = did_you_mean(word, candidates);
  return near.empty() ? "" : fmt::format(", did you mean \"{}\"?", near);
}

}  // namespace weir::lang
