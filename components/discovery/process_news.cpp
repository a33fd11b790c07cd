#include "components/discovery/process_news.h"

#include <utility>
#include <variant>

#include "profiler/process/mappings.h"

namespace weir::discovery {
namespace {

namespace p = weir::profiler;

class KernelNews final : public ProcessNewsSource {
 public:
  explicit KernelNews(std::unique_ptr<p::MappingEvents> events) : events_(std::move(events)) {}

  int readable_fd() const override { return events_->readable_fd(); }

  ProcessNews take() override {
    ProcessNews news;
    for (const p::ProcessEvent& event : events_->drain()) {
      if (event.pid == 0) continue;  // of another pid namespace
      const auto* forked = std::get_if<p::ForkEvent>(&event.what);
      if (std::holds_alternative<p::ExecEvent>(event.what)) news.programs.insert(event.pid);
      if (forked != nullptr && forked->parent != event.pid) news.began = true;
      if (std::holds_alternative<p::ExitEvent>(event.what) && event.pid == event.tid) news.ended = true;
    }
    news.lost = events_->lost() != std::exchange(lost_, events_->lost());
    return news;
  }
  Result<> follow_cpus() override { return events_->follow_cpus(); }

 private:
  std::unique_ptr<p::MappingEvents> events_;
  std::uint64_t lost_ = 0;
};

}  // namespace

void ProcessNews::add(ProcessNews later) {
  programs.merge(later.programs);
  began |= later.began;
  ended |= later.ended;
  lost |= later.lost;
}

Result<std::unique_ptr<ProcessNewsSource>> open_process_news() {
  auto events = p::MappingEvents::open(p::FollowedEvents::processes);
  if (!events) return fail(events.error());
  return std::make_unique<KernelNews>(std::move(*events));
}

}  // namespace weir::discovery
