// What the page is told without asking: how weir does, and which of its questions have other answers by now.
#include <cmath>

#include <fmt/core.h>

#include "web/api.h"
#include "web/parameters.h"
#include "web/status.h"

namespace weir::web {
namespace {

constexpr Duration kEvery = std::chrono::seconds(1);
// Who hears nothing for longer may take it that nobody is there any more.
constexpr Duration kLongestSilence = std::chrono::seconds(15);

// What of the cost anybody sees: hundredths of a percent, tenths of a megabyte.
bool looks_alike(const OwnCost& a, const OwnCost& b) {
  auto hundredths = [](double percent) { return std::lround(percent * 100); };
  auto tenths = [](std::uint64_t bytes) { return bytes / 100'000; };
  return hundredths(a.cpu_percent) == hundredths(b.cpu_percent) && tenths(a.rss_bytes) == tenths(b.rss_bytes);
}

// What one reader has been told. On the server's thread.
class Feed {
 public:
  Feed(std::shared_ptr<Site> site, std::string_view since)
      : site_(std::move(site)), seen_(revisions_in(since, run())) {}

  std::string next() {
    StatusText status = status_text(*site_);
    std::string events = changes();
    MonoTime now = site_->options().clock->mono();
    bool is_same = status.steady == told_.steady && looks_alike(status.cost, told_.cost);
    if (is_same && now - told_at_ < kLongestSilence) return events;
    events += fmt::format("event: status\ndata: {}\n\n", status.whole());
    told_ = std::move(status);
    told_at_ = now;
    return events;
  }

 private:
  std::int64_t run() const { return unix_ms(site_->started()); }

  std::string changes() {
    TopicRevisions now = site_->revisions();
    auto before = std::exchange(seen_, now);
    if (before == now) return {};
    JsonWriter names;
    names.begin_array();
    for (std::size_t i = 0; i < now.size(); ++i) {
      if (!before || (*before)[i] != now[i]) names.value(Topics::kNames[i]);
    }
    names.end_array();
    return fmt::format("id: {}\nevent: changed\ndata: {}\n\n", to_text(run(), now), names.take());
  }

  std::shared_ptr<Site> site_;
  std::optional<TopicRevisions> seen_;  // nullopt: not known what the reader has seen
  StatusText told_;
  MonoTime told_at_;
};

}  // namespace

// An endless text/event-stream; every second at most, and only what is new:
//   event: status    data: what /api/v0/web/status answers. When anything of it but the time has changed, and
//                    every 15 s.
//   event: changed   data: of Topics::kNames a list, those whose questions have other answers than when the
//   id: REVISIONS    reader was told last. At first all; to who says which id it has seen, what changed
//                    since. An id of another run of weir counts as none.
void answer_events(Site& site, const Call& call) {
  std::string since(call.request.headers.get("Last-Event-ID"));
  if (since.empty()) since = text_of(call.request, parameter::kSince);
  auto feed = std::make_shared<Feed>(site.shared_from_this(), since);
  call.reply(net::Response::stream({.next = [feed] { return feed->next(); }, .every = kEvery}));
}

}  // namespace weir::web
