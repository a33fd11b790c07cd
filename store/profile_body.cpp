#include <zstd.h>

#include <algorithm>
#include <vector>

#include "profile/hash_index.h"
#include "store/coding.h"
#include "store/record.h"

namespace weir::store {
namespace {

using profile::Frame;
using profile::Mapping;
using profile::Profile;
using profile::Stack;

constexpr std::uint8_t kBodyV1 = 1;
constexpr std::uint8_t kBodyV2 = 2;  // a mapping says why its frames have no names
constexpr int kLevel = 3;            // half of level 1's size for names, at twice its time
constexpr std::size_t kMaxUnpacked = 256u << 20;

class BodyEncoder {
 public:
  explicit BodyEncoder(const Profile& profile) : profile_(profile) {}

  std::string encode() {
    write_mappings();
    write_frames();
    write_stacks();
    write_samples();
    ByteWriter out;
    out.byte(kBodyV2);
    out.signed_number(profile_.period);
    out.number(strings_.size());
    for (std::string_view text : strings_) out.number(text.size());
    for (std::string_view text : strings_) out.bytes(text);
    out.bytes(rest_.take());
    return out.take();
  }

 private:
  void string(std::string_view text) {
    auto next = static_cast<std::uint32_t>(strings_.size());
    auto [index, is_new] = index_.find_or_insert(profile::hash_string(text), next,
                                                 [&](std::uint32_t i) { return strings_[i] == text; });
    if (is_new) strings_.push_back(text);
    rest_.number(index);
  }
  void write_mappings() {
    rest_.number(profile_.mappings.size());
    for (const Mapping& mapping : profile_.mappings) {
      string(mapping.file);
      string(mapping.build_id);
      rest_.number(mapping.start);
      rest_.number(mapping.limit - mapping.start);
      rest_.number(mapping.offset);
      string(mapping.why_no_name);
    }
  }
  void write_frames();
  void write_stacks();
  void write_samples();

  const Profile& profile_;
  std::vector<std::string_view> strings_;
  profile::HashIndex index_;
  ByteWriter rest_;
};

// Column by column: like stands beside like, which is what compresses.
void BodyEncoder::write_frames() {
  const std::vector<Frame>& frames = profile_.frames;
  rest_.number(frames.size());
  for (const Frame& frame : frames) rest_.byte(static_cast<std::uint8_t>(frame.kind));
  for (const Frame& frame : frames) rest_.byte(static_cast<std::uint8_t>(frame.no_name));
  for (const Frame& frame : frames)
    rest_.number(frame.mapping == profile::kNoMapping ? 0 : std::uint64_t{frame.mapping} + 1);
  std::uint64_t last = 0;
  for (const Frame& frame : frames) {
    rest_.signed_number(static_cast<std::int64_t>(frame.address - last));
    last = frame.address;
  }
  for (const Frame& frame : frames) rest_.number(frame.lines.size());
  for (const Frame& frame : frames) {
    for (const profile::Line& line : frame.lines) {
      string(line.function);
      string(line.file);
      rest_.number(line.line);
    }
  }
}

// Root first, and only what differs from the stack before.
void BodyEncoder::write_stacks() {
  rest_.number(profile_.stacks.size());
  const Stack* last = nullptr;
  for (const Stack& stack : profile_.stacks) {
    std::size_t shared = 0;
    if (last != nullptr) {
      auto ends = std::mismatch(stack.frames.rbegin(), stack.frames.rend(), last->frames.rbegin(),
                                last->frames.rend());
      shared = static_cast<std::size_t>(ends.first - stack.frames.rbegin());
    }
    rest_.byte(static_cast<std::uint8_t>((stack.complete ? 1 : 0) | (stack.truncated ? 2 : 0)));
    rest_.number(shared);
    rest_.number(stack.frames.size() - shared);
    for (auto frame = stack.frames.rbegin() + static_cast<std::ptrdiff_t>(shared);
         frame != stack.frames.rend(); ++frame) {
      rest_.number(*frame);
    }
    last = &stack;
  }
}

void BodyEncoder::write_samples() {
  rest_.number(profile_.samples.size());
  std::uint32_t last = 0;
  for (const profile::Sample& sample : profile_.samples) {
    rest_.signed_number(std::int64_t{sample.stack} - std::int64_t{last});
    last = sample.stack;
  }
  for (const profile::Sample& sample : profile_.samples) rest_.signed_number(sample.count);
  // A value is most often count times period: then this is a row of zeros.
  for (const profile::Sample& sample : profile_.samples) {
    auto product = static_cast<std::uint64_t>(sample.count) * static_cast<std::uint64_t>(profile_.period);
    rest_.signed_number(static_cast<std::int64_t>(static_cast<std::uint64_t>(sample.value) - product));
  }
}

class BodyDecoder {
 public:
  BodyDecoder(std::string_view data, Profile& profile) : in_(data), profile_(profile) {}

  Result<> decode() {
    version_ = in_.byte();
    if (version_ != kBodyV1 && version_ != kBodyV2) return fail("read a stored profile: unknown version");
    profile_.period = in_.signed_number();
    read_strings();
    read_mappings();
    read_frames();
    read_stacks();
    read_samples();
    if (in_.failed() || !in_.at_end()) return fail("read a stored profile: damaged");
    return {};
  }

 private:
  std::string string() {
    std::uint32_t index = in_.index(strings_.size());
    return in_.failed() ? std::string() : std::string(strings_[index]);
  }
  void read_strings() {
    std::vector<std::size_t> sizes(in_.count(1));
    for (std::size_t& size : sizes) size = in_.number();
    for (std::size_t size : sizes) strings_.push_back(in_.bytes(size));
  }
  void read_mappings() {
    profile_.mappings.resize(in_.count(5));
    for (Mapping& mapping : profile_.mappings) {
      mapping.file = string();
      mapping.build_id = string();
      mapping.start = in_.number();
      mapping.limit = mapping.start + in_.number();
      mapping.offset = in_.number();
      if (version_ >= kBodyV2) mapping.why_no_name = string();
    }
  }
  void read_frames();
  void read_stacks();
  void read_samples();

  ByteReader in_;
  Profile& profile_;
  std::uint8_t version_ = 0;
  std::vector<std::string_view> strings_;
};

void BodyDecoder::read_frames() {
  constexpr auto kKinds = static_cast<std::size_t>(profile::FrameKind::unknown) + 1;
  constexpr auto kReasons = static_cast<std::size_t>(profile::NoName::evicted) + 1;
  std::vector<Frame>& frames = profile_.frames;
  frames.resize(in_.count(5));
  for (Frame& frame : frames) frame.kind = static_cast<profile::FrameKind>(in_.index(kKinds));
  for (Frame& frame : frames) frame.no_name = static_cast<profile::NoName>(in_.index(kReasons));
  for (Frame& frame : frames) {
    std::uint32_t mapping = in_.index(profile_.mappings.size() + 1);
    frame.mapping = mapping == 0 ? profile::kNoMapping : mapping - 1;
  }
  std::uint64_t last = 0;
  for (Frame& frame : frames) {
    last += static_cast<std::uint64_t>(in_.signed_number());
    frame.address = last;
  }
  std::size_t lines = 0;
  for (Frame& frame : frames) {
    std::size_t count = in_.count(3);
    // All together must find room too: the lines themselves come later.
    if ((lines += count) > kMaxUnpacked / sizeof(profile::Line)) return in_.fail();
    frame.lines.resize(count);
  }
  for (Frame& frame : frames) {
    for (profile::Line& line : frame.lines) {
      line.function = string();
      line.file = string();
      line.line = static_cast<std::uint32_t>(in_.index(std::size_t{UINT32_MAX} + 1));
    }
    if (in_.failed()) return;
  }
}

void BodyDecoder::read_stacks() {
  std::size_t budget = kMaxUnpacked / sizeof(std::uint32_t);  // of frames in all stacks
  std::vector<std::uint32_t> path;                            // root first
  profile_.stacks.resize(in_.count(3));
  for (Stack& stack : profile_.stacks) {
    std::uint8_t flags = in_.byte();
    path.resize(in_.index(path.size() + 1));
    std::size_t added = in_.count(1);
    for (std::size_t i = 0; i < added; ++i) path.push_back(in_.index(profile_.frames.size()));
    if (path.size() > budget) in_.fail();
    if (in_.failed()) return;
    budget -= path.size();
    stack.frames.assign(path.rbegin(), path.rend());
    stack.complete = (flags & 1) != 0;
    stack.truncated = (flags & 2) != 0;
  }
}

void BodyDecoder::read_samples() {
  profile_.samples.resize(in_.count(3));
  std::int64_t last = 0;
  for (profile::Sample& sample : profile_.samples) {
    last += in_.signed_number() % (std::int64_t{1} << 33);
    if (last < 0 || last >= static_cast<std::int64_t>(profile_.stacks.size())) return in_.fail();
    sample.stack = static_cast<std::uint32_t>(last);
  }
  for (profile::Sample& sample : profile_.samples) sample.count = in_.signed_number();
  for (profile::Sample& sample : profile_.samples) {
    auto product = static_cast<std::uint64_t>(sample.count) * static_cast<std::uint64_t>(profile_.period);
    sample.value = static_cast<std::int64_t>(static_cast<std::uint64_t>(in_.signed_number()) + product);
  }
}

std::string compress(std::string_view data) {
  std::string out;
  out.resize_and_overwrite(ZSTD_compressBound(data.size()), [&](char* to, std::size_t room) {
    std::size_t n = ZSTD_compress(to, room, data.data(), data.size(), kLevel);
    return ZSTD_isError(n) != 0 ? 0 : n;
  });
  return out;
}

Result<std::string> decompress(std::string_view data) {
  unsigned long long size = ZSTD_getFrameContentSize(data.data(), data.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > kMaxUnpacked)
    return fail("read a stored profile: not zstd data, or too large");
  std::string out;
  bool whole = false;
  out.resize_and_overwrite(size, [&](char* to, std::size_t room) {
    std::size_t n = ZSTD_decompress(to, room, data.data(), data.size());
    whole = ZSTD_isError(n) == 0 && n == size;
    return whole ? n : 0;
  });
  if (!whole) return fail("read a stored profile: damaged zstd data");
  return out;
}

}  // namespace

std::string encode_body(const Profile& profile) {
  return compress(BodyEncoder(profile).encode());
}

Result<> decode_body(std::string_view body, Profile& profile) {
  auto data = decompress(body);
  if (!data) return fail(data.error());
  return BodyDecoder(*data, profile).decode();
}

}  // namespace weir::store
