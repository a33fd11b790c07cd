#include <algorithm>
#include <chrono>

#include "profile/hash_index.h"
#include "profile/pprof.h"
#include "profile/pprof_message.h"
#include "profile/text.h"

namespace weir::profile {
namespace {

// A few bytes of message can stand for many bytes of memory; these and the budget bound it.
constexpr std::size_t kMaxLabels = 64;         // of a sample
constexpr std::size_t kMaxPath = 4096;         // of a mapped file: no process sees a longer one
constexpr std::size_t kMaxFrames = 64u << 20;  // in all stacks together
constexpr std::size_t kMaxSampleTypes = 16;
constexpr std::size_t kAllocation = 16;  // what the heap takes for itself
// Of an index by hash, for each item: two slots of eight bytes while it grows, at a third of them free.
constexpr std::size_t kIndexed = 48;
// Until 2116: the end of a window is a time too.
constexpr std::int64_t kMostNanoseconds = INT64_MAX / 2;

// From the ids of a message to indexes. Ids are usually 1, 2, 3 …; foreign
// ones may be anything, so a hash table would have to defend itself.
class IdIndex {
 public:
  template <class Items>
  bool build(const Items& items) {
    dense_ = true;
    for (std::size_t i = 0; i < items.size(); ++i) dense_ &= items[i].id == i + 1;
    count_ = items.size();
    if (dense_) return true;
    ids_.reserve(items.size());
    for (std::uint32_t i = 0; i < items.size(); ++i) ids_.emplace_back(items[i].id, i);
    std::sort(ids_.begin(), ids_.end());
    for (std::size_t i = 1; i < ids_.size(); ++i)
      if (ids_[i].first == ids_[i - 1].first) return false;
    return ids_.empty() || ids_[0].first != 0;
  }
  std::uint32_t find(std::uint64_t id) const {
    if (dense_) return id >= 1 && id <= count_ ? static_cast<std::uint32_t>(id - 1) : HashIndex::kNone;
    auto at = std::lower_bound(ids_.begin(), ids_.end(), std::pair(id, std::uint32_t{0}));
    return at != ids_.end() && at->first == id ? at->second : HashIndex::kNone;
  }

 private:
  bool dense_ = true;
  std::size_t count_ = 0;
  std::vector<std::pair<std::uint64_t, std::uint32_t>> ids_;
};

FrameKind kind_of_source(std::string_view file) {
  struct Row {
    std::string_view ending;
    FrameKind kind;
  };
  static constexpr Row kRows[] = {
      {".py", FrameKind::python},     {".go", FrameKind::go},     {".js", FrameKind::javascript},
      {".ts", FrameKind::javascript}, {".java", FrameKind::java}, {".rb", FrameKind::ruby},
      {".php", FrameKind::php},       {".cs", FrameKind::dotnet},
  };
  for (const Row& row : kRows)
    if (file.ends_with(row.ending)) return row.kind;
  return FrameKind::native;
}

class Decoder {
 public:
  Decoder(const Raw& raw, MemoryBudget& budget) : raw_(raw), budget_(budget) {}

  Result<Profile> decode(std::string_view sample_type);

 private:
  Result<> choose_type(std::string_view sample_type);
  Result<> make_mappings();
  Result<> make_frames();
  Result<> make_frame(const RawLocation& location);
  Result<> make_samples();
  Result<> make_sample(std::string_view data);
  void add_sample(std::uint32_t stack, std::uint32_t labels);
  std::uint32_t label_set();
  std::int64_t count_of(std::int64_t value) const;

  // A copy of string `index`; remembers when there is none, or no memory for it.
  std::string text(std::uint64_t index) {
    bad_string_ |= index >= raw_.strings.size();
    if (bad_string_ || !budget_.take(raw_.strings[index].size() + kAllocation)) return {};
    return std::string(raw_.strings[index]);
  }
  Result<> check() const {
    if (bad_string_) return fail("decode pprof: a string is not in the string table");
    if (budget_.is_over()) return too_much_memory();
    return {};
  }
  bool is_as_unnamed(const Frame& frame, std::string_view name) const;

  const Raw& raw_;
  MemoryBudget& budget_;
  bool bad_string_ = false;
  Profile profile_;
  IdIndex locations_, mappings_, functions_;
  std::size_t value_index_ = 0;  // of the sample type taken
  std::size_t count_index_ = 0;  // of the type whose unit is "count"; past the end: there is none
  HashIndex stacks_;
  HashIndex samples_;     // by stack and labels
  HashIndex label_sets_;  // index i: known_labels_[i] and Profile::sample_labels[i]
  std::vector<std::vector<RawLabel>> known_labels_;
  std::uint64_t seed_ = 0;
  std::size_t total_frames_ = 0;
  std::vector<std::uint32_t> frames_;  // of one sample
  std::vector<std::int64_t> values_;   // of one sample
  std::vector<RawLabel> labels_;       // of one sample
};

Result<Profile> Decoder::decode(std::string_view sample_type) {
  profile_.id = ProfileId::random();
  std::memcpy(&seed_, profile_.id.bytes.data(), sizeof seed_);
  if (!mappings_.build(raw_.mappings)) return fail("decode pprof: a mapping's id is 0 or not its own");
  if (!locations_.build(raw_.locations)) return fail("decode pprof: a location's id is 0 or not its own");
  if (!functions_.build(raw_.functions)) return fail("decode pprof: a function's id is 0 or not its own");
  if (auto ok = choose_type(sample_type); !ok) return std::unexpected(ok.error());
  if (auto ok = make_mappings(); !ok) return std::unexpected(ok.error());
  if (auto ok = make_frames(); !ok) return std::unexpected(ok.error());
  if (auto ok = make_samples(); !ok) return std::unexpected(ok.error());
  auto within = [](std::uint64_t nanoseconds) {
    return std::chrono::nanoseconds(
        std::clamp<std::int64_t>(static_cast<std::int64_t>(nanoseconds), 0, kMostNanoseconds));
  };
  profile_.start = WallTime(std::chrono::duration_cast<WallTime::duration>(within(raw_.time)));
  profile_.duration = within(raw_.duration);
  return std::move(profile_);
}

Result<> Decoder::choose_type(std::string_view sample_type) {
  const auto& types = raw_.sample_types;
  value_index_ = types.size() - 1;
  count_index_ = types.size();
  bool found = sample_type.empty();
  for (std::size_t i = 0; i < types.size(); ++i) {
    std::string type = text(types[i].type);
    if (sample_type.empty() ? raw_.default_sample_type != 0 && types[i].type == raw_.default_sample_type
                            : type == sample_type) {
      value_index_ = i;
      found = true;
    }
    if (type == "samples" && text(types[i].unit) == "count") count_index_ = i;
  }
  if (!found) return fail("decode pprof: there is no sample type {}", sample_type);
  ProfileType& type = profile_.type;
  type.sample_type = text(types[value_index_].type);
  type.sample_unit = text(types[value_index_].unit);
  type.period_type = text(raw_.period_type.type);
  type.period_unit = text(raw_.period_type.unit);
  if (type.sample_type.starts_with("alloc_") || type.sample_type.starts_with("inuse_"))
    type.name = "memory";
  else if (!type.sample_type.empty() && type.sample_type != "cpu" && type.sample_type != "samples")
    type.name = type.sample_type;
  profile_.period = static_cast<std::int64_t>(raw_.period);
  return check();
}

Result<> Decoder::make_mappings() {
  if (!budget_.take(raw_.mappings.size() * sizeof(Mapping))) return too_much_memory();
  profile_.mappings.reserve(raw_.mappings.size());
  for (const RawMapping& mapping : raw_.mappings) {
    if (mapping.file < raw_.strings.size() && raw_.strings[mapping.file].size() > kMaxPath)
      return fail("decode pprof: a mapped file's name is longer than {} bytes", kMaxPath);
    profile_.mappings.push_back({.file = text(mapping.file),
                                 .build_id = text(mapping.build_id),
                                 .start = mapping.start,
                                 .limit = mapping.limit,
                                 .offset = mapping.offset});
  }
  return check();
}

Result<> Decoder::make_frames() {
  if (!budget_.take(raw_.locations.size() * sizeof(Frame))) return too_much_memory();
  profile_.frames.reserve(raw_.locations.size());
  for (const RawLocation& location : raw_.locations)
    if (auto ok = make_frame(location); !ok) return ok;
  return {};
}

Result<> Decoder::make_frame(const RawLocation& location) {
  Frame& frame = profile_.frames.emplace_back();
  frame.address = location.address;
  if (location.mapping != 0) {
    frame.mapping = mappings_.find(location.mapping);
    if (frame.mapping == HashIndex::kNone)
      return fail("decode pprof: location {} refers to mapping {}, which is not there", location.id,
                  location.mapping);
  }
  bool kernel = frame.mapping != kNoMapping && profile_.mappings[frame.mapping].file.starts_with("[kernel");
  frame.kind = kernel                        ? FrameKind::kernel
               : frame.mapping == kNoMapping ? FrameKind::unknown
                                             : FrameKind::native;
  frame.no_name = frame.mapping == kNoMapping ? NoName::no_mapping : NoName::stripped;
  for (std::uint32_t i = 0; i < location.lines; ++i) {
    const RawLine& line = raw_.lines[location.first_line + i];
    if (line.function == 0) continue;
    std::uint32_t function = functions_.find(line.function);
    if (function == HashIndex::kNone)
      return fail("decode pprof: location {} refers to function {}, which is not there", location.id,
                  line.function);
    std::string name = text(raw_.functions[function].name);
    if (name.empty() || (location.lines == 1 && is_as_unnamed(frame, name))) continue;
    if (!budget_.take(2 * sizeof(Line) + kAllocation)) return too_much_memory();
    frame.lines.push_back(
        {.function = std::move(name),
         .file = text(raw_.functions[function].file),
         .line = static_cast<std::uint32_t>(std::min<std::uint64_t>(line.line, UINT32_MAX))});
  }
  if (!frame.lines.empty()) {
    frame.no_name = NoName::named;
    if (!kernel) frame.kind = kind_of_source(frame.lines.front().file);
  }
  return check();
}

// What the frame would be called without a name is no name.
bool Decoder::is_as_unnamed(const Frame& frame, std::string_view name) const {
  if (!name.starts_with(module_name(frame, profile_.mappings))) return false;
  return name == display_name(frame, profile_.mappings);
}

Result<> Decoder::make_samples() {
  if (!budget_.take(raw_.samples.size() * (sizeof(Sample) + kIndexed))) return too_much_memory();
  profile_.samples.reserve(raw_.samples.size());
  for (std::string_view sample : raw_.samples)
    if (auto ok = make_sample(sample); !ok) return ok;
  return {};
}

Result<> Decoder::make_sample(std::string_view data) {
  frames_.clear();
  values_.clear();
  labels_.clear();
  std::uint64_t missing = 0;
  bool numbers_ok = true;
  bool too_many = false;
  // While they are read they are in nobody's budget: twice as many, where the memory for them grows.
  std::size_t most = std::min(kMaxFrames - total_frames_, budget_.left() / (3 * sizeof frames_[0]));
  bool ok = each_field(data, [&](const WireField& f) {
    if (f.number == 1) {
      numbers_ok &= take_numbers(f, [&](std::uint64_t id) {
        too_many |= frames_.size() >= most;
        if (too_many) return false;
        frames_.push_back(locations_.find(id));
        if (frames_.back() == HashIndex::kNone) missing = id;
        return frames_.back() != HashIndex::kNone;
      });
    }
    if (f.number == 2) {
      numbers_ok &= take_numbers(f, [&](std::uint64_t value) {
        values_.push_back(static_cast<std::int64_t>(value));
        return values_.size() <= raw_.sample_types.size();
      });
    }
    if (f.number == 3) {
      numbers_ok &= labels_.size() < kMaxLabels && read_label(f.bytes, labels_.emplace_back());
    }
  });
  if (too_many && most == kMaxFrames - total_frames_)
    return fail("decode pprof: more than {} frames", kMaxFrames);
  if (too_many) {
    (void)budget_.take(budget_.left() + 1);
    return too_much_memory();
  }
  if (missing != 0) return fail("decode pprof: a sample refers to location {}, which is not there", missing);
  if (!ok || !numbers_ok) return fail("decode pprof: damaged sample");
  if (values_.size() != raw_.sample_types.size())
    return fail("decode pprof: a sample has {} values for {} types", values_.size(),
                raw_.sample_types.size());
  total_frames_ += frames_.size();

  auto next = static_cast<std::uint32_t>(profile_.stacks.size());
  auto [stack, is_new] =
      stacks_.find_or_insert(hash_bytes(frames_.data(), frames_.size() * sizeof frames_[0], seed_), next,
                             [&](std::uint32_t i) { return profile_.stacks[i].frames == frames_; });
  if (is_new) {
    std::size_t bytes = 2 * sizeof(Stack) + kIndexed + kAllocation + frames_.size() * sizeof frames_[0];
    if (!budget_.take(bytes)) return too_much_memory();
    profile_.stacks.push_back({.frames = frames_});
  }
  add_sample(stack, label_set());
  return check();
}

void Decoder::add_sample(std::uint32_t stack, std::uint32_t labels) {
  std::int64_t value = values_[value_index_];
  std::int64_t count = count_index_ < values_.size() ? values_[count_index_] : count_of(value);
  auto next = static_cast<std::uint32_t>(profile_.samples.size());
  auto [index, is_new] =
      samples_.find_or_insert(hash_mix(hash_mix(seed_, stack), labels), next, [&](std::uint32_t i) {
        return profile_.samples[i].stack == stack && profile_.samples[i].labels == labels;
      });
  if (is_new) {
    profile_.samples.push_back({.stack = stack, .value = value, .count = count, .labels = labels});
    return;
  }
  Sample& sample = profile_.samples[index];
  sample.value = add_saturating(sample.value, value);
  sample.count = add_saturating(sample.count, count);
}

// A number is taken for its text.
std::uint32_t Decoder::label_set() {
  if (labels_.empty()) return kNoLabels;
  auto next = static_cast<std::uint32_t>(known_labels_.size());
  auto [index, is_new] =
      label_sets_.find_or_insert(hash_bytes(labels_.data(), labels_.size() * sizeof labels_[0], seed_), next,
                                 [&](std::uint32_t i) { return known_labels_[i] == labels_; });
  if (!is_new) return index;
  std::size_t of_a_label = sizeof(RawLabel) + 2 * sizeof(Labels::Pair) + 2 * kAllocation;
  if (!budget_.take(kIndexed + 4 * sizeof(Labels) + labels_.size() * of_a_label)) return kNoLabels;
  known_labels_.push_back(labels_);
  std::vector<Labels::Pair> pairs;
  for (const RawLabel& label : labels_) {
    pairs.emplace_back(text(label.name), label.text != 0
                                             ? text(label.text)
                                             : std::to_string(static_cast<std::int64_t>(label.number)));
  }
  profile_.sample_labels.emplace_back(std::move(pairs));
  return index;
}

std::int64_t Decoder::count_of(std::int64_t value) const {
  bool divisible = profile_.period > 0 && profile_.type.period_type == profile_.type.sample_type;
  return divisible ? std::max<std::int64_t>(value / profile_.period, 1) : 1;
}

bool is_gzip(std::string_view data) {
  return data.starts_with("\x1f\x8b");
}

// Each of the names that are no other's.
Result<std::vector<std::string_view>> distinct_types(const Raw& raw) {
  std::vector<std::string_view> types;
  for (const RawValueType& type : raw.sample_types) {
    if (type.type >= raw.strings.size()) return fail("decode pprof: a string is not in the string table");
    std::string_view name = raw.strings[type.type];
    if (std::ranges::find(types, name) == types.end()) types.push_back(name);
    if (types.size() > kMaxSampleTypes)
      return fail("decode pprof: more than {} sample types", kMaxSampleTypes);
  }
  if (std::ranges::find(types, "cpu") != types.end()) std::erase(types, "samples");
  return types;
}

}  // namespace

Result<Profile> decode_pprof(std::string_view data, std::size_t limit, std::string_view sample_type) {
  if (data.size() > limit) return fail("decode pprof: larger than {} bytes", limit);
  std::string unpacked;
  if (is_gzip(data)) {
    auto plain = gunzip(data, limit);
    if (!plain) return fail("decode pprof: {}", plain.error().message);
    unpacked = *std::move(plain);
    data = unpacked;
  }
  MemoryBudget budget(memory_for(limit));
  auto raw = read_raw(data, budget);
  if (!raw) return std::unexpected(raw.error());
  return Decoder(*raw, budget).decode(sample_type);
}

Result<std::vector<Profile>> decode_pprof_types(std::string_view data, MemoryBudget& budget) {
  std::string unpacked;
  if (is_gzip(data)) {
    auto plain = gunzip(data, budget);
    if (!plain) return fail("decode pprof: {}", plain.error().message);
    unpacked = *std::move(plain);
    data = unpacked;
  }
  std::size_t before = budget.left();
  auto raw = read_raw(data, budget);
  if (!raw) return std::unexpected(raw.error());
  std::size_t of_raw = before - budget.left();
  auto types = distinct_types(*raw);
  if (!types) return std::unexpected(types.error());
  std::vector<Profile> profiles;
  for (std::string_view type : *types) {
    auto profile = Decoder(*raw, budget).decode(type);
    if (!profile) return std::unexpected(profile.error());
    profiles.push_back(std::move(*profile));
  }
  budget.give_back(of_raw + unpacked.size());
  return profiles;
}

}  // namespace weir::profile
