#include "components/pyroscope/received.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "components/json_reader.h"
#include "components/pyroscope/received_parts.h"
#include "lang/encoding.h"
#include "net/text.h"
#include "profile/pprof.h"
#include "profile/wire.h"

namespace weir::pyroscope {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostSeries = 1024;
constexpr std::size_t kMostProfiles = 4096;         // of one request
constexpr std::size_t kMostLabelBytes = 64u << 10;  // of a series
constexpr std::size_t kProfileBytes = 1024;         // a profile without anything in it

std::string_view media_type(std::string_view content_type) {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return type;
}

struct SentLabels {
  std::vector<profile::Labels::Pair> pairs;
  std::size_t bytes = 0;

  std::expected<void, Refusal> add(std::string_view name, std::string_view value) {
    bytes += name.size() + value.size();
    if (pairs.size() == kMostSentLabels)
      return std::unexpected(bad_request(fmt::format("a series has more than {} labels", kMostSentLabels)));
    if (bytes > kMostLabelBytes)
      return std::unexpected(
          bad_request(fmt::format("the labels of a series take more than {} bytes", kMostLabelBytes)));
    if (!is_utf8(name) || !is_utf8(value)) return std::unexpected(bad_request("a label is no UTF-8"));
    pairs.emplace_back(name, value);
    return {};
  }
};

// One call of the push protocol, as it is read: nothing is kept but the profiles.
class PushReader {
 public:
  PushReader(WallTime now, profile::MemoryBudget& budget) : now_(now), budget_(budget) {}

  std::expected<void, Refusal> read_message(std::string_view body);
  std::expected<void, Refusal> read_json(std::string_view body);
  std::vector<profile::Profile> take() { return std::move(all_); }

 private:
  std::expected<void, Refusal> read_series(std::string_view series);
  std::expected<void, Refusal> read_json_series(const json::object& series);
  std::expected<void, Refusal> begin_series();
  std::expected<void, Refusal> add(std::string_view pprof, std::string_view id,
                                   const profile::Labels& labels);

  WallTime now_;
  profile::MemoryBudget& budget_;
  std::size_t series_ = 0;
  std::vector<profile::Profile> all_;
};

std::expected<void, Refusal> PushReader::begin_series() {
  if (++series_ <= kMostSeries) return {};
  return std::unexpected(bad_request(fmt::format("more than {} series", kMostSeries)));
}

std::expected<void, Refusal> PushReader::add(std::string_view pprof, std::string_view id,
                                             const profile::Labels& labels) {
  // Each profile has labels of its own.
  std::size_t bytes = 0;
  for (const auto& [name, value] : labels.pairs())
    bytes += sizeof(profile::Labels::Pair) + name.size() + value.size();
  auto profiles = profiles_of(pprof, budget_);
  if (!profiles) return std::unexpected(profiles.error());
  if (all_.size() + profiles->size() > kMostProfiles)
    return std::unexpected(bad_request(fmt::format("more than {} profiles", kMostProfiles)));
  // What was sent once more keeps its id, so that nobody counts it twice.
  auto known = profile::ProfileId::parse(id);
  if (known && profiles->size() == 1) profiles->front().id = *known;
  for (profile::Profile& profile : *profiles) {
    if (!budget_.take(bytes)) return std::unexpected(unreadable("", budget_));
    set_labels(profile, labels);
    if (profile.start == WallTime()) profile.start = now_;
    all_.push_back(std::move(profile));
  }
  return {};
}

// The numbers of fields here and below are those of push.proto.
struct RawSample {
  std::string_view pprof, id;
};

bool read_sample(std::string_view bytes, RawSample& sample) {
  profile::WireReader reader(bytes);
  profile::WireField field;
  while (reader.next(field)) {
    if (field.number == 1) sample.pprof = field.bytes;
    if (field.number == 2) sample.id = field.bytes;
  }
  return !reader.failed();
}

bool read_pair(std::string_view bytes, std::string_view& name, std::string_view& value) {
  profile::WireReader reader(bytes);
  profile::WireField field;
  while (reader.next(field)) {
    if (field.number == 1) name = field.bytes;
    if (field.number == 2) value = field.bytes;
  }
  return !reader.failed();
}

Refusal no_push() {
  return bad_request("the body is no push.v1.PushRequest");
}

// Labels may stand behind the samples that they belong to, so these are gone through twice.
std::expected<void, Refusal> PushReader::read_series(std::string_view series) {
  if (auto begun = begin_series(); !begun) return begun;
  profile::WireField field;
  SentLabels sent;
  profile::WireReader labels(series);
  while (labels.next(field)) {
    std::string_view name, value;
    if (field.number != 1) continue;
    if (!read_pair(field.bytes, name, value)) return std::unexpected(no_push());
    if (auto added = sent.add(name, value); !added) return added;
  }
  if (labels.failed()) return std::unexpected(no_push());
  profile::Labels all(std::move(sent.pairs));
  profile::WireReader samples(series);
  while (samples.next(field)) {
    RawSample sample;
    if (field.number != 2) continue;
    if (!read_sample(field.bytes, sample)) return std::unexpected(no_push());
    if (auto added = add(sample.pprof, sample.id, all); !added) return added;
  }
  return {};
}

std::expected<void, Refusal> PushReader::read_message(std::string_view body) {
  profile::WireReader reader(body);
  profile::WireField field;
  while (reader.next(field)) {
    if (field.number != 1) continue;
    if (field.type != profile::WireType::bytes) return std::unexpected(no_push());
    if (auto read = read_series(field.bytes); !read) return read;
  }
  if (reader.failed()) return std::unexpected(no_push());
  return {};
}

std::expected<void, Refusal> PushReader::read_json_series(const json::object& series) {
  if (auto begun = begin_series(); !begun) return begun;
  SentLabels sent;
  for (const json::value& label : array_at(series, "labels")) {
    auto added = sent.add(text_at(as_object(label), "name"), text_at(as_object(label), "value"));
    if (!added) return added;
  }
  profile::Labels all(std::move(sent.pairs));
  for (const json::value& sample : array_at(series, "samples")) {
    const json::object& from = as_object(sample);
    const char* name = from.contains("rawProfile") ? "rawProfile" : "raw_profile";
    std::string_view text = text_at(from, name);
    if (!budget_.take(text.size())) return std::unexpected(unreadable("", budget_));
    auto bytes = lang::decode_base64(text, lang::Base64::standard);
    if (!bytes) return std::unexpected(bad_request(fmt::format("{}: {}", name, bytes.error().message)));
    if (auto added = add(*bytes, text_at(from, "ID"), all); !added) return added;
    budget_.give_back(text.size());
  }
  return {};
}

// The protocol's own mapping of messages to JSON: names in lowerCamelCase, or as in the .proto; bytes in
// base64.
std::expected<void, Refusal> PushReader::read_json(std::string_view body) {
  std::size_t bytes = json_bytes(body);
  if (!budget_.take(bytes)) return std::unexpected(unreadable("", budget_));
  auto root = parse_json(body, "the body");
  if (!root) return std::unexpected(bad_request(root.error().message));
  for (const json::value& series : array_at(as_object(*root), "series")) {
    if (auto read = read_json_series(as_object(series)); !read) return read;
  }
  budget_.give_back(bytes);
  return {};
}

}  // namespace

Refusal unreadable(std::string message, const profile::MemoryBudget& budget) {
  if (!budget.is_over()) return bad_request(std::move(message));
  if (budget.is_busy()) return {429, "busy", "too many requests are being read: try again in a second"};
  return {413, "too_large", "once unpacked and decoded the request takes too much memory: send smaller ones"};
}

std::expected<std::string_view, Refusal> plain_body(const net::Request& request,
                                                    profile::MemoryBudget& budget, std::string& unpacked) {
  std::string_view encoding = request.headers.get("Content-Encoding");
  if (encoding.empty() || equal_ignoring_case(encoding, "identity")) return request.body;
  if (!equal_ignoring_case(encoding, "gzip")) {
    return std::unexpected(
        Refusal{415, "content_encoding",
                fmt::format("content encoding \"{}\": only gzip is taken", encoding.substr(0, 64))});
  }
  auto plain = profile::gunzip(request.body, budget);
  if (!plain) return std::unexpected(unreadable("the body: " + plain.error().message, budget));
  unpacked = *std::move(plain);
  return unpacked;
}

Received profiles_of(std::string_view pprof, profile::MemoryBudget& budget) {
  if (!budget.take(kProfileBytes)) return std::unexpected(unreadable("", budget));
  auto profiles = profile::decode_pprof_types(pprof, budget);
  if (!profiles) return std::unexpected(unreadable(profiles.error().message, budget));
  return *std::move(profiles);
}

void set_labels(profile::Profile& profile, const profile::Labels& labels) {
  std::vector<profile::Labels::Pair> pairs = labels.pairs();
  if (labels.get("__name__").empty()) {
    pairs.emplace_back("__name__", profile.type.name);
  } else {
    profile.type.name = labels.get("__name__");
  }
  if (labels.get("service_name").empty()) pairs.emplace_back("service_name", kUnnamedService);
  profile.labels = profile::Labels(std::move(pairs));
}

Received read_push(const net::Request& request, WallTime now, profile::MemoryBudget& budget) {
  std::string_view type = media_type(request.headers.get("Content-Type"));
  bool is_json = equal_ignoring_case(type, "application/json");
  if (!is_json && !equal_ignoring_case(type, "application/proto") &&
      !equal_ignoring_case(type, "application/protobuf")) {
    return std::unexpected(Refusal{
        415, "content_type",
        fmt::format(
            "content type \"{}\": application/proto and application/json are taken (Connect protocol, "
            "HTTP/1.1); gRPC is not",
            type.substr(0, 64))});
  }
  std::string unpacked;
  auto body = plain_body(request, budget, unpacked);
  if (!body) return std::unexpected(body.error());
  PushReader reader(now, budget);
  auto read = is_json ? reader.read_json(*body) : reader.read_message(*body);
  if (!read) return std::unexpected(read.error());
  budget.give_back(unpacked.size());
  return reader.take();
}

}  // namespace weir::pyroscope
