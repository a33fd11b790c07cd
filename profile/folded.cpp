#include <algorithm>
#include <charconv>
#include <map>
#include <unordered_map>

#include <fmt/core.h>

#include "profile/hash_index.h"
#include "profile/text_formats.h"

namespace weir::profile {
namespace {

constexpr std::size_t kMaxFrames = 64u << 20;  // in all stacks together

// A frame, its line and its place in the index; a stack and its sample. Vectors that grow have all twice.
constexpr std::size_t kFrameBytes = 2 * sizeof(Frame) + sizeof(Line) + 96;
constexpr std::size_t kStackBytes = 2 * (sizeof(Stack) + sizeof(Sample)) + 16;

std::unexpected<Error> too_much_memory(std::size_t line) {
  return fail("line {}: the stacks take too much memory once decoded", line);
}

// A name must not end its field or its line.
void append_name(std::string& out, std::string_view name) {
  for (char c : name) out += c == ';' ? ':' : c == '\n' || c == '\r' ? ' ' : c;
}

std::string fold(const Profile& profile, const Stack& stack) {
  if (stack.frames.empty()) return "[empty]";
  std::string out;
  for (std::size_t i = stack.frames.size(); i-- > 0;) {
    const Frame& frame = profile.frames[stack.frames[i]];
    if (frame.lines.empty()) append_name(out, display_name(frame, profile.mappings));
    for (std::size_t line = frame.lines.size(); line-- > 0;) {
      append_name(out, frame.lines[line].function);
      if (line > 0) out += ';';
    }
    if (i > 0) out += ';';
  }
  return out;
}

// Whoever makes up names cannot know which of them would collide.
struct SeededHash {
  std::size_t operator()(std::string_view text) const { return hash_string(text); }
};

class FoldedReader {
 public:
  explicit FoldedReader(MemoryBudget& budget) : budget_(budget) {}

  // With a value behind the stack, or as a stack that was met once.
  Result<> read(std::string_view line, std::size_t number);
  Result<> read_stack(std::string_view names, std::int64_t value, std::size_t number);
  Profile take() { return std::move(profile_); }

 private:
  std::uint32_t frame(std::string_view name);

  MemoryBudget& budget_;
  Profile profile_;
  std::unordered_map<std::string_view, std::uint32_t, SeededHash> frames_;  // views into the text
  std::size_t frame_count_ = 0;
};

std::uint32_t FoldedReader::frame(std::string_view name) {
  auto next = static_cast<std::uint32_t>(profile_.frames.size());
  auto [found, is_new] = frames_.try_emplace(name, next);
  if (is_new && budget_.take(kFrameBytes + name.size()))
    profile_.frames.push_back(
        {.kind = FrameKind::native, .no_name = NoName::named, .lines = {{std::string(name), "", 0}}});
  return found->second;
}

Result<> FoldedReader::read(std::string_view line, std::size_t number) {
  std::size_t space = line.rfind(' ');
  if (space == std::string_view::npos || space == 0)
    return fail("line {}: no value behind a stack: \"root;leaf 12\" was expected", number);
  std::string_view digits = line.substr(space + 1);
  std::int64_t value = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size())
    return fail("line {}: \"{}\" is no value", number, digits.substr(0, 40));
  return read_stack(line.substr(0, space), value, number);
}

Result<> FoldedReader::read_stack(std::string_view names, std::int64_t value, std::size_t number) {
  auto frames = static_cast<std::size_t>(std::ranges::count(names, ';')) + 1;
  Stack stack{.frames = {}, .complete = true};
  if (!budget_.take(kStackBytes + frames * sizeof stack.frames[0])) return too_much_memory(number);
  stack.frames.reserve(frames);
  for (std::size_t stop = names.size(); stop != std::string_view::npos;) {
    std::size_t start = stop == 0 ? std::string_view::npos : names.rfind(';', stop - 1);
    std::size_t begin = start == std::string_view::npos ? 0 : start + 1;
    stack.frames.push_back(frame(names.substr(begin, stop - begin)));
    stop = start;
  }
  if (budget_.is_over()) return too_much_memory(number);
  frame_count_ += frames;
  if (frame_count_ > kMaxFrames) return fail("line {}: more than {} frames in all", number, kMaxFrames);
  profile_.samples.push_back(
      {.stack = static_cast<std::uint32_t>(profile_.stacks.size()), .value = value, .count = value});
  profile_.stacks.push_back(std::move(stack));
  return {};
}

}  // namespace

std::string encode_folded(const Profile& profile) {
  std::string out;
  for (const Sample& sample : profile.samples)
    out += fmt::format("{} {}\n", fold(profile, profile.stacks[sample.stack]), sample.value);
  return out;
}

std::string encode_folded(const Profile& before, const Profile& after) {
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> sums;
  for (const Sample& sample : before.samples) {
    auto& sum = sums[fold(before, before.stacks[sample.stack])].first;
    sum = add_saturating(sum, sample.value);
  }
  for (const Sample& sample : after.samples) {
    auto& sum = sums[fold(after, after.stacks[sample.stack])].second;
    sum = add_saturating(sum, sample.value);
  }
  std::string out;
  for (const auto& [stack, sum] : sums) out += fmt::format("{} {} {}\n", stack, sum.first, sum.second);
  return out;
}

Result<Profile> decode_folded(std::string_view text, std::size_t limit) {
  if (text.size() > limit) return fail("larger than {} bytes", limit);
  MemoryBudget budget(memory_for(limit));
  return decode_folded(text, FoldedLines::with_values, budget);
}

Result<Profile> decode_folded(std::string_view text, FoldedLines lines, MemoryBudget& budget) {
  FoldedReader reader(budget);
  std::size_t number = 0;
  while (!text.empty()) {
    std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    while (line.ends_with('\r') || line.ends_with(' ')) line.remove_suffix(1);
    while (lines == FoldedLines::stacks_only && line.starts_with(' ')) line.remove_prefix(1);
    if (line.empty() || line.starts_with('#')) continue;
    auto read =
        lines == FoldedLines::with_values ? reader.read(line, number) : reader.read_stack(line, 1, number);
    if (!read) return fail(read.error());
  }
  Profile profile = reader.take();
  profile.type = {.name = "",
                  .sample_type = "samples",
                  .sample_unit = "count",
                  .period_type = "samples",
                  .period_unit = "count"};
  return profile;
}

}  // namespace weir::profile
