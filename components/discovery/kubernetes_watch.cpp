#include "components/discovery/kubernetes_watch.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

#include <fmt/core.h>

#include "components/wording.h"

namespace weir::discovery {
namespace {

constexpr Duration kListTime = std::chrono::minutes(5);  // as long as a token for the next page is good
constexpr Duration kStill = std::chrono::seconds(30);
constexpr int kWatchSeconds = 300;  // then the server ends it, and we begin again
constexpr int kPageSize = 500;
constexpr std::size_t kMostPages = 10'000;  // of one list: 5,000,000 objects
constexpr Duration kLineTime = std::chrono::minutes(1);
constexpr std::size_t kMaxRefusal = 64u << 10;
constexpr int kGone = 410;  // our resource version is older than what the server remembers
constexpr Duration kShortWatch = std::chrono::seconds(1);

std::string encoded(std::string_view text) {
  return boost::urls::encode(text, boost::urls::unreserved_chars);
}

// In seconds; a date is not understood.
Duration retry_after_of(const runtime::FetchResponse& head) {
  std::string_view text = head.header("Retry-After");
  int seconds = 0;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  return std::chrono::seconds(std::clamp(seconds, 0, 3600));
}

// Where only names, labels and annotations are wanted, the server may leave out the rest.
std::string accepted(bool metadata_only, std::string_view kind) {
  if (!metadata_only) return "application/json";
  return fmt::format("application/json;as={};g=meta.k8s.io;v=v1,application/json", kind);
}

}  // namespace

KubernetesWatch::KubernetesWatch(runtime::Context& ctx, const KubernetesApi& api, Scope scope,
                                 std::function<void()> changed)
    : ctx_(ctx), api_(api), scope_(std::move(scope)), changed_(std::move(changed)) {
  list("");
}

std::string KubernetesWatch::path(std::string_view more) const {
  const auto& [name, group, is_namespaced] = scope_.feed.resource;
  std::string path = group.empty() ? "/api/v1" : fmt::format("/apis/{}/v1", group);
  if (!scope_.name_space.empty()) path += "/namespaces/" + encoded(scope_.name_space);
  path += fmt::format("/{}?{}", name, more);
  if (!scope_.label_selector.empty()) path += "&labelSelector=" + encoded(scope_.label_selector);
  if (!scope_.field_selector.empty()) path += "&fieldSelector=" + encoded(scope_.field_selector);
  return path;
}

// A watch goes on where the last one ended; what happened meanwhile comes first.
void KubernetesWatch::resume() {
  if (resource_version_.empty()) {
    list("");
  } else {
    watch();
  }
}

void KubernetesWatch::list(const std::string& from) {
  verb_ = fmt::format("list {}", scope_.feed.resource.name);
  resource_version_.clear();
  watch_since_ = MonoTime();
  std::string more = from.empty() ? "" : "&continue=" + encoded(from);
  // A few objects of many: the server has them in memory, and need not ask its database for all. What it
  // has may be old, but the watch goes on from there.
  if (lists_ == 0 && from.empty() && !scope_.field_selector.empty()) more = "&resourceVersion=0";
  auto request = api_.request(path(fmt::format("limit={}{}", kPageSize, more)),
                              accepted(scope_.feed.metadata_only, "PartialObjectMetadataList"));
  if (!request) return failed(request.error().message, Trouble::refusal);
  request->idle_timeout = kStill;
  request->total_timeout = kListTime;
  if (from.empty()) {
    pages_.clear();
    scope_.feed.sink->begin_list(scope_.number);
  }
  reader_.emplace([this](const auto& object) { scope_.feed.sink->put(scope_.number, object); });
  send(*std::move(request), &KubernetesWatch::page_ended);
}

void KubernetesWatch::page_ended(const Result<>& end) {
  if (status_ != 0 && status_ != 200) {
    // The token for the next page has grown old.
    if (status_ == kGone) return list_again();
    return failed(refusal(), Trouble::refusal);
  }
  if (!end) {
    return failed(fmt::format("{}: {}", verb_, without_request(end.error().message)),
                  status_ == 0 ? Trouble::connection : Trouble::refusal);
  }
  auto head = reader_->finish();
  if (!head) return failed(fmt::format("{}: {}", verb_, head.error().message), Trouble::refusal);
  page_done(*head);
}

void KubernetesWatch::page_done(const KubernetesListReader::Head& head) {
  too_large_ += reader_->too_large();
  reader_.reset();
  if (!head.next.empty()) return next_page(head.next);
  if (head.resource_version.empty()) return failed(verb_ + ": the list has no version", Trouble::in_vain);
  scope_.feed.sink->end_list(scope_.number);
  pages_.clear();
  ++lists_;
  resource_version_ = head.resource_version;
  synced_ = true;
  error_.clear();
  changed_();
  watch();
}

void KubernetesWatch::next_page(const std::string& from) {
  if (pages_.size() >= kMostPages) {
    return failed(fmt::format("{}: the list has more than {} pages", verb_, kMostPages), Trouble::in_vain);
  }
  if (!pages_.insert(std::hash<std::string>()(from)).second) {
    return failed(fmt::format("{}: the list does not end: the server names the same next page twice", verb_),
                  Trouble::in_vain);
  }
  changed_();
  list(from);
}

// A list costs the server much: one that forgets our version again and again gets pauses.
void KubernetesWatch::list_again() {
  resource_version_.clear();
  if (!watch_lasted() && std::exchange(listed_in_vain_, true)) {
    return failed(
        fmt::format("watch {}: the server forgets at once what it has listed", scope_.feed.resource.name),
        Trouble::in_vain);
  }
  list("");
}

// Only then is the server known to be well: a list that worked is no proof.
bool KubernetesWatch::watch_lasted() {
  if (watch_since_ == MonoTime() || ctx_.clock().mono() - watch_since_ < kShortWatch) return false;
  retries_.reset();
  listed_in_vain_ = false;
  return true;
}

void KubernetesWatch::watch() {
  verb_ = fmt::format("watch {}", scope_.feed.resource.name);
  auto request =
      api_.request(path(fmt::format("watch=1&allowWatchBookmarks=true&timeoutSeconds={}&resourceVersion={}",
                                    kWatchSeconds, encoded(resource_version_))),
                   accepted(scope_.feed.metadata_only, "PartialObjectMetadata"));
  if (!request) return failed(request.error().message, Trouble::refusal);
  request->idle_timeout = std::chrono::seconds(kWatchSeconds + 30);
  watch_since_ = MonoTime();
  send(*std::move(request), &KubernetesWatch::watch_ended);
}

void KubernetesWatch::watch_began() {
  watch_since_ = ctx_.clock().mono();
  if (error_.empty()) return;
  error_.clear();
  changed_();
}

void KubernetesWatch::watch_ended(const Result<>& end) {
  if (status_ == kGone) return list_again();
  if (status_ != 0 && status_ != 200) return failed(refusal(), Trouble::refusal);
  if (!end)
    return failed(fmt::format("{}: {}", verb_, without_request(end.error().message)), Trouble::connection);
  if (!watch_lasted()) return failed(fmt::format("{}: the server ended it at once", verb_), Trouble::in_vain);
  if (scope_.feed.sink->wants_list()) return list("");
  watch();
}

void KubernetesWatch::send(runtime::FetchRequest request,
                           void (KubernetesWatch::*ended)(const Result<>& end)) {
  buffer_.clear();
  skipped_ = 0;
  status_ = 0;
  retry_after_ = Duration::zero();
  runtime::FetchEvents events;
  events.on_head = [this](const runtime::FetchResponse& head) { answered(head); };
  events.on_data = [this](std::string_view piece) { arrived(piece); };
  events.on_done = [this, ended](const Result<runtime::FetchResponse>& end) {
    if (!end) return (this->*ended)(fail(end.error()));
    if (status_ == 0) answered(*end);
    (this->*ended)({});
  };
  request_ = ctx_.fetch(std::move(request), std::move(events));
}

void KubernetesWatch::answered(const runtime::FetchResponse& head) {
  status_ = head.status;
  retry_after_ = retry_after_of(head);
  if (status_ == 200 && !reader_) watch_began();
}

void KubernetesWatch::arrived(std::string_view piece) {
  if (status_ != 200) {
    buffer_.append(piece.substr(0, kMaxRefusal - std::min(buffer_.size(), kMaxRefusal)));
  } else if (reader_) {
    auto read = reader_->read(piece);
    if (!read) failed(fmt::format("{}: {}", verb_, read.error().message), Trouble::refusal);
  } else {
    if (buffer_.empty() && skipped_ == 0) line_since_ = ctx_.clock().mono();
    if (skipped_ > 0) skip_line(piece);
    std::size_t known = buffer_.size();
    buffer_ += piece;
    read_lines(known);
  }
}

// Leaves what comes after the line.
void KubernetesWatch::skip_line(std::string_view& piece) {
  std::size_t end = piece.find('\n');
  bool ends = end != std::string_view::npos;
  skipped_ = ends ? 0 : skipped_ + piece.size();
  piece.remove_prefix(ends ? end + 1 : piece.size());
  if (ends) line_since_ = ctx_.clock().mono();
}

// `known`: bytes in which no end of a line was.
void KubernetesWatch::read_lines(std::size_t known) {
  std::size_t begin = 0;
  bool has_news = false;
  auto& sink = *scope_.feed.sink;
  auto each = [&](KubernetesEvent::Kind kind, const boost::json::object& object) {
    has_news = true;
    if (kind == KubernetesEvent::Kind::gone) {
      sink.remove(object);
    } else {
      sink.put(scope_.number, object);
    }
  };
  for (std::size_t end = buffer_.find('\n', known); end != std::string::npos;
       end = buffer_.find('\n', begin)) {
    std::string_view line = std::string_view(buffer_).substr(begin, end - begin);
    begin = end + 1;
    line_since_ = ctx_.clock().mono();
    if (line.size() > kMostKubernetesText || is_too_large_json(line)) {
      // What is known of its object stays.
      ++too_large_;
      has_news = true;
      continue;
    }
    auto event = read_kubernetes_event(line, each);
    if (!event) {
      resource_version_.clear();
      return failed(fmt::format("{}: {}", verb_, event.error().message), Trouble::refusal);
    }
    if (event->kind == KubernetesEvent::Kind::error) return take_error(*event);
    ++events_;
    if (!event->resource_version.empty()) resource_version_ = event->resource_version;
  }
  buffer_.erase(0, begin);
  if (buffer_.size() > kMostKubernetesText) {
    skipped_ = buffer_.size();
    buffer_.clear();
    ++too_large_;
    has_news = true;
  }
  if (has_news) changed_();
  bool is_within = skipped_ > 0 || !buffer_.empty();
  bool is_stuck = is_within && ctx_.clock().mono() - line_since_ > kLineTime;
  if (is_stuck || skipped_ > kEndlessKubernetesText) {
    failed(fmt::format("{}: an event does not end", verb_), Trouble::refusal);
  }
}

void KubernetesWatch::take_error(const KubernetesEvent& event) {
  // Not an accident: after a long pause, or a restart of the server, the list is simply made anew.
  if (event.code == kGone) return list_again();
  resource_version_.clear();
  failed(fmt::format("{}: {}", verb_, event.message), Trouble::refusal);
}

// What the server said, and what a person can do about it.
std::string KubernetesWatch::refusal() const {
  const auto& resource = scope_.feed.resource;
  std::string text =
      fmt::format("{}: the API server answered {}: {}", verb_, status_, status_message(buffer_));
  if (status_ == 401) return text + " (it does not know who asks: look at the token or the certificate)";
  if (status_ != 403) return text;
  std::string group = resource.group.empty() ? "" : fmt::format(" of API group {}", resource.group);
  std::string role =
      scope_.name_space.empty() ? "a ClusterRole" : fmt::format("a Role in namespace {}", scope_.name_space);
  return fmt::format("{} (give weir {} that allows to list and watch {}{})", text, role, resource.name,
                     group);
}

// The objects known so far stay.
void KubernetesWatch::failed(std::string error, Trouble trouble) {
  if (error_.empty()) news_until_ = ctx_.clock().wall();
  error_ = std::move(error);
  ++failures_;
  (void)watch_lasted();
  watch_since_ = MonoTime();
  request_.reset();
  reader_.reset();
  MonoTime now = ctx_.clock().mono();
  Duration wait = retries_.after(trouble, now, retry_after_);
  next_try_ = now + wait;
  retry_ = ctx_.after(wait, [this] {
    retry_.reset();
    resume();
  });
  changed_();
}

}  // namespace weir::discovery
