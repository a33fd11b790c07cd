#include "components/discovery/pod_watch.h"

#include <utility>

#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

#include <fmt/core.h>

namespace weir::discovery {
namespace {

constexpr Duration kListTime = std::chrono::seconds(60);
constexpr int kWatchSeconds = 300;  // then the server ends it, and we begin again
constexpr int kPageSize = 500;
constexpr std::size_t kMaxLine = 8u << 20;  // of one event: an object is at most 1.5 MB in etcd
constexpr std::size_t kMaxRefusal = 64u << 10;
constexpr int kGone = 410;  // our resource version is older than what the server remembers
constexpr Duration kShortWatch = std::chrono::seconds(1);

std::string encoded(std::string_view text) {
  return boost::urls::encode(text, boost::urls::unreserved_chars);
}

}  // namespace

PodWatch::PodWatch(runtime::Context& ctx, const KubernetesApi& api, Scope scope,
                   std::function<void()> changed)
    : ctx_(ctx), api_(api), scope_(std::move(scope)), changed_(std::move(changed)) {
  list("");
}

std::string PodWatch::path(std::string_view more) const {
  std::string path = scope_.name_space.empty() ? "/api/v1/pods"
                                               : "/api/v1/namespaces/" + encoded(scope_.name_space) + "/pods";
  path += fmt::format("?{}", more);
  if (!scope_.label_selector.empty()) path += "&labelSelector=" + encoded(scope_.label_selector);
  if (!scope_.field_selector.empty()) path += "&fieldSelector=" + encoded(scope_.field_selector);
  return path;
}

void PodWatch::list(const std::string& from) {
  if (from.empty()) listed_.clear();
  auto request = api_.request(
      path(fmt::format("limit={}{}", kPageSize, from.empty() ? "" : "&continue=" + encoded(from))));
  if (!request) return failed(request.error().message);
  request->total_timeout = kListTime;
  request_ = ctx_.fetch(*std::move(request), {.on_done = [this](auto answer) { page_arrived(answer); }});
}

void PodWatch::page_arrived(const Result<runtime::FetchResponse>& answer) {
  if (!answer) return failed(answer.error().message);
  if (answer->status != 200) {
    return failed(fmt::format("list pods: the API server answered {}: {}", answer->status,
                              status_message(answer->body)));
  }
  generation_ = std::make_shared<int>();
  auto page = std::make_shared<Result<PodPage>>();
  ctx_.offload([body = answer->body, page] { *page = read_pod_list(body); },
               [this, page, generation = std::weak_ptr(generation_)] {
                 if (generation.lock()) page_read(std::move(*page));
               });
}

void PodWatch::page_read(Result<PodPage> page) {
  if (!page) return failed(fmt::format("list pods: {}", page.error().message));
  for (auto& pod : page->pods) listed_[pod.key] = std::move(pod.targets);
  if (!page->next.empty()) return list(page->next);
  ++lists_;
  pods_ = std::move(listed_);
  listed_.clear();
  resource_version_ = page->resource_version;
  synced_ = true;
  error_.clear();
  changed_();
  watch();
}

// A list costs the server much: one that forgets our version again and again gets pauses.
void PodWatch::list_again() {
  if (!watch_lasted() && std::exchange(listed_again_, true)) {
    return failed("watch pods: the server forgets at once what it has listed");
  }
  list("");
}

// Only then is the server known to be well: a list that worked is no proof.
bool PodWatch::watch_lasted() {
  if (watch_since_ == MonoTime() || ctx_.clock().mono() - watch_since_ < kShortWatch) return false;
  backoff_.reset();
  listed_again_ = false;
  return true;
}

void PodWatch::watch() {
  auto request =
      api_.request(path(fmt::format("watch=1&allowWatchBookmarks=true&timeoutSeconds={}&resourceVersion={}",
                                    kWatchSeconds, encoded(resource_version_))));
  if (!request) return failed(request.error().message);
  request->idle_timeout = std::chrono::seconds(kWatchSeconds + 30);
  buffer_.clear();
  watch_status_ = 0;
  watch_since_ = ctx_.clock().mono();
  runtime::FetchEvents events;
  events.on_head = [this](const runtime::FetchResponse& head) { watch_status_ = head.status; };
  events.on_data = [this](std::string_view piece) { watched(piece); };
  events.on_done = [this](auto end) { watch_ended(end); };
  request_ = ctx_.fetch(*std::move(request), std::move(events));
}

void PodWatch::watched(std::string_view piece) {
  buffer_ += piece;
  if (watch_status_ != 200) {
    buffer_.resize(std::min(buffer_.size(), kMaxRefusal));
    return;
  }
  std::size_t begin = 0;
  for (std::size_t end = buffer_.find('\n'); end != std::string::npos; end = buffer_.find('\n', begin)) {
    auto event = read_pod_event(std::string_view(buffer_).substr(begin, end - begin));
    if (!event) return failed(event.error().message);
    begin = end + 1;
    if (event->kind == PodEvent::Kind::error) return apply(*std::move(event));
    apply(*std::move(event));
  }
  buffer_.erase(0, begin);
  if (buffer_.size() > kMaxLine) failed("an event of the watch is too long");
}

void PodWatch::apply(PodEvent event) {
  switch (event.kind) {
    case PodEvent::Kind::error:
      // Not an accident: after a long pause, or a restart of the server, the list is simply made anew.
      if (event.code == kGone) return list_again();
      return failed(fmt::format("watch pods: {}", event.message));
    case PodEvent::Kind::bookmark: break;
    case PodEvent::Kind::changed:
      pods_[event.pod.key] = std::move(event.pod.targets);
      changed_();
      break;
    case PodEvent::Kind::gone:
      pods_.erase(event.pod.key);
      changed_();
      break;
  }
  if (!event.pod.resource_version.empty()) resource_version_ = event.pod.resource_version;
}

void PodWatch::watch_ended(const Result<runtime::FetchResponse>& end) {
  if (!end) {
    (void)watch_lasted();
    return failed(end.error().message);
  }
  if (watch_status_ == kGone) return list_again();
  if (watch_status_ != 200) {
    return failed(
        fmt::format("watch pods: the API server answered {}: {}", watch_status_, status_message(buffer_)));
  }
  if (!watch_lasted()) return failed("watch pods: the server ended it at once");
  watch();
}

// The pods known so far stay.
void PodWatch::failed(std::string error) {
  error_ = std::move(error);
  request_.reset();
  generation_.reset();
  Duration wait = backoff_.next();
  next_try_ = ctx_.clock().mono() + wait;
  retry_ = ctx_.after(wait, [this] {
    retry_.reset();
    list("");
  });
  changed_();
}

}  // namespace weir::discovery
