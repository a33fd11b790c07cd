#include "components/discovery/file.h"

#include <utility>

#include "base/utf8.h"
#include "components/wording.h"

namespace weir::discovery {
namespace {

// Changes come in bursts; what was removed is often about to be there again.
constexpr Duration kBurst = std::chrono::milliseconds(50);
constexpr Duration kGone = std::chrono::milliseconds(200);
constexpr std::size_t kMostShown = 100;

}  // namespace

void File::Arguments::check(lang::Problems& problems) const {
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (auto checked = check_file_pattern(files[i]); !checked) problems.add("files", checked.error().message);
  }
}

void File::start() {
  watch();
  read();
}

void File::apply(Arguments args) {
  args_ = std::move(args);
  soon_.reset();
  watches_.clear();
  watch();
  read();
}

void File::stop() {
  watches_.clear();
  soon_.reset();
  refresh_.reset();
}

void File::watch() {
  not_watching_.clear();
  for (const auto& pattern : args_.files) {
    std::string path = watched_path(pattern);
    if (watches_.contains(path)) continue;
    auto opened = FileWatch::open(path);
    if (!opened) {
      not_watching_ = opened.error().message;
      continue;
    }
    Watch& watch = watches_.emplace(path, Watch{*std::move(opened), nullptr}).first->second;
    watch.events = ctx_.on_readable(watch.files.fd(), [this, &watch] { changed(watch); });
  }
}

void File::changed(Watch& watch) {
  FileWatch::Change change = watch.files.drain();
  if (change == FileWatch::Change::none) return;
  soon_ = ctx_.after(change == FileWatch::Change::removed ? kGone : kBurst, [this] { read(); });
}

void File::read() {
  again_ = reading_;
  if (std::exchange(reading_, true)) return;
  soon_.reset();
  refresh_.reset();
  auto files = std::make_shared<TargetFiles>();
  ctx_.offload(
      [files, patterns = args_.files, before = files_] { *files = read_target_files(patterns, *before); },
      [this, files] { finish(*files); });
}

void File::finish(const TargetFiles& files) {
  reading_ = false;
  if (std::exchange(again_, false)) return read();
  ++readings_;
  files_ = std::make_shared<TargetFiles>(files);
  std::vector<TargetPtr> targets;
  for (const auto& [path, file] : files_->by_path) {
    targets.insert(targets.end(), file.targets.begin(), file.targets.end());
  }
  std::size_t count = targets.size();
  ctx_.publish(TargetExports{{TargetList::make(std::move(targets))}});
  report(count);
  refresh_ = ctx_.after(args_.refresh_interval, [this] { read(); });
}

void File::report(std::size_t targets) {
  DebugInfo info{.files = files_->by_path.size(), .targets = targets, .readings = readings_};
  std::vector<std::string> errors = files_->errors;
  for (bool bad : {true, false}) {
    for (const auto& [path, file] : files_->by_path) {
      if (file.error.empty() == bad) continue;
      if (bad) errors.push_back(file.error);
      info.bad_files += bad ? 1 : 0;
      if (info.by_file.size() < kMostShown) {
        info.by_file.push_back({utf8_text(path), file.targets.size(), file.error});
      }
    }
  }
  info.watching = not_watching_.empty() ? "events" : not_watching_;
  ctx_.publish_debug_info(info);
  std::string message =
      fmt::format("{}, {}", count_text(info.files, "file"), count_text(info.targets, "target"));
  if (errors.empty()) {
    message += if_none(info.targets, info.files == 0 ? "no file fits files" : "the files list none");
  }
  if (!not_watching_.empty()) {
    message += fmt::format("; changes show after refresh_interval, because {}", not_watching_);
  }
  std::string error = errors.empty() ? "" : errors.front();
  if (error != last_error_ && !error.empty()) ctx_.log().warn("a file is of no use", {{"error", error}});
  last_error_ = error;
  if (errors.empty()) return ctx_.set_health(runtime::HealthState::healthy, std::move(message));
  message = fmt::format("{}{}; {}", error,
                        info.bad_files + files_->kept > 0 ? "; what stood there before stays" : "", message);
  if (errors.size() > 1) message += fmt::format("; {} more of no use", errors.size() - 1);
  ctx_.set_health(runtime::HealthState::unhealthy, std::move(message));
}

}  // namespace weir::discovery

template weir::runtime::ComponentType weir::runtime::component_type<weir::discovery::File>();
