#include "components/pyroscope/push_request.h"

#include <algorithm>
#include <string_view>

#include "base/utf8.h"
#include "components/pyroscope/push.pb.h"
#include "profile/pprof.h"

namespace weir::pyroscope {
namespace {

constexpr std::size_t kReadLimit = 256u << 20;  // of a pprof of our own, unpacked
constexpr std::size_t kLittle = 1u << 20;       // of a pprof, unpacked: many parts of it do no harm

// A server refuses a message with anything but UTF-8.
std::string clean_text(std::string_view text, std::size_t limit, std::uint64_t& cleaned) {
  std::string clean = utf8_text(text);
  if (clean.size() <= limit) return clean;
  ++cleaned;
  clean.resize(utf8_floor(clean, limit));
  return clean;
}

// Those the config names stay; of the others the last in the alphabet go.
void keep_few(std::vector<profile::Labels::Pair>& pairs, const ExternalLabels& external,
              std::uint64_t& cleaned) {
  auto must_stay = [&](const std::string& name) {
    return name == "__name__" || name == "service_name" || external.contains(name);
  };
  for (std::size_t i = pairs.size(); i-- > 0 && pairs.size() > kServerLabels;) {
    if (must_stay(pairs[i].first)) continue;
    pairs.erase(pairs.begin() + static_cast<std::ptrdiff_t>(i));
    ++cleaned;
  }
}

constexpr std::uint32_t kUnused = 0xffffffff;

// Copies what is used of a table, each item once.
template <class T>
class Used {
 public:
  Used(const std::vector<T>& from, std::vector<T>& to)
      : from_(from), to_(to), places_(from.size(), kUnused) {}

  // Where the item stands now; `on_copy` sees it when it is new there. An index of nothing stays one.
  template <class OnCopy>
  std::uint32_t place(std::uint32_t index, OnCopy on_copy) {
    if (index >= places_.size()) return index;
    if (places_[index] == kUnused) {
      places_[index] = static_cast<std::uint32_t>(to_.size());
      to_.push_back(from_[index]);
      on_copy(to_.back());
    }
    return places_[index];
  }
  std::uint32_t place(std::uint32_t index) {
    return place(index, [](T&) {});
  }

 private:
  const std::vector<T>& from_;
  std::vector<T>& to_;
  std::vector<std::uint32_t> places_;
};

// The samples [from, to) with nothing but what they need.
profile::Profile part_of(const profile::Profile& whole, std::size_t from, std::size_t to) {
  profile::Profile part;
  part.id = profile::ProfileId::random();
  part.type = whole.type;
  part.period = whole.period;
  part.start = whole.start;
  part.duration = whole.duration;
  Used mappings(whole.mappings, part.mappings);
  Used frames(whole.frames, part.frames);
  Used stacks(whole.stacks, part.stacks);
  Used labels(whole.sample_labels, part.sample_labels);
  auto copy_frame = [&](profile::Frame& frame) { frame.mapping = mappings.place(frame.mapping); };
  auto copy_stack = [&](profile::Stack& stack) {
    for (std::uint32_t& frame : stack.frames) frame = frames.place(frame, copy_frame);
  };
  for (std::size_t i = from; i < to; ++i) {
    profile::Sample sample = whole.samples[i];
    sample.stack = stacks.place(sample.stack, copy_stack);
    sample.labels = labels.place(sample.labels);
    part.samples.push_back(sample);
  }
  return part;
}

PushRequestPtr make_request(push::v1::RawProfileSeries series, const profile::Profile& profile,
                            const std::string& pprof, std::string service) {
  auto request = std::make_shared<PushRequest>();
  push::v1::PushRequest message;
  push::v1::RawProfileSeries* only = message.add_series();
  *only = std::move(series);
  push::v1::RawSample* sample = only->add_samples();
  sample->set_raw_profile(profile::gzip(pprof));
  sample->set_id(profile.id.to_string());
  request->profile_bytes = sample->raw_profile().size();
  request->raw_bytes = pprof.size();
  request->service = std::move(service);
  request->start = profile.start;
  message.SerializeToString(&request->body);
  return request;
}

// A profile, or a part of one, with its pprof.
struct Piece {
  explicit Piece(profile::Profile of) : profile(std::move(of)), pprof(profile::encode_pprof(profile)) {}

  profile::Profile profile;
  std::string pprof;
};

std::pair<Piece, Piece> halves_of(const profile::Profile& whole) {
  std::size_t middle = whole.samples.size() / 2;
  return {Piece(part_of(whole, 0, middle)), Piece(part_of(whole, middle, whole.samples.size()))};
}

// What all samples share is in both halves: where that is most of it, they are more, but not smaller.
bool is_hardly_smaller(const std::pair<Piece, Piece>& halves, std::size_t whole_bytes) {
  return halves.first.pprof.size() + halves.second.pprof.size() > whole_bytes / 4 * 7;
}

// Splits until each part is within what a server takes.
class Splitter {
 public:
  Splitter(const push::v1::RawProfileSeries& series, std::string service)
      : series_(series), service_(std::move(service)) {}

  void add(const profile::Profile& profile, const std::string& pprof, unsigned in_vain = 0) {
    std::size_t samples = profile.samples.size();
    if (samples <= kServerSamples && pprof.size() <= kServerRawBytes)
      return requests_.push_back(make_request(series_, profile, pprof, service_));
    if (samples < 2) return give_up();
    auto halves = halves_of(profile);
    in_vain = is_hardly_smaller(halves, pprof.size()) ? in_vain + 1 : 0;
    if (in_vain == 2) return give_up();
    add(halves.first.profile, halves.first.pprof, in_vain);
    add(halves.second.profile, halves.second.pprof, in_vain);
  }
  std::vector<PushRequestPtr> take() { return std::move(requests_); }
  std::uint64_t too_large() const { return too_large_; }

 private:
  void give_up() { ++too_large_; }

  const push::v1::RawProfileSeries& series_;
  std::string service_;
  std::uint64_t too_large_ = 0;
  std::vector<PushRequestPtr> requests_;
};

}  // namespace

profile::Labels outgoing_labels(const profile::Profile& profile, const ExternalLabels& external,
                                std::uint64_t* cleaned) {
  std::uint64_t count = 0;
  std::vector<profile::Labels::Pair> pairs{{"__name__", profile.type.name}};
  auto add = [&](const std::string& name, const std::string& value) {
    if (name.empty()) return;
    pairs.emplace_back(clean_text(name, kServerLabelName, count),
                       clean_text(value, kServerLabelValue, count));
  };
  for (const auto& [name, value] : profile.labels.pairs()) {
    bool reserved = name.starts_with("__") && name != "__name__" && name != "__delta__";
    if (!reserved) add(name, value);
  }
  for (const auto& [name, value] : external) add(name, value);
  profile::Labels labels(std::move(pairs));  // sorted, and without the empty ones
  if (labels.pairs().size() > kServerLabels) {
    std::vector<profile::Labels::Pair> few = labels.pairs();
    keep_few(few, external, count);
    labels = profile::Labels(std::move(few));
  }
  if (cleaned) *cleaned += count;
  return labels;
}

std::vector<PushRequestPtr> encode_push(const profile::Profile& profile, const ExternalLabels& external,
                                        EncodeLosses* losses) {
  EncodeLosses lost;
  profile::Labels labels = outgoing_labels(profile, external, &lost.cleaned);
  push::v1::RawProfileSeries series;
  for (const auto& [name, value] : labels.pairs()) {
    push::v1::LabelPair* label = series.add_labels();
    label->set_name(name);
    label->set_value(value);
  }
  Splitter splitter(series, std::string(labels.get("service_name")));
  splitter.add(profile, profile::encode_pprof(profile));
  auto requests = splitter.take();
  lost.too_large = splitter.too_large();
  if (losses) *losses = {losses->cleaned + lost.cleaned, losses->too_large + lost.too_large};
  if (profile.pprof_bytes) {
    std::uint64_t bytes = 0;
    for (const auto& request : requests) bytes += request->profile_bytes;
    profile.pprof_bytes->store(bytes, std::memory_order_relaxed);
  }
  return requests;
}

std::vector<PushRequestPtr> halve_push(const PushRequest& request) {
  push::v1::PushRequest message;
  if (!message.ParseFromString(request.body) || message.series_size() != 1) return {};
  push::v1::RawProfileSeries* series = message.mutable_series(0);
  if (series->samples_size() != 1) return {};
  auto profile = profile::decode_pprof(series->samples(0).raw_profile(), kReadLimit);
  if (!profile || profile->samples.size() < 2) return {};
  series->clear_samples();
  auto halves = halves_of(*profile);
  if (request.raw_bytes > kLittle && is_hardly_smaller(halves, request.raw_bytes)) return {};
  return {make_request(*series, halves.first.profile, halves.first.pprof, request.service),
          make_request(*series, halves.second.profile, halves.second.pprof, request.service)};
}

}  // namespace weir::pyroscope
