#include <algorithm>
#include <chrono>

#include "base/utf8.h"
#include "profile/hash_index.h"
#include "profile/pprof.h"
#include "profile/text.h"
#include "profile/wire.h"

// The numbers are those of the fields in google/pprof's profile.proto.

namespace weir::profile {
namespace {

class StringTable {
 public:
  StringTable() { add(""); }

  std::uint32_t add(std::string_view text) {
    auto next = static_cast<std::uint32_t>(strings_.size());
    auto [index, is_new] =
        index_.find_or_insert(hash_string(text), next, [&](std::uint32_t i) { return strings_[i] == text; });
    if (is_new) strings_.push_back(text);
    return index;
  }
  const std::vector<std::string_view>& strings() const { return strings_; }

 private:
  std::vector<std::string_view> strings_;
  HashIndex index_;
};

struct Function {
  std::uint32_t name = 0;
  std::uint32_t file = 0;

  bool operator==(const Function&) const = default;
};

// Comments say why frames have no names: of so many mappings, in so many bytes each.
constexpr std::size_t kMostComments = 64;
constexpr std::size_t kLongestComment = 512;

struct MappingUse {
  NoName no_name = NoName::named;  // of a frame in it, should there be one without a name
  bool functions = false;
  bool filenames = false;
  bool lines = false;
  bool inlined = false;
};

class Encoder {
 public:
  explicit Encoder(const Profile& profile) : profile_(profile), uses_(profile.mappings.size() + 1) {}

  std::string encode() {
    place_names_.reserve(profile_.frames.size());
    out_.room(expected_size());
    write_value_type(1, profile_.type.sample_type, profile_.type.sample_unit);
    write_samples();
    for (std::uint32_t i = 0; i < profile_.frames.size(); ++i) write_location(i);
    write_functions();
    write_mappings();
    write_comments();
    write_totals();
    write_strings();
    return out_.take();
  }

 private:
  std::size_t expected_size() const;
  void write_value_type(unsigned number, std::string_view type, std::string_view unit);
  void write_samples();
  std::size_t sample_labels_size(const Sample& sample);
  void write_sample_labels(const Sample& sample);
  void write_location(std::uint32_t index);
  void write_functions();
  void write_mappings();
  void write_mapping(std::uint64_t id, const Mapping& mapping, const MappingUse& use);
  void write_comments();
  void write_totals();
  void write_strings();
  std::uint64_t mapping_id(const Frame& frame);
  std::uint64_t function_id(std::string_view name, std::string_view file);

  const Profile& profile_;
  WireWriter out_;
  StringTable strings_;
  std::vector<Function> functions_;
  HashIndex function_index_;
  std::vector<MappingUse> uses_;  // the last is the kernel's, if it has no mapping of its own
  bool kernel_used_ = false;
  Mapping kernel_{.file = std::string(kKernelFile)};
  std::vector<std::string> place_names_;                        // reserved: strings_ points into it
  std::vector<std::string> comments_;                           // this as well
  std::vector<std::pair<std::uint64_t, std::uint32_t>> lines_;  // of one location: function, line
};

// A large buffer that grows is new to the kernel each time, which takes longer than to fill it. What is
// expected too much is never touched.
std::size_t Encoder::expected_size() const {
  constexpr std::size_t kRest = 4096;
  constexpr std::size_t kSample = 16;  // without its stack
  constexpr std::size_t kFrame = 96;   // a location, a function, a name
  std::size_t depth = 0;
  for (const Sample& sample : profile_.samples) depth += profile_.stacks[sample.stack].frames.size();
  return kRest + profile_.samples.size() * kSample + depth * varint_size(profile_.frames.size()) +
         profile_.frames.size() * kFrame;
}

void Encoder::write_value_type(unsigned number, std::string_view type, std::string_view unit) {
  std::uint64_t type_id = strings_.add(type);
  std::uint64_t unit_id = strings_.add(unit);
  std::size_t size = field_size(type_id) + field_size(unit_id);
  out_.room(message_size(size));
  out_.begin(number, size);
  out_.field(1, type_id);
  out_.field(2, unit_id);
}

std::size_t Encoder::sample_labels_size(const Sample& sample) {
  if (sample.labels >= profile_.sample_labels.size()) return 0;
  std::size_t size = 0;
  for (const auto& [name, value] : profile_.sample_labels[sample.labels].pairs())
    size += message_size(field_size(strings_.add(name)) + field_size(strings_.add(value)));
  return size;
}

void Encoder::write_sample_labels(const Sample& sample) {
  if (sample.labels >= profile_.sample_labels.size()) return;
  for (const auto& [name, value] : profile_.sample_labels[sample.labels].pairs()) {
    std::uint64_t name_id = strings_.add(name);
    std::uint64_t value_id = strings_.add(value);
    out_.begin(3, field_size(name_id) + field_size(value_id));
    out_.field(1, name_id);
    out_.field(2, value_id);
  }
}

void Encoder::write_samples() {
  for (const Sample& sample : profile_.samples) {
    const std::vector<std::uint32_t>& frames = profile_.stacks[sample.stack].frames;
    std::size_t ids = 0;
    for (std::uint32_t frame : frames) ids += varint_size(std::uint64_t{frame} + 1);
    auto value = static_cast<std::uint64_t>(sample.value);
    std::size_t values = varint_size(value);
    // Packed fields, as proto3 writes repeated numbers. A value of 0 is written
    // too: readers check that each sample has as many as there are types.
    std::size_t size =
        (frames.empty() ? 0 : message_size(ids)) + message_size(values) + sample_labels_size(sample);
    out_.room(message_size(size));
    out_.begin(2, size);
    if (!frames.empty()) {
      out_.begin(1, ids);
      for (std::uint32_t frame : frames) out_.varint(std::uint64_t{frame} + 1);
    }
    out_.begin(2, values);
    out_.varint(value);
    write_sample_labels(sample);
  }
}

std::uint64_t Encoder::mapping_id(const Frame& frame) {
  if (frame.mapping < profile_.mappings.size()) return std::uint64_t{frame.mapping} + 1;
  if (frame.kind != FrameKind::kernel) return 0;
  kernel_used_ = true;
  return profile_.mappings.size() + 1;
}

std::uint64_t Encoder::function_id(std::string_view name, std::string_view file) {
  Function function{strings_.add(name), strings_.add(file)};
  auto next = static_cast<std::uint32_t>(functions_.size());
  auto [index, is_new] =
      function_index_.find_or_insert(hash_mix(function.name, function.file), next,
                                     [&](std::uint32_t i) { return functions_[i] == function; });
  if (is_new) functions_.push_back(function);
  return std::uint64_t{index} + 1;
}

void Encoder::write_location(std::uint32_t index) {
  const Frame& frame = profile_.frames[index];
  std::uint64_t mapping = mapping_id(frame);
  lines_.clear();
  for (const Line& line : frame.lines) {
    lines_.emplace_back(function_id(line.function, line.file), line.line);
    if (mapping == 0) continue;
    MappingUse& use = uses_[mapping - 1];
    use.functions = true;
    use.filenames |= !line.file.empty();
    use.lines |= line.line != 0;
    use.inlined |= frame.lines.size() > 1;
  }
  if (frame.lines.empty()) {
    place_names_.push_back(display_name(frame, profile_.mappings));
    lines_.emplace_back(function_id(place_names_.back(), {}), 0);
    if (mapping != 0 && frame.no_name != NoName::named) uses_[mapping - 1].no_name = frame.no_name;
  }
  std::size_t size = field_size(index + 1) + field_size(mapping) + field_size(frame.address);
  for (auto [function, line] : lines_) size += message_size(field_size(function) + field_size(line));
  out_.room(message_size(size));
  out_.begin(4, size);
  out_.field(1, std::uint64_t{index} + 1);
  out_.field(2, mapping);
  out_.field(3, frame.address);
  for (auto [function, line] : lines_) {
    out_.begin(4, field_size(function) + field_size(line));
    out_.field(1, function);
    out_.field(2, line);
  }
}

void Encoder::write_functions() {
  std::uint64_t id = 0;
  for (const Function& function : functions_) {
    ++id;
    std::size_t size = field_size(id) + field_size(function.name) + field_size(function.file);
    out_.room(message_size(size));
    out_.begin(5, size);
    out_.field(1, id);
    out_.field(2, function.name);
    out_.field(4, function.file);
  }
}

void Encoder::write_mappings() {
  std::uint64_t id = 0;
  for (const Mapping& mapping : profile_.mappings) {
    ++id;
    write_mapping(id, mapping, uses_[id - 1]);
  }
  if (kernel_used_) write_mapping(id + 1, kernel_, uses_.back());
}

void Encoder::write_mapping(std::uint64_t id, const Mapping& mapping, const MappingUse& use) {
  std::uint64_t file = strings_.add(mapping.file);
  std::uint64_t build_id = strings_.add(mapping.build_id);
  std::size_t flags = std::size_t{use.functions} + use.filenames + use.lines + use.inlined;
  std::size_t size = field_size(id) + field_size(mapping.start) + field_size(mapping.limit) +
                     field_size(mapping.offset) + field_size(file) + field_size(build_id) + 2 * flags;
  out_.room(message_size(size));
  out_.begin(3, size);
  out_.field(1, id);
  out_.field(2, mapping.start);
  out_.field(3, mapping.limit);
  out_.field(4, mapping.offset);
  out_.field(5, file);
  out_.field(6, build_id);
  out_.field(7, use.functions);
  out_.field(8, use.filenames);
  out_.field(9, use.lines);
  out_.field(10, use.inlined);
}

std::string why_no_names(const Mapping& mapping, NoName no_name) {
  std::string text = "frames without a name in " + mapping.file + ": ";
  if (no_name == NoName::stripped && mapping.why_no_name.empty()) return text + "no symbol stands there";
  text += to_string(no_name);
  if (!mapping.why_no_name.empty()) text += ": " + mapping.why_no_name;
  if (text.size() <= kLongestComment) return text;
  return text.substr(0, utf8_floor(text, kLongestComment)) + "…";
}

void Encoder::write_comments() {
  comments_.reserve(kMostComments);
  std::vector<std::uint32_t> ids;
  for (std::size_t i = 0; i < profile_.mappings.size() && comments_.size() < kMostComments; ++i) {
    if (uses_[i].no_name == NoName::named) continue;
    comments_.push_back(why_no_names(profile_.mappings[i], uses_[i].no_name));
    // A file is mapped in several places.
    std::uint32_t id = strings_.add(comments_.back());
    if (std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
  }
  std::size_t size = 0;
  for (std::uint32_t id : ids) size += varint_size(id);
  if (ids.empty()) return;
  out_.room(message_size(size));
  out_.begin(13, size);
  for (std::uint32_t id : ids) out_.varint(id);
}

void Encoder::write_totals() {
  using std::chrono::nanoseconds;
  auto start = std::chrono::duration_cast<nanoseconds>(profile_.start.time_since_epoch()).count();
  if (!profile_.type.period_type.empty())
    write_value_type(11, profile_.type.period_type, profile_.type.period_unit);
  out_.room(3 * 11);
  out_.field(9, static_cast<std::uint64_t>(start));
  out_.field(10, static_cast<std::uint64_t>(profile_.duration.count()));
  out_.field(12, static_cast<std::uint64_t>(profile_.period));
}

void Encoder::write_strings() {
  for (std::string_view text : strings_.strings()) {
    out_.room(message_size(text.size()));
    out_.bytes(6, text);
  }
}

}  // namespace

std::string encode_pprof(const Profile& profile) {
  return Encoder(profile).encode();
}

std::string encode_pprof_gzip(const Profile& profile) {
  std::string packed = gzip(encode_pprof(profile));
  if (profile.pprof_bytes) profile.pprof_bytes->store(packed.size(), std::memory_order_relaxed);
  return packed;
}

}  // namespace weir::profile
