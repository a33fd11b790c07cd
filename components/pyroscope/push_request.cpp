#include "components/pyroscope/push_request.h"

#include <algorithm>
#include <string_view>

#include "base/utf8.h"
#include "components/pyroscope/push.pb.h"
#include "profile/pprof.h"

namespace weir::pyroscope {
namespace {

constexpr std::size_t kReadLimit = 256u << 20;  // of a pprof of our own, unpacked

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

// The samples [from, to) with nothing but the stacks, frames and mappings they need.
profile::Profile part_of(const profile::Profile& whole, std::size_t from, std::size_t to) {
  profile::Profile part;
  part.id = profile::ProfileId::random();
  part.type = whole.type;
  part.period = whole.period;
  part.start = whole.start;
  part.duration = whole.duration;
  part.mappings = whole.mappings;
  part.sample_labels = whole.sample_labels;
  constexpr std::uint32_t kUnused = 0xffffffff;
  std::vector<std::uint32_t> stacks(whole.stacks.size(), kUnused), frames(whole.frames.size(), kUnused);
  for (std::size_t i = from; i < to; ++i) {
    profile::Sample sample = whole.samples[i];
    std::uint32_t& stack = stacks[sample.stack];
    if (stack == kUnused) {
      stack = static_cast<std::uint32_t>(part.stacks.size());
      part.stacks.push_back(whole.stacks[sample.stack]);
      for (std::uint32_t& frame : part.stacks.back().frames) {
        std::uint32_t& place = frames[frame];
        if (place == kUnused) {
          place = static_cast<std::uint32_t>(part.frames.size());
          part.frames.push_back(whole.frames[frame]);
        }
        frame = place;
      }
    }
    sample.stack = stack;
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

// Until each part is within what a server takes.
void encode_parts(const push::v1::RawProfileSeries& series, const profile::Profile& profile,
                  const std::string& service, std::vector<PushRequestPtr>& out) {
  std::size_t samples = profile.samples.size();
  std::string pprof;
  if (samples <= kServerSamples) pprof = profile::encode_pprof(profile);
  if (samples > 1 && (samples > kServerSamples || pprof.size() > kServerRawBytes)) {
    encode_parts(series, part_of(profile, 0, samples / 2), service, out);
    encode_parts(series, part_of(profile, samples / 2, samples), service, out);
    return;
  }
  out.push_back(make_request(series, profile, pprof, service));
}

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
                                        std::uint64_t* cleaned) {
  push::v1::RawProfileSeries series;
  for (const auto& [name, value] : outgoing_labels(profile, external, cleaned).pairs()) {
    push::v1::LabelPair* label = series.add_labels();
    label->set_name(name);
    label->set_value(value);
  }
  std::vector<PushRequestPtr> requests;
  encode_parts(series, profile, std::string(profile.labels.get("service_name")), requests);
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
  std::vector<PushRequestPtr> halves;
  std::size_t middle = profile->samples.size() / 2;
  for (auto [from, to] : {std::pair{std::size_t{0}, middle}, std::pair{middle, profile->samples.size()}}) {
    profile::Profile part = part_of(*profile, from, to);
    halves.push_back(make_request(*series, part, profile::encode_pprof(part), request.service));
  }
  return halves;
}

}  // namespace weir::pyroscope
