#include "store/dictionary.h"

#include <algorithm>
#include <cassert>
#include <span>

#include "profile/hash_index.h"
#include "store/coding.h"

namespace weir::store {
namespace {

using profile::hash_mix;
using profile::hash_string;
using profile::HashIndex;
using profile::Profile;

constexpr std::uint8_t kPartV1 = 1;
constexpr std::uint32_t kNone = 0xffffffff;

std::uint32_t root_of(const profile::Stack& stack) {
  return (stack.complete ? 1u : 0u) | (stack.truncated ? 2u : 0u);
}

std::uint32_t number(std::size_t size) {
  return static_cast<std::uint32_t>(size);
}

}  // namespace

struct Dictionary::Index {
  HashIndex texts, mappings, frames, nodes;
  std::vector<Line> lines;    // of the frame being added
  std::vector<bool> sampled;  // by node: whether it is the leaf of a sample
  std::uint64_t stack_frames = 0;
};

Dictionary::Dictionary() : nodes_(kRoots) {}
Dictionary::Dictionary(Dictionary&&) noexcept = default;
Dictionary& Dictionary::operator=(Dictionary&&) noexcept = default;
Dictionary::~Dictionary() = default;

std::string_view Dictionary::text(std::size_t number) const {
  std::uint32_t begin = number == 0 ? 0 : text_ends_[number - 1];
  return std::string_view(texts_).substr(begin, text_ends_[number] - begin);
}

std::size_t Dictionary::memory() const {
  constexpr std::size_t kSlots = 16;  // of an index, for each thing
  return texts_.size() + text_ends_.size() * (sizeof(std::uint32_t) + kSlots) +
         mappings_.size() * (sizeof(Mapping) + kSlots) + frames_.size() * (sizeof(Frame) + kSlots) +
         lines_.size() * sizeof(Line) + nodes_.size() * (sizeof(Node) + kSlots);
}

// ---- adding ------------------------------------------------------------------------------------

namespace {

std::uint64_t hash_of_mapping(const auto& m) {
  return hash_mix(hash_mix(m.file, m.build_id), hash_mix(m.offset, m.why_no_name));
}

std::uint64_t hash_of_node(const auto& node) {
  return hash_mix(node.parent, node.frame);
}

}  // namespace

std::uint64_t Dictionary::hash_of(const Frame& frame, const Line* lines, std::size_t count) const {
  std::uint64_t flags =
      static_cast<std::uint64_t>(frame.kind) << 8 | static_cast<std::uint64_t>(frame.no_name);
  std::uint64_t hash = hash_mix(frame.address, std::uint64_t{frame.mapping} << 16 | flags);
  return profile::hash_bytes(lines, count * sizeof(Line), hash);
}

// What was read comes without an index: most who read never add.
void Dictionary::make_index() {
  if (index_) return;
  index_ = std::make_unique<Index>();
  for (std::size_t i = 0; i < text_ends_.size(); ++i) index_->texts.insert(hash_string(text(i)), number(i));
  for (std::size_t i = 0; i < mappings_.size(); ++i)
    index_->mappings.insert(hash_of_mapping(mappings_[i]), number(i));
  for (std::size_t i = 0; i < frames_.size(); ++i) {
    const Line* lines = lines_.data() + lines_begin(i);
    index_->frames.insert(hash_of(frames_[i], lines, frames_[i].lines_end - lines_begin(i)), number(i));
  }
  for (std::size_t i = kRoots; i < nodes_.size(); ++i)
    index_->nodes.insert(hash_of_node(nodes_[i]), number(i));
  assume_all_sampled();
}

void Dictionary::assume_all_sampled() {
  index_->sampled.assign(nodes_.size(), true);
  std::vector<std::uint32_t> depths(nodes_.size());
  for (std::size_t i = kRoots; i < nodes_.size(); ++i)
    index_->stack_frames += depths[i] = depths[nodes_[i].parent] + 1;
}

std::uint64_t Dictionary::stack_frames() {
  make_index();
  return index_->stack_frames;
}

std::uint32_t Dictionary::add_text(std::string_view added) {
  auto [found, is_new] = index_->texts.find_or_insert(hash_string(added), number(text_ends_.size()),
                                                      [&](std::uint32_t i) { return text(i) == added; });
  if (is_new) {
    texts_.append(added);
    text_ends_.push_back(number(texts_.size()));
  }
  return found;
}

std::uint32_t Dictionary::add_mapping(const profile::Mapping& mapping) {
  Mapping added{.file = add_text(mapping.file),
                .build_id = add_text(mapping.build_id),
                .why_no_name = add_text(mapping.why_no_name),
                .start = mapping.start,
                .limit = mapping.limit,
                .offset = mapping.offset};
  auto [found, is_new] =
      index_->mappings.find_or_insert(hash_of_mapping(added), number(mappings_.size()),
                                      [&](std::uint32_t i) { return mappings_[i].is_same_as(added); });
  if (is_new) mappings_.push_back(added);
  return found;
}

std::uint32_t Dictionary::add_frame(const Profile& profile, const profile::Frame& frame) {
  Frame added{.address = frame.address, .kind = frame.kind, .no_name = frame.no_name};
  if (frame.mapping < profile.mappings.size())
    added.mapping = 1 + add_mapping(profile.mappings[frame.mapping]);
  std::vector<Line>& lines = index_->lines;
  lines.clear();
  for (const profile::Line& line : frame.lines)
    lines.push_back({add_text(line.function), add_text(line.file), line.line});
  auto same = [&](std::uint32_t i) {
    const Frame& f = frames_[i];
    return f.address == added.address && f.mapping == added.mapping && f.kind == added.kind &&
           f.no_name == added.no_name &&
           std::ranges::equal(lines, std::span(lines_).subspan(lines_begin(i), f.lines_end - lines_begin(i)));
  };
  auto [found, is_new] =
      index_->frames.find_or_insert(hash_of(added, lines.data(), lines.size()), number(frames_.size()), same);
  if (is_new) {
    lines_.insert(lines_.end(), lines.begin(), lines.end());
    added.lines_end = number(lines_.size());
    frames_.push_back(added);
  }
  return found;
}

std::uint32_t Dictionary::add_node(Node node) {
  auto [found, is_new] = index_->nodes.find_or_insert(hash_of_node(node), number(nodes_.size()),
                                                      [&](std::uint32_t i) { return nodes_[i] == node; });
  if (is_new) nodes_.push_back(node);
  return found;
}

std::uint32_t Dictionary::add_stack(const profile::Stack& stack,
                                    const std::vector<std::uint32_t>& frame_numbers) {
  std::uint32_t node = root_of(stack);
  for (auto frame = stack.frames.rbegin(); frame != stack.frames.rend(); ++frame)
    node = add_node({node, frame_numbers[*frame]});
  index_->sampled.resize(nodes_.size());
  if (!index_->sampled[node]) index_->stack_frames += stack.frames.size();
  index_->sampled[node] = true;
  return node;
}

std::vector<StackSum> Dictionary::add(const Profile& profile) {
  make_index();
  std::vector<std::uint32_t> frames;
  for (const profile::Frame& frame : profile.frames) frames.push_back(add_frame(profile, frame));
  std::vector<std::uint32_t> stacks(profile.stacks.size(), kNone);
  std::vector<StackSum> sums;
  for (const profile::Sample& sample : profile.samples) {
    std::uint32_t& stack = stacks[sample.stack];
    if (stack == kNone) stack = add_stack(profile.stacks[sample.stack], frames);
    sums.push_back({stack, sample.value, sample.count});
  }
  // The same stack comes again where its samples have other labels.
  std::ranges::sort(sums, {}, &StackSum::stack);
  std::size_t kept = 0;
  for (const StackSum& sum : sums) {
    if (kept == 0 || sums[kept - 1].stack != sum.stack) {
      sums[kept++] = sum;
      continue;
    }
    sums[kept - 1].value = profile::add_saturating(sums[kept - 1].value, sum.value);
    sums[kept - 1].count = profile::add_saturating(sums[kept - 1].count, sum.count);
  }
  sums.resize(kept);
  return sums;
}

// ---- writing -----------------------------------------------------------------------------------

// Column by column: like stands beside like, which is what compresses.
std::string Dictionary::encode(Marks from) const {
  ByteWriter out;
  out.byte(kPartV1);
  out.number(text_ends_.size() - from.texts);
  for (std::size_t i = from.texts; i < text_ends_.size(); ++i) out.number(text(i).size());
  for (std::size_t i = from.texts; i < text_ends_.size(); ++i) out.bytes(text(i));
  out.number(mappings_.size() - from.mappings);
  for (std::size_t i = from.mappings; i < mappings_.size(); ++i) {
    const Mapping& m = mappings_[i];
    for (std::uint64_t n : {std::uint64_t{m.file}, std::uint64_t{m.build_id}, std::uint64_t{m.why_no_name},
                            m.start, m.limit - m.start, m.offset})
      out.number(n);
  }
  std::span frames = std::span(frames_).subspan(from.frames);
  out.number(frames.size());
  for (const Frame& frame : frames) out.byte(static_cast<std::uint8_t>(frame.kind));
  for (const Frame& frame : frames) out.byte(static_cast<std::uint8_t>(frame.no_name));
  for (const Frame& frame : frames) out.number(frame.mapping);
  std::uint64_t last = 0;
  for (const Frame& frame : frames) {
    out.signed_number(static_cast<std::int64_t>(frame.address - last));
    last = frame.address;
  }
  std::uint32_t end = lines_begin(from.frames);
  std::span lines = std::span(lines_).subspan(end);
  for (const Frame& frame : frames) {
    out.number(frame.lines_end - end);
    end = frame.lines_end;
  }
  for (const Line& line : lines) out.number(line.function);
  for (const Line& line : lines) out.number(line.file);
  for (const Line& line : lines) out.number(line.line);
  // A parent is most often the node just before.
  out.number(nodes_.size() - from.nodes);
  for (std::size_t i = from.nodes; i < nodes_.size(); ++i) out.number(i - nodes_[i].parent);
  for (std::size_t i = from.nodes; i < nodes_.size(); ++i) out.number(nodes_[i].frame);
  return out.take();
}

// ---- reading -----------------------------------------------------------------------------------

Result<> Dictionary::read_part(std::string_view part) {
  assert(!index_);
  ByteReader in(part);
  if (in.byte() != kPartV1) return fail("read the dictionary of a series: unknown version");
  read_texts(in);
  read_mappings(in);
  read_frames(in);
  read_nodes(in);
  if (in.failed() || !in.at_end()) return fail("read the dictionary of a series: damaged");
  mark_written();
  return {};
}

void Dictionary::read_texts(ByteReader& in) {
  std::vector<std::size_t> sizes(in.count(1));
  for (std::size_t& size : sizes) size = in.number();
  for (std::size_t size : sizes) {
    texts_.append(in.bytes(size));
    text_ends_.push_back(number(texts_.size()));
  }
}

void Dictionary::read_mappings(ByteReader& in) {
  for (std::size_t left = in.count(6); left > 0; --left) {
    Mapping mapping;
    for (std::uint32_t* of : {&mapping.file, &mapping.build_id, &mapping.why_no_name})
      *of = in.index(text_ends_.size());
    mapping.start = in.number();
    mapping.limit = mapping.start + in.number();
    mapping.offset = in.number();
    if (in.failed()) return;
    mappings_.push_back(mapping);
  }
}

void Dictionary::read_frames(ByteReader& in) {
  constexpr auto kKinds = static_cast<std::size_t>(profile::FrameKind::unknown) + 1;
  constexpr auto kReasons = static_cast<std::size_t>(profile::NoName::evicted) + 1;
  std::vector<Frame> frames(in.count(5));
  for (Frame& frame : frames) frame.kind = static_cast<profile::FrameKind>(in.index(kKinds));
  for (Frame& frame : frames) frame.no_name = static_cast<profile::NoName>(in.index(kReasons));
  for (Frame& frame : frames) frame.mapping = in.index(mappings_.size() + 1);
  std::uint64_t last = 0;
  for (Frame& frame : frames) frame.address = last += static_cast<std::uint64_t>(in.signed_number());
  std::size_t before = lines_.size();
  std::size_t end = before;
  for (Frame& frame : frames) frame.lines_end = number(end += in.count(3));
  // Each count alone could be true, but not all together.
  if (in.failed() || end - before > in.left() / 3) return in.fail();
  frames_.insert(frames_.end(), frames.begin(), frames.end());
  lines_.resize(end);
  std::span lines = std::span(lines_).subspan(before);
  for (Line& line : lines) line.function = in.index(text_ends_.size());
  for (Line& line : lines) line.file = in.index(text_ends_.size());
  for (Line& line : lines) line.line = in.index(std::size_t{UINT32_MAX} + 1);
}

void Dictionary::read_nodes(ByteReader& in) {
  std::size_t first = nodes_.size();
  nodes_.resize(first + in.count(2));
  for (std::size_t i = first; i < nodes_.size(); ++i) {
    std::uint32_t back = in.index(i + 1);
    if (back == 0) return in.fail();
    nodes_[i].parent = number(i) - back;
  }
  for (std::size_t i = first; i < nodes_.size(); ++i) nodes_[i].frame = in.index(frames_.size());
}

// ---- making profiles again ---------------------------------------------------------------------

ReadResult<void> Dictionary::expand(const std::vector<StackSum>& sums, Profile& profile) const {
  std::vector<std::uint32_t> frame_index(frames_.size(), kNone);
  std::vector<bool> seen(nodes_.size());
  for (const StackSum& sum : sums) {
    if (sum.stack >= nodes_.size())
      return fail_read(ReadError::Why::nonsense, "read a stored profile: its dictionary has no such stack");
    for (std::uint32_t node = sum.stack; node >= kRoots && !seen[node]; node = nodes_[node].parent) {
      seen[node] = true;
      frame_index[nodes_[node].frame] = 0;
    }
  }
  std::vector<std::uint32_t> used;
  for (std::uint32_t frame = 0; frame < frames_.size(); ++frame) {
    if (frame_index[frame] == kNone) continue;
    frame_index[frame] = number(used.size());
    used.push_back(frame);
  }
  expand_frames(used, profile);
  std::size_t budget = kMaxFrames;
  for (const StackSum& sum : sums) {
    profile.samples.push_back({number(profile.stacks.size()), sum.value, sum.count});
    if (!expand_stack(sum.stack, frame_index, budget, profile))
      return fail_read(ReadError::Why::too_large, "its stacks have more than {} frames", kMaxFrames);
  }
  return {};
}

void Dictionary::expand_frames(const std::vector<std::uint32_t>& used, Profile& profile) const {
  std::vector<std::uint32_t> mapping_index(mappings_.size(), kNone);
  for (std::uint32_t i : used) {
    if (frames_[i].mapping != 0) mapping_index[frames_[i].mapping - 1] = 0;
  }
  for (std::size_t i = 0; i < mappings_.size(); ++i) {
    if (mapping_index[i] == kNone) continue;
    mapping_index[i] = number(profile.mappings.size());
    const Mapping& m = mappings_[i];
    profile.mappings.push_back({.file = std::string(text(m.file)),
                                .build_id = std::string(text(m.build_id)),
                                .start = m.start,
                                .limit = m.limit,
                                .offset = m.offset,
                                .why_no_name = std::string(text(m.why_no_name))});
  }
  for (std::uint32_t i : used) {
    const Frame& f = frames_[i];
    profile::Frame& frame = profile.frames.emplace_back(
        profile::Frame{.kind = f.kind, .no_name = f.no_name, .address = f.address});
    if (f.mapping != 0) frame.mapping = mapping_index[f.mapping - 1];
    for (std::uint32_t at = lines_begin(i); at < f.lines_end; ++at) {
      const Line& line = lines_[at];
      frame.lines.push_back({std::string(text(line.function)), std::string(text(line.file)), line.line});
    }
  }
}

bool Dictionary::expand_stack(std::uint32_t stack, const std::vector<std::uint32_t>& frame_index,
                              std::size_t& budget, Profile& profile) const {
  std::vector<std::uint32_t>& frames = profile.stacks.emplace_back().frames;
  std::uint32_t node = stack;
  for (; node >= kRoots && budget > 0; node = nodes_[node].parent, --budget)
    frames.push_back(frame_index[nodes_[node].frame]);
  profile.stacks.back().complete = (node & 1) != 0;
  profile.stacks.back().truncated = (node & 2) != 0;
  return node < kRoots;
}

}  // namespace weir::store
