#include "components/discovery/kubelet.h"

#include <algorithm>

#include "components/discovery/kubernetes_event.h"
#include "components/discovery/kubernetes_labels.h"
#include "components/json_reader.h"
#include "components/wording.h"

namespace weir::discovery {
namespace {

constexpr Duration kAnswerTime = std::chrono::seconds(30);
constexpr std::size_t kMaxRefusal = 64u << 10;
// A kubelet that has just started answers before it knows all its pods again.
constexpr Duration kMissing = std::chrono::minutes(1);

}  // namespace

void Kubelet::Arguments::check(lang::Problems& problems) const {
  HttpClientArguments::check(problems);
  if (!url.starts_with("http://") && !url.starts_with("https://")) {
    problems.add("url", fmt::format("\"{}\" is not an http:// or https:// address", url));
  }
}

void Kubelet::start() {
  role_ = KubernetesRole::make({.role = "pod"});
  ctx_.set_health(runtime::HealthState::unknown, "asking the kubelet");
  ask();
}

void Kubelet::apply(Arguments args) {
  stop();
  args_ = std::move(args);
  is_published_ = false;
  start();
}

void Kubelet::stop() {
  next_.reset();
  request_.reset();
  reader_.reset();
  role_.reset();
  missing_since_.clear();
}

void Kubelet::ask() {
  runtime::FetchRequest request;
  request.url = args_.url;
  while (request.url.ends_with('/')) request.url.pop_back();
  request.url += "/pods";
  request.headers = {{"Accept", "application/json"}, {"User-Agent", "weir/" WEIR_VERSION}};
  request.total_timeout = kAnswerTime;
  if (auto applied = args_.apply_to(request); !applied) return failed(applied.error().message);
  status_ = 0;
  read_ = {};
  refused_.clear();
  role_->feeds()[0].sink->begin_list(0);
  reader_.emplace([this](const auto& pod) { put(pod); });
  runtime::FetchEvents events;
  events.on_head = [this](const runtime::FetchResponse& head) { status_ = head.status; };
  events.on_data = [this](std::string_view piece) { arrived(piece); };
  events.on_done = [this](const Result<runtime::FetchResponse>& end) { answered(end); };
  request_ = ctx_.fetch(std::move(request), std::move(events));
}

void Kubelet::put(const boost::json::object& pod) {
  std::string_view name_space = text_at(object_at(pod, "metadata"), "namespace");
  auto wanted = [&](const std::string& name) { return name_space == name; };
  if (args_.namespaces.empty() || std::ranges::any_of(args_.namespaces, wanted)) {
    missing_since_.erase(kubernetes_key(pod));
    role_->feeds()[0].sink->put(0, pod);
  }
}

void Kubelet::arrived(std::string_view piece) {
  if (status_ != 200) {
    refused_.append(piece.substr(0, kMaxRefusal - std::min(refused_.size(), kMaxRefusal)));
  } else if (read_) {
    read_ = reader_->read(piece);
  }
}

void Kubelet::answered(const Result<runtime::FetchResponse>& end) {
  auto whole = read(end);
  if (!whole) return failed(whole.error().message);
  role_->feeds()[0].sink->end_list(0, [this](const std::string& key) { return stays(key); });
  publish();
  next_ = ctx_.after(args_.refresh_interval, [this] { ask(); });
}

// Of a pod that is not in the answer.
bool Kubelet::stays(const std::string& key) {
  MonoTime now = ctx_.clock().mono();
  auto since = missing_since_.try_emplace(key, now).first;
  if (now - since->second < kMissing) return true;
  missing_since_.erase(since);
  return false;
}

Result<> Kubelet::read(const Result<runtime::FetchResponse>& end) {
  if (!end) return fail("{}", without_request(end.error().message));
  if (status_ != 200) return fail("{}", refusal());
  if (!read_) return fail("the kubelet's answer: {}", read_.error().message);
  auto head = reader_->finish();
  if (!head) return fail("the kubelet's answer: {}", head.error().message);
  return {};
}

std::string Kubelet::refusal() const {
  std::string text = fmt::format("the kubelet answered {}: {}", status_, status_message(refused_));
  if (status_ == 401) {
    text += " (it does not know who asks: name a service account's token in bearer_token_file)";
  } else if (status_ == 403) {
    text += " (bind the service account to a ClusterRole that allows to get nodes/proxy)";
  }
  return text;
}

void Kubelet::publish() {
  bool changed = role_->update();
  KubernetesLeftOut left_out = role_->left_out();
  info_.pods = role_->objects();
  info_.missing = missing_since_.size();
  info_.without_target = role_->without_target();
  info_.left_out = left_out.targets;
  info_.left_out_example = left_out.example;
  info_.too_large = reader_->too_large();
  ++info_.listings;
  info_.error.clear();
  known_since_ = ctx_.clock().wall();
  if (changed || !is_published_) {
    auto targets = role_->targets();
    info_.targets = targets.size();
    ctx_.publish(TargetExports{{TargetList::make(std::move(targets))}});
  }
  is_published_ = true;
  ctx_.publish_debug_info(info_);
  std::string message =
      fmt::format("{}, {}", count_text(info_.pods, "pod"), count_text(info_.targets, "target"));
  message += if_none(info_.pods, "the node runs none that fits") +
             left_out_text(info_.without_target, "pod", "without an address yet");
  if (info_.missing > 0) {
    message +=
        fmt::format("; {} not in the last answer, and not given up yet", count_text(info_.missing, "pod"));
  }
  if (info_.too_large > 0)
    message += fmt::format("; {} too large to read", count_text(info_.too_large, "pod"));
  if (info_.left_out > 0) message += "; " + text_of(left_out);
  ctx_.set_health(info_.left_out > 0 ? runtime::HealthState::unhealthy : runtime::HealthState::healthy,
                  std::move(message));
}

// The pods known so far stay.
void Kubelet::failed(const std::string& error) {
  ++info_.failures;
  info_.error = error;
  ctx_.publish_debug_info(info_);
  std::string kept =
      is_published_ ? fmt::format("; the targets of {} stay", format_time(known_since_)) : std::string();
  ctx_.set_health(runtime::HealthState::unhealthy, fmt::format("{}{}; weir tries again in {}", error, kept,
                                                               rough_text(args_.refresh_interval)));
  next_ = ctx_.after(args_.refresh_interval, [this] { ask(); });
}

}  // namespace weir::discovery

template weir::runtime::ComponentType weir::runtime::component_type<weir::discovery::Kubelet>();
