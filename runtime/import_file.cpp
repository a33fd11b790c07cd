#include "runtime/import_file.h"

#include <memory>
#include <system_error>

#include <fmt/format.h>

#include "runtime/files.h"
#include "runtime/plan_inputs.h"

namespace weir::runtime {
namespace {

// A save is several events; and what an editor moves away it is about to write anew.
constexpr Duration kAfterWriting = std::chrono::milliseconds(5);
constexpr Duration kAfterRemoval = std::chrono::milliseconds(100);

}  // namespace

Result<lang::Value> FileBlock::read_texts(const Arguments& args, const std::string&) {
  std::error_code error;
  auto status = std::filesystem::status(args.filename, error);
  // A pipe would keep its reader waiting.
  if (std::filesystem::exists(status) && !is_regular_file(status) && !is_directory(status)) {
    return fail("{}: it is neither a file nor a folder", args.filename);
  }
  lang::Diagnostics wrong;
  auto sources = read_config(args.filename, wrong, kMaxContentBytes);
  if (!wrong.empty()) return fail("{}", wrong.front().message);
  lang::Value::Fields texts;
  for (const auto& source : sources) texts.emplace_back(source->name(), std::string(source->text()));
  return lang::Value::ordered_object(std::move(texts));
}

void FileBlock::start() {
  watch();
  look();
}

void FileBlock::apply(Arguments args) {
  args_ = std::move(args);
  is_outdated_ = is_looking_;
  watch();
  look();
}

void FileBlock::stop() {
  readable_ = nullptr;
  timer_ = nullptr;
  watch_.reset();
}

void FileBlock::watch() {
  readable_ = nullptr;
  watch_.reset();
  if (args_.detector == "poll") return;
  auto watch = FileWatch::open(args_.filename);
  if (!watch) {
    ctx_.log().warn("changes are not noticed at once", {{"err", watch.error().message}});
    return;
  }
  watch_ = *std::move(watch);
  readable_ = ctx_.on_readable(watch_->fd(), [this] {
    FileWatch::Change change = watch_->drain();
    if (change == FileWatch::Change::written) look_later(kAfterWriting);
    if (change == FileWatch::Change::removed) look_later(kAfterRemoval);
  });
}

void FileBlock::look_later(Duration delay) {
  timer_ = ctx_.after(delay, [this] { look(); });
}

void FileBlock::look() {
  if (std::exchange(is_looking_, true)) {
    is_outdated_ = true;
    return;
  }
  auto texts = std::make_shared<std::optional<Result<lang::Value>>>();
  ctx_.offload([texts, args = args_, id = ctx_.id()] { *texts = read_texts(args, id); },
               [this, texts] {
                 is_looking_ = false;
                 if (std::exchange(is_outdated_, false)) return look();
                 show(**texts);
               });
}

void FileBlock::show(const Result<lang::Value>& texts) {
  if (texts) {
    ctx_.set_health(HealthState::healthy, fmt::format("read {}", args_.filename));
    ctx_.publish_object(*texts);
  } else {
    ctx_.set_health(HealthState::unhealthy, fmt::format("{}; tried again every {}", texts.error().message,
                                                        format_duration(args_.poll_frequency)));
  }
  if (!texts || !watch_) look_later(args_.poll_frequency);
}

}  // namespace weir::runtime
