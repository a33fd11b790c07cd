#include "components/local/file.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/file_system.h"
#include "components/wording.h"

namespace weir::local {
namespace {

constexpr std::size_t kMostBytes = 16u << 20;
// Changes come in bursts.
constexpr Duration kBurst = std::chrono::milliseconds(20);
// What was removed is often about to be there again.
constexpr Duration kGone = std::chrono::milliseconds(200);
// What cannot be read is tried again this often, as rights change without an event.
constexpr Duration kRetry = std::chrono::seconds(10);
// A file system over a network may keep its reader.
constexpr Duration kSlow = std::chrono::seconds(10);

}  // namespace

void File::start() {
  watch();
  read();
}

void File::apply(Arguments args) {
  bool other_file = args.filename != args_.filename || args.detector != args_.detector;
  args_ = std::move(args);
  if (other_file) {
    soon_.reset();
    watch();
  }
  read();
}

void File::stop() {
  events_.reset();
  soon_.reset();
  poll_.reset();
  slow_.reset();
  file_watch_.reset();
}

void File::watch() {
  events_.reset();
  file_watch_.reset();
  if (args_.detector == "poll") {
    info_.watching = "detector = \"poll\"";
    return;
  }
  auto opened = FileWatch::open(args_.filename);
  if (!opened) {
    info_.watching = opened.error().message;
    ctx_.log().warn("the file is read every poll_frequency only", {{"error", opened.error().message}});
    return;
  }
  info_.watching = "events";
  file_watch_ = *std::move(opened);
  events_ = ctx_.on_readable(file_watch_->fd(), [this] { changed(); });
}

void File::changed() {
  FileWatch::Change change = file_watch_->drain();
  if (change == FileWatch::Change::none) return;
  // A file that is written is not kept waiting by one that was removed before.
  soon_ = ctx_.after(change == FileWatch::Change::removed ? kGone : kBurst, [this] { read(); });
}

void File::read() {
  again_ = reading_;
  if (std::exchange(reading_, true)) return;
  poll_.reset();
  slow_ = ctx_.after(kSlow, [this] {
    ctx_.set_health(runtime::HealthState::unhealthy,
                    fmt::format("read {}: no answer for {}, as of a network that is gone; what was read "
                                "before stays",
                                args_.filename, rough_text(kSlow)));
  });
  auto content = std::make_shared<Result<std::string>>();
  ctx_.offload([content, filename = args_.filename] { *content = read_regular_file(filename, kMostBytes); },
               [this, content, filename = args_.filename] { finish(filename, *content); });
}

void File::finish(const std::string& filename, const Result<std::string>& content) {
  reading_ = false;
  slow_.reset();
  if (std::exchange(again_, false) || filename != args_.filename) return read();
  ++info_.readings;
  poll_ =
      ctx_.after(content ? args_.poll_frequency : std::min(kRetry, args_.poll_frequency), [this] { read(); });
  if (!content) {
    ++info_.failures;
    if (info_.error != content.error().message) {
      ctx_.log().warn("the file cannot be read", {{"error", content.error().message}});
    }
    info_.error = content.error().message;
    const char* stays = info_.readings > info_.failures ? "; what was read before stays" : "";
    ctx_.set_health(runtime::HealthState::unhealthy, info_.error + stays);
    return ctx_.publish_debug_info(info_);
  }
  info_.error.clear();
  info_.bytes = content->size();
  ctx_.publish(Exports{.content = {.text = *content, .is_secret = args_.is_secret}});
  ctx_.publish_debug_info(info_);
  std::string message = bytes_text(info_.bytes) + if_none(info_.bytes, "the file is empty");
  if (!file_watch_) {
    message += fmt::format("; read again every {}, because {}", format_duration(args_.poll_frequency),
                           args_.detector == "poll" ? "detector is \"poll\"" : info_.watching);
  }
  ctx_.set_health(runtime::HealthState::healthy, std::move(message));
}

}  // namespace weir::local

template weir::runtime::ComponentType weir::runtime::component_type<weir::local::File>();
