// The screen of weir top: what a key does, and how a summary looks in so many lines and columns.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "cli/top_summary.h"
#include "lang/diagnostic.h"

namespace weir::cli {

struct ScreenSize {
  std::size_t columns = 80;
  std::size_t lines = 24;
};

struct TopState {
  TopKind kind = TopKind::processes;
  std::string filter;      // rows that have it in a name, whatever the case
  bool is_typing = false;  // the filter
  bool is_frozen = false;
  bool wants_to_end = false;
  std::size_t first = 0;  // row shown on top
};

// One key or several, as a terminal sends them.
void press(TopState& state, std::string_view keys);

// Rows that pass the filter.
std::vector<const TopRow*> rows_shown(const TopSummary& summary, const TopState& state);

// Exactly as many lines as there are, none longer than the columns. A null summary: nothing was sampled yet.
std::vector<std::string> draw_screen(const TopSummary* summary, TopState& state, ScreenSize size,
                                     lang::Color color);

// For a pipe: a heading and the first rows, with full names.
std::string plain_text(const TopSummary& summary, const TopState& state, std::size_t rows);

}  // namespace weir::cli
