#include "components/pyroscope/push_request.h"

#include "base/utf8.h"
#include "components/pyroscope/push.pb.h"
#include "profile/pprof.h"

namespace weir::pyroscope {

// A server refuses a message with anything but UTF-8.
profile::Labels outgoing_labels(const profile::Profile& profile, const ExternalLabels& external) {
  std::vector<profile::Labels::Pair> pairs{{"__name__", profile.type.name}};
  for (const auto& [name, value] : profile.labels.pairs()) {
    bool reserved = name.starts_with("__") && name != "__name__" && name != "__delta__";
    if (!reserved) pairs.emplace_back(utf8_text(name), utf8_text(value));
  }
  for (const auto& [name, value] : external) pairs.emplace_back(utf8_text(name), utf8_text(value));
  return profile::Labels(std::move(pairs));
}

PushRequestPtr encode_push(const profile::Profile& profile, const ExternalLabels& external) {
  auto request = std::make_shared<PushRequest>();
  request->service = profile.labels.get("service_name");
  push::v1::PushRequest message;
  push::v1::RawProfileSeries* series = message.add_series();
  for (const auto& [name, value] : outgoing_labels(profile, external).pairs()) {
    push::v1::LabelPair* label = series->add_labels();
    label->set_name(name);
    label->set_value(value);
  }
  push::v1::RawSample* sample = series->add_samples();
  sample->set_raw_profile(profile::encode_pprof_gzip(profile));
  sample->set_id(profile.id.to_string());
  request->profile_bytes = sample->raw_profile().size();
  message.SerializeToString(&request->body);
  return request;
}

}  // namespace weir::pyroscope
