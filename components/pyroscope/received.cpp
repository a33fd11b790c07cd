#include "components/pyroscope/received.h"

#include "components/json_reader.h"
#include "components/pyroscope/push.pb.h"
#include "components/pyroscope/received_parts.h"
#include "lang/encoding.h"
#include "net/text.h"
#include "profile/pprof.h"

namespace weir::pyroscope {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostSeries = 1024;
constexpr std::size_t kMostProfiles = 4096;  // of one request

std::string_view media_type(std::string_view content_type) {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return type;
}

// The protocol's own mapping of messages to JSON: names in lowerCamelCase, or as in the .proto; bytes in
// base64.
std::expected<push::v1::PushRequest, Refusal> push_of_json(std::string_view text) {
  auto root = parse_json(text, "the body");
  if (!root) return std::unexpected(bad_request(root.error().message));
  push::v1::PushRequest message;
  for (const json::value& series : array_at(as_object(*root), "series")) {
    push::v1::RawProfileSeries* to = message.add_series();
    for (const json::value& label : array_at(as_object(series), "labels")) {
      push::v1::LabelPair* pair = to->add_labels();
      pair->set_name(string_at(as_object(label), "name"));
      pair->set_value(string_at(as_object(label), "value"));
    }
    for (const json::value& sample : array_at(as_object(series), "samples")) {
      const json::object& from = as_object(sample);
      const char* name = from.contains("rawProfile") ? "rawProfile" : "raw_profile";
      auto bytes = lang::decode_base64(string_at(from, name), lang::Base64::standard);
      if (!bytes) return std::unexpected(bad_request(fmt::format("{}: {}", name, bytes.error().message)));
      push::v1::RawSample* made = to->add_samples();
      made->set_raw_profile(*std::move(bytes));
      made->set_id(string_at(from, "ID"));
    }
  }
  return message;
}

std::expected<push::v1::PushRequest, Refusal> message_of(const net::Request& request, std::string_view body) {
  std::string_view type = media_type(request.headers.get("Content-Type"));
  if (net::equal_ignoring_case(type, "application/json")) return push_of_json(body);
  if (!net::equal_ignoring_case(type, "application/proto") &&
      !net::equal_ignoring_case(type, "application/protobuf")) {
    return std::unexpected(Refusal{
        415, "content_type",
        fmt::format(
            "content type \"{}\": application/proto and application/json are taken (Connect protocol, "
            "HTTP/1.1); gRPC is not",
            type.substr(0, 64))});
  }
  push::v1::PushRequest message;
  if (!message.ParseFromArray(body.data(), static_cast<int>(body.size())))
    return std::unexpected(bad_request("the body is no push.v1.PushRequest"));
  return message;
}

std::expected<profile::Labels, Refusal> labels_of(const push::v1::RawProfileSeries& series) {
  if (static_cast<std::size_t>(series.labels_size()) > kMostSentLabels)
    return std::unexpected(bad_request(fmt::format("a series has more than {} labels", kMostSentLabels)));
  std::vector<profile::Labels::Pair> pairs;
  for (const push::v1::LabelPair& label : series.labels()) pairs.emplace_back(label.name(), label.value());
  return profile::Labels(std::move(pairs));
}

}  // namespace

std::expected<std::string, Refusal> unpacked_body(const net::Request& request, std::size_t limit) {
  std::string_view encoding = request.headers.get("Content-Encoding");
  if (encoding.empty() || net::equal_ignoring_case(encoding, "identity")) return request.body;
  if (!net::equal_ignoring_case(encoding, "gzip")) {
    return std::unexpected(
        Refusal{415, "content_encoding",
                fmt::format("content encoding \"{}\": only gzip is taken", encoding.substr(0, 64))});
  }
  auto plain = profile::gunzip(request.body, limit);
  if (!plain) return std::unexpected(bad_request("the body: " + plain.error().message));
  return *std::move(plain);
}

Received profiles_of(std::string_view pprof, std::size_t& budget) {
  std::string plain;
  if (pprof.starts_with("\x1f\x8b")) {
    auto unpacked = profile::gunzip(pprof, budget);
    if (!unpacked) return std::unexpected(bad_request("the profile: " + unpacked.error().message));
    plain = *std::move(unpacked);
    pprof = plain;
  }
  if (pprof.size() > budget)
    return std::unexpected(Refusal{413, "too_large", "the profiles of one request are too large"});
  budget -= pprof.size();
  auto profiles = profile::decode_pprof_types(pprof, pprof.size());
  if (!profiles) return std::unexpected(bad_request(profiles.error().message));
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

Received read_push(const net::Request& request, WallTime now, std::size_t unpacked_limit) {
  auto body = unpacked_body(request, unpacked_limit);
  if (!body) return std::unexpected(body.error());
  auto message = message_of(request, *body);
  if (!message) return std::unexpected(message.error());
  if (static_cast<std::size_t>(message->series_size()) > kMostSeries)
    return std::unexpected(bad_request(fmt::format("more than {} series", kMostSeries)));
  std::size_t budget = unpacked_limit;
  std::vector<profile::Profile> all;
  for (const push::v1::RawProfileSeries& series : message->series()) {
    auto labels = labels_of(series);
    if (!labels) return std::unexpected(labels.error());
    for (const push::v1::RawSample& sample : series.samples()) {
      auto profiles = profiles_of(sample.raw_profile(), budget);
      if (!profiles) return profiles;
      if (all.size() + profiles->size() > kMostProfiles)
        return std::unexpected(bad_request(fmt::format("more than {} profiles", kMostProfiles)));
      // What was sent once more keeps its id, so that nobody counts it twice.
      auto id = profile::ProfileId::parse(sample.id());
      if (id && profiles->size() == 1) profiles->front().id = *id;
      for (profile::Profile& profile : *profiles) {
        set_labels(profile, *labels);
        if (profile.start == WallTime()) profile.start = now;
        all.push_back(std::move(profile));
      }
    }
  }
  return all;
}

}  // namespace weir::pyroscope
