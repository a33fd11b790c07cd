// Dictionary: what the profiles of one series in one segment are made of, each
// thing once: texts, files, frames, and stacks as a tree. A profile itself then
// says only how much of which stack there was. A profile with something new
// makes the dictionary grow; what is new is a part, written before the profile.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "profile/profile.h"
#include "store/read_error.h"

namespace weir::store {

class ByteReader;

// A sample whose stack is a number of the dictionary.
struct StackSum {
  std::uint32_t stack = 0;
  std::int64_t value = 0;
  std::int64_t count = 0;

  bool operator==(const StackSum&) const = default;
};

class Dictionary {
 public:
  // Of all stacks that are expanded together. Who writes sees to it that a dictionary has no more.
  static constexpr std::size_t kMaxFrames = 16u << 20;

  Dictionary();
  Dictionary(Dictionary&&) noexcept;
  Dictionary& operator=(Dictionary&&) noexcept;
  ~Dictionary();

  // The profile's samples, by stack number; each number once. Adds what is new.
  std::vector<StackSum> add(const profile::Profile& profile);
  // Stack numbers are below this.
  std::uint32_t stacks() const { return static_cast<std::uint32_t>(nodes_.size()); }

  // Frames that all stacks which samples have had are of, or more: of what was read that is not known.
  std::uint64_t stack_frames();

  // What has been added since the last part, as one more part.
  bool has_unwritten() const { return marks() != written_; }
  std::string unwritten() const { return encode(written_); }
  void mark_written() { written_ = marks(); }
  // All of it as one part.
  std::string whole() const { return encode(Marks()); }
  // Adds the next part. The bytes may be anything; after a failure the dictionary is of no use. Not after
  // add().
  Result<> read_part(std::string_view part);

  // Fills in the mappings, frames, stacks and samples of a profile; nothing that no sample uses.
  ReadResult<void> expand(const std::vector<StackSum>& sums, profile::Profile& profile) const;

  std::size_t memory() const;

 private:
  static constexpr std::uint32_t kRoots = 4;  // one for each pair of the flags a stack has
  struct Marks {
    std::size_t texts = 0, mappings = 0, frames = 0, nodes = kRoots;
    bool operator==(const Marks&) const = default;
  };
  struct Mapping {
    std::uint32_t file = 0, build_id = 0, why_no_name = 0;  // texts
    std::uint64_t start = 0, limit = 0, offset = 0;

    // Every process has a file at another place, and its frames have the addresses of the file: the place
    // where it was met first is kept.
    bool is_same_as(const Mapping& other) const {
      return file == other.file && build_id == other.build_id && why_no_name == other.why_no_name &&
             offset == other.offset;
    }
  };
  struct Line {
    std::uint32_t function = 0, file = 0, line = 0;

    bool operator==(const Line&) const = default;
  };
  struct Frame {
    std::uint64_t address = 0;
    std::uint32_t mapping = 0;  // 0: none; else one more than the index
    std::uint32_t lines_end = 0;
    profile::FrameKind kind{};
    profile::NoName no_name{};
  };
  // A stack is its leaf. The first nodes are the roots.
  struct Node {
    std::uint32_t parent = 0;
    std::uint32_t frame = 0;

    bool operator==(const Node&) const = default;
  };
  struct Index;  // finds what is there already

  Marks marks() const { return {text_ends_.size(), mappings_.size(), frames_.size(), nodes_.size()}; }
  std::string_view text(std::size_t number) const;
  std::uint32_t lines_begin(std::size_t frame) const { return frame == 0 ? 0 : frames_[frame - 1].lines_end; }
  void make_index();
  void assume_all_sampled();
  std::uint64_t hash_of(const Frame& frame, const Line* lines, std::size_t count) const;
  std::uint32_t add_text(std::string_view text);
  std::uint32_t add_mapping(const profile::Mapping& mapping);
  std::uint32_t add_frame(const profile::Profile& profile, const profile::Frame& frame);
  std::uint32_t add_node(Node node);
  std::uint32_t add_stack(const profile::Stack& stack, const std::vector<std::uint32_t>& frame_numbers);

  std::string encode(Marks from) const;
  void read_texts(ByteReader& in);
  void read_mappings(ByteReader& in);
  void read_frames(ByteReader& in);
  void read_nodes(ByteReader& in);

  void expand_frames(const std::vector<std::uint32_t>& used, profile::Profile& profile) const;
  bool expand_stack(std::uint32_t stack, const std::vector<std::uint32_t>& frame_index, std::size_t& budget,
                    profile::Profile& profile) const;

  std::string texts_;
  std::vector<std::uint32_t> text_ends_;
  std::vector<Mapping> mappings_;
  std::vector<Frame> frames_;
  std::vector<Line> lines_;
  std::vector<Node> nodes_;
  Marks written_;
  std::unique_ptr<Index> index_;
};

}  // namespace weir::store
