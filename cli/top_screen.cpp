#include "cli/top_screen.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "base/seconds.h"
#include "base/utf8.h"
#include "cli/figures.h"
#include "cli/terminal.h"

namespace weir::cli {
namespace {

constexpr std::array<std::string_view, kTopKinds> kTitles = {"Processes", "Functions", "Containers"};
constexpr std::size_t kAround = 4;  // lines that are no rows: two of head, one of column titles, one of keys

constexpr std::string_view kPlain = "\x1b[0m";
constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kDim = "\x1b[2m";
constexpr std::string_view kAccent = "\x1b[1;36m";
constexpr std::string_view kBad = "\x1b[1;31m";

// A part of a line in one style.
struct Piece {
  std::string text;
  std::string_view style = {};
};

// Cuts at the right edge; a style never takes room.
std::string line_of(const std::vector<Piece>& pieces, std::size_t columns, lang::Color color) {
  std::string out;
  std::size_t left = columns;
  for (const Piece& piece : pieces) {
    if (left == 0) break;
    std::string text = cut(piece.text, left);
    left -= columns_of(text);
    bool styled = color == lang::Color::on && !piece.style.empty();
    out += styled ? fmt::format("{}{}{}", piece.style, text, kPlain) : text;
  }
  return out;
}

std::string padded(std::string_view text, std::size_t width) {
  std::string out = cut(text, width);
  out.append(width - columns_of(out), ' ');
  return out;
}

bool contains(std::string_view text, std::string_view part) {
  auto same = [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); };
  return std::ranges::search(text, part, same).begin() != text.end() || part.empty();
}

// One decimal always, so that the points stand below each other.
std::string cpu_text(double cpu) {
  return fmt::format("{:.1f} %", cpu * 100);
}

std::string clock_text(WallTime time) {
  return format_time(time).substr(11, 8);
}

Piece lost_piece(std::uint64_t lost) {
  return {fmt::format("{} lost", grouped(lost)), lost > 0 ? kBad : kDim};
}

std::vector<Piece> head(const TopSummary* summary, const TopState& state) {
  if (!summary) return {{"weir top", kBold}, {"   sampling …", kDim}};
  std::vector<Piece> pieces{
      {"weir top", kBold},
      {fmt::format("   {} of {} CPUs", percent_text(summary->cpu / static_cast<double>(summary->cpus)),
                   summary->cpus)},
      {fmt::format("   {} samples in {:.1f} s   ", grouped(summary->samples), in_seconds(summary->length)),
       kDim},
      lost_piece(summary->lost),
      {fmt::format("   {} UTC", clock_text(summary->time)), kDim}};
  if (state.is_frozen) pieces.insert(pieces.begin() + 1, {"   frozen", kAccent});
  return pieces;
}

std::vector<Piece> tabs(const TopState& state, std::size_t rows) {
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i < kTopKinds; ++i) {
    bool is_current = i == static_cast<std::size_t>(state.kind);
    pieces.push_back({is_current ? fmt::format("[{}]", kTitles[i]) : fmt::format(" {} ", kTitles[i]),
                      is_current ? kAccent : kDim});
  }
  if (state.is_typing || !state.filter.empty()) {
    pieces.push_back({"  /", kAccent});
    pieces.push_back({state.filter, kBold});
    if (state.is_typing) pieces.push_back({"_", kAccent});
    pieces.push_back({fmt::format("  {} found", rows), kDim});
  }
  return pieces;
}

// How the room is shared among the columns of a kind, besides the figures.
struct Widths {
  std::size_t name = 0;
  std::size_t rest = 0;
};

Widths widths(TopKind kind, std::size_t columns) {
  constexpr std::size_t kLeastName = 12;
  constexpr std::size_t kMostName = 24;
  std::size_t figures = kind == TopKind::processes ? 20 : 22;
  std::size_t room = columns > figures ? columns - figures : 0;
  if (kind == TopKind::functions) {
    std::size_t module = std::min(kMostName, room / 4);
    return {room - std::min(room, module + 2), module};
  }
  std::size_t name = std::clamp(room / 3, kLeastName, kMostName);
  return {name, room > name + 2 ? room - name - 2 : 0};
}

std::vector<Piece> column_titles(TopKind kind, std::size_t columns) {
  Widths w = widths(kind, columns);
  switch (kind) {
    case TopKind::processes:
      return {
          {fmt::format("{:>8}  {:>8}  {}  {}", "CPU", "PID", padded("PROCESS", w.name), "BUSIEST FUNCTION"),
           kDim}};
    case TopKind::functions:
      return {
          {fmt::format("{:>9}  {:>9}  {}  {}", "SELF", "TOTAL", padded("FUNCTION", w.name), "MODULE"), kDim}};
    case TopKind::containers: break;
  }
  return {{fmt::format("{:>8}  {:>10}  {}  {}", "CPU", "PROCESSES", padded("CONTAINER", w.name),
                       "BUSIEST FUNCTION"),
           kDim}};
}

std::vector<Piece> row_pieces(const TopRow& row, TopKind kind, std::size_t columns) {
  Widths w = widths(kind, columns);
  switch (kind) {
    case TopKind::processes:
      return {{fmt::format("{:>8}  ", cpu_text(row.cpu))},
              {fmt::format("{:>8}  ", row.pid), kDim},
              {padded(row.name, w.name) + "  "},
              {cut_front(row.busiest, w.rest)}};
    case TopKind::functions:
      return {{fmt::format("{:>9}  ", cpu_text(row.cpu))},
              {fmt::format("{:>9}  ", cpu_text(row.total)), kDim},
              {padded(cut_front(row.name, w.name), w.name) + "  "},
              {cut(row.detail, w.rest), kDim}};
    case TopKind::containers: break;
  }
  return {{fmt::format("{:>8}  ", cpu_text(row.cpu))},
          {fmt::format("{:>10}  ", row.processes), kDim},
          {padded(row.name, w.name) + "  "},
          {cut_front(row.busiest, w.rest)}};
}

std::vector<Piece> keys(const TopState& state) {
  if (state.is_typing)
    return {{"Enter", kAccent}, {" keep the filter   ", kDim}, {"Esc", kAccent}, {" clear it", kDim}};
  return {{"Tab", kAccent},     {" view   ", kDim},   {"/", kAccent},
          {" filter   ", kDim}, {"Space", kAccent},   {state.is_frozen ? " go on   " : " freeze   ", kDim},
          {"↑ ↓", kAccent},     {" scroll   ", kDim}, {"q", kAccent},
          {" quit", kDim}};
}

std::string nothing(const TopSummary* summary, const TopState& state) {
  if (!summary) return "";
  if (!state.filter.empty())
    return fmt::format("  Nothing here has “{}” in its name. Esc clears the filter.", state.filter);
  return "  No process used a CPU at the moments that were looked at.";
}

void choose(TopState& state, std::size_t kind) {
  state.kind = static_cast<TopKind>(kind % kTopKinds);
  state.first = 0;
}

void scroll(TopState& state, std::ptrdiff_t lines) {
  auto first = static_cast<std::ptrdiff_t>(state.first) + lines;
  state.first = static_cast<std::size_t>(std::max<std::ptrdiff_t>(first, 0));
}

void clear_filter(TopState& state) {
  state.filter.clear();
  state.is_typing = false;
  state.first = 0;
}

void type(TopState& state, std::string_view key) {
  constexpr std::size_t kLongest = 64;
  if (key == "\r" || key == "\n") {
    state.is_typing = false;
  } else if (key == "\x1b") {
    clear_filter(state);
  } else if (key == "\x7f" || key == "\b") {
    while (!state.filter.empty() && (state.filter.back() & 0xc0) == 0x80) state.filter.pop_back();
    if (!state.filter.empty()) state.filter.pop_back();
  } else if (key == "\x15") {
    state.filter.clear();
  } else if (static_cast<unsigned char>(key[0]) >= 0x20 && key[0] != '\x1b' &&
             state.filter.size() < kLongest) {
    state.filter += key;
  }
  state.first = 0;
}

void act(TopState& state, std::string_view key) {
  constexpr std::ptrdiff_t kPage = 15;
  constexpr std::ptrdiff_t kAll = 1 << 30;
  auto kind = static_cast<std::size_t>(state.kind);
  if (key == "q" || key == "\x03") state.wants_to_end = true;
  if (key == "\t" || key == "\x1b[C" || key == "l") choose(state, kind + 1);
  if (key == "\x1b[Z" || key == "\x1b[D" || key == "h") choose(state, kind + kTopKinds - 1);
  if (key == "1" || key == "2" || key == "3") choose(state, static_cast<std::size_t>(key[0] - '1'));
  if (key == "/") state.is_typing = true;
  if (key == " ") state.is_frozen = !state.is_frozen;
  if (key == "\x1b") clear_filter(state);
  if (key == "\x1b[A" || key == "k") scroll(state, -1);
  if (key == "\x1b[B" || key == "j") scroll(state, 1);
  if (key == "\x1b[5~") scroll(state, -kPage);
  if (key == "\x1b[6~") scroll(state, kPage);
  if (key == "g" || key == "\x1b[H") scroll(state, -kAll);
}

// The first key: a sequence that begins with Escape, or a character.
std::string_view first_key(std::string_view keys) {
  if (keys.starts_with("\x1b[") || keys.starts_with("\x1bO")) {
    std::size_t end = 2;
    while (end < keys.size() && (keys[end] < 0x40 || keys[end] > 0x7e)) ++end;
    return keys.substr(0, end + 1);
  }
  std::size_t size = 1;
  while (size < keys.size() && (keys[size] & 0xc0) == 0x80) ++size;
  return keys.substr(0, size);
}

}  // namespace

void press(TopState& state, std::string_view keys) {
  while (!keys.empty()) {
    std::string_view key = first_key(keys);
    keys.remove_prefix(key.size());
    // Keys of the keypad's other mode say the same.
    std::string plain(key);
    if (plain.starts_with("\x1bO")) plain[1] = '[';
    state.is_typing&& plain != "\x03" ? type(state, plain) : act(state, plain);
  }
}

std::vector<const TopRow*> rows_shown(const TopSummary& summary, const TopState& state) {
  std::vector<const TopRow*> shown;
  for (const TopRow& row : summary.of(state.kind)) {
    bool passes = contains(row.name, state.filter) || contains(row.detail, state.filter) ||
                  contains(row.busiest, state.filter) || std::to_string(row.pid) == state.filter;
    if (passes) shown.push_back(&row);
  }
  return shown;
}

std::vector<std::string> draw_screen(const TopSummary* summary, TopState& state, ScreenSize size,
                                     lang::Color color) {
  std::vector<const TopRow*> rows;
  if (summary) rows = rows_shown(*summary, state);
  std::size_t room = size.lines > kAround ? size.lines - kAround : 0;
  state.first = std::min(state.first, rows.size() > room ? rows.size() - room : 0);
  std::vector<std::string> lines;
  auto add = [&](const std::vector<Piece>& pieces) { lines.push_back(line_of(pieces, size.columns, color)); };
  add(head(summary, state));
  add(tabs(state, rows.size()));
  add(column_titles(state.kind, size.columns));
  for (std::size_t i = state.first; i < rows.size() && i < state.first + room; ++i)
    add(row_pieces(*rows[i], state.kind, size.columns));
  if (rows.empty()) add({{nothing(summary, state)}});
  lines.resize(size.lines > 0 ? size.lines - 1 : 0);
  if (size.lines > 0) add(keys(state));
  return lines;
}

std::string plain_text(const TopSummary& summary, const TopState& state, std::size_t most) {
  constexpr std::size_t kWide = 120;
  std::string out;
  for (const auto& pieces : {head(&summary, state), column_titles(state.kind, kWide)}) {
    for (const Piece& piece : pieces) out += piece.text;
    out += '\n';
  }
  std::vector<const TopRow*> rows = rows_shown(summary, state);
  for (std::size_t i = 0; i < std::min(most, rows.size()); ++i)
    out += line_of(row_pieces(*rows[i], state.kind, kWide), kWide, lang::Color::off) + '\n';
  return out + '\n';
}

}  // namespace weir::cli
