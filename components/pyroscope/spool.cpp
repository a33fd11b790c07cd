#include "components/pyroscope/spool.h"

#include <algorithm>
#include <utility>

namespace weir::pyroscope {
namespace {

constexpr Duration kRetry = std::chrono::seconds(5);
constexpr Duration kStalled = std::chrono::seconds(2);  // after that long the disk is not waited for
constexpr std::size_t kJob = 256;                       // profiles written in one go

// Small enough that dropping the oldest one costs little of the whole.
std::uint32_t segment_bytes(std::uint64_t max_bytes) {
  return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(max_bytes / 16, 64u << 10, 16u << 20));
}

}  // namespace

struct Spool::Running {
  SpoolDisk::Job job;
  std::vector<ParcelPtr> appended;
  std::vector<Done> done;
};

ParcelPtr make_parcel(PushRequestPtr request) {
  auto parcel = std::make_shared<Parcel>();
  parcel->start = request->start;
  parcel->profile_bytes = request->profile_bytes;
  parcel->raw_bytes = request->raw_bytes;
  parcel->request = std::move(request);
  return parcel;
}

void Spool::open(std::filesystem::path folder) {
  if (limits_.max_bytes == 0) return;
  disk_ = std::make_shared<SpoolDisk>(std::move(folder), segment_bytes(limits_.max_bytes));
  pump();
}

void Spool::set_limits(Limits limits) {
  limits_ = limits;
  shrink_disk();
}

void Spool::keep(const ParcelPtr& parcel) {
  unwritten_.push_back(parcel);
  resident_.push_back(parcel);
  resident_bytes_ += parcel->request->body.size();
  shrink_memory();
  pump();
}

void Spool::done(const ParcelPtr& parcel, const std::string& endpoint, std::function<void()> then) {
  --parcel->waiting_for;
  bool is_last = parcel->waiting_for == 0;
  if (auto segment = segments_.find(parcel->place.segment); is_last && segment != segments_.end()) {
    --live_;
    needs_removal_ |= --segment->second.live == 0;
  }
  bool is_written_nowhere = parcel->place.segment == 0 && !parcel->is_being_written;
  if (!disk_ || (is_written_nowhere && is_last)) {
    then();
  } else {
    done_.push_back({parcel, endpoint, std::move(then)});
    if (!stats_.error.empty()) release(done_);
  }
  if (is_last && parcel->request) shrink_memory();
  pump();
}

// Nobody waits for a disk that does not work.
void Spool::release(std::vector<Done>& done) {
  for (auto& one : done) {
    if (auto then = std::exchange(one.then, nullptr)) then();
  }
}

// ---- jobs ----

bool Spool::has_work() const {
  return !was_opened_ || needs_removal_ || !unwritten_.empty() ||
         std::ranges::any_of(done_, [](const Done& done) { return done.parcel->place.segment != 0; });
}

void Spool::pump() {
  if (!disk_ || running_ || retry_ || is_ending_ || !has_work()) return;
  running_ = next_job();
  watchdog_ = ctx_.after(kStalled, [this] {
    set_error("the disk does not answer");
    release(running_->done);
    release(done_);
  });
  ctx_.offload([disk = disk_, running = running_] { disk->run(running->job, std::chrono::hours(1)); },
               [this, running = running_] {
                 watchdog_.reset();
                 finished(*running);
                 running_.reset();
                 pump();
                 events_.changed();
               });
}

std::shared_ptr<Spool::Running> Spool::next_job() {
  auto running = std::make_shared<Running>();
  // Delivered before it could be written: it need not be.
  std::erase_if(unwritten_, [](const ParcelPtr& parcel) { return parcel->waiting_for == 0; });
  while (!unwritten_.empty() && running->appended.size() < kJob) {
    running->job.append.push_back(unwritten_.front()->request);
    running->appended.push_back(std::move(unwritten_.front()));
    running->appended.back()->is_being_written = true;
    unwritten_.pop_front();
  }
  std::vector<Done> later;
  for (auto& done : done_) {
    const Parcel& parcel = *done.parcel;
    if (parcel.place.segment != 0) {
      running->job.done[done.endpoint].push_back(parcel.place);
      running->done.push_back(std::move(done));
    } else if (parcel.is_being_written || parcel.waiting_for > 0) {
      later.push_back(std::move(done));
    } else if (done.then) {
      done.then();
    }
  }
  done_ = std::move(later);
  needs_removal_ = false;
  auto needed = std::ranges::find_if(segments_, [](const auto& entry) { return entry.second.live > 0; });
  segments_.erase(segments_.begin(), needed);
  running->job.none_needed = segments_.empty();
  if (!segments_.empty()) running->job.oldest_needed = segments_.begin()->first;
  // Before the first open nobody knows what is needed.
  if (!was_opened_) running->job.none_needed = false;
  return running;
}

void Spool::finished(Running& running) {
  SpoolDisk::Job& job = running.job;
  if (job.is_gone) lost_the_disk();
  if (job.log) log_ = job.log;
  if (job.was_opened) opened(job);
  stats_.bytes = job.bytes;
  stats_.segments = job.segments;
  active_ = job.active;
  for (std::size_t i = running.appended.size(); i-- > 0;) {
    const ParcelPtr& parcel = running.appended[i];
    parcel->is_being_written = false;
    if (i < job.places.size()) {
      parcel->place = job.places[i];
    } else if (parcel->waiting_for > 0) {
      unwritten_.push_front(parcel);
    }
  }
  for (std::size_t i = 0; i < job.places.size(); ++i) enter(running.appended[i]);
  release(running.done);
  if (!job.done_is_written && !job.is_gone) {
    for (auto& done : running.done) done_.push_back(std::move(done));
  }
  set_error(job.error);
  if (!job.error.empty()) {
    release(done_);
    retry_ = ctx_.after(job.is_gone ? Duration::zero() : kRetry, [this] {
      retry_.reset();
      pump();
    });
  }
  shrink_memory();
  shrink_disk();
}

void Spool::enter(const ParcelPtr& parcel) {
  Segment& segment = segments_[parcel->place.segment];
  segment.parcels.push_back(parcel);
  if (parcel->waiting_for == 0) return;
  ++segment.live;
  ++live_;
}

void Spool::opened(SpoolDisk::Job& job) {
  was_opened_ = true;
  stats_.set_aside += job.set_aside.size();
  for (const auto& text : job.set_aside) ctx_.log().warn("a part of the queue is damaged", {{"file", text}});
  std::vector<Restored> restored;
  for (auto& found : job.found) {
    auto parcel = std::make_shared<Parcel>();
    parcel->place = found.place;
    parcel->start = found.start;
    parcel->profile_bytes = found.profile_bytes;
    parcel->raw_bytes = found.raw_bytes;
    restored.push_back({parcel, std::move(found.done_by)});
  }
  job.found.clear();
  auto parcels = restored;
  if (!restored.empty()) events_.restored(std::move(restored));
  for (const auto& [parcel, done_by] : parcels) enter(parcel);
  needs_removal_ = true;
}

// What is still in memory is written again.
void Spool::lost_the_disk() {
  log_.reset();
  bool any_lost = false;
  std::deque<ParcelPtr> again;
  for (auto& [number, segment] : std::exchange(segments_, {})) {
    for (const auto& parcel : segment.parcels) {
      if (parcel->waiting_for == 0) continue;
      parcel->place = {};
      if (parcel->request) {
        again.push_back(parcel);
      } else {
        parcel->lost = "disk";
        any_lost = true;
      }
    }
  }
  live_ = 0;
  unwritten_.insert(unwritten_.begin(), again.begin(), again.end());
  if (any_lost) events_.sweep();
}

void Spool::set_error(std::string error) {
  if (error == stats_.error) return;
  if (!error.empty()) {
    ctx_.log().warn("the queue is kept in memory only", {{"error", error}});
    if (stats_.error.empty()) stats_.error_since = ctx_.clock().mono();
  } else {
    ctx_.log().info("the queue is on the disk again");
  }
  stats_.error = std::move(error);
}

// ---- limits ----

void Spool::shrink_memory() {
  while (!resident_.empty() && resident_.front()->waiting_for == 0) {
    resident_bytes_ -= resident_.front()->request->body.size();
    resident_.front()->request.reset();
    resident_.pop_front();
  }
  for (auto it = resident_.begin(); it != resident_.end() && resident_bytes_ > limits_.memory_bytes;) {
    Parcel& parcel = **it;
    bool may_go = parcel.place.segment != 0 || (parcel.waiting_for == 0 && !parcel.is_being_written);
    if (may_go) {
      resident_bytes_ -= parcel.request->body.size();
      parcel.request.reset();
    }
    it = may_go ? resident_.erase(it) : it + 1;
  }
  shrink_unwritten();
}

// Oldest first: what a person wants to see after an outage is now.
void Spool::shrink_unwritten() {
  std::size_t count = unwritten_.size();
  auto too_much = [&] { return count > limits_.memory_count || resident_bytes_ > limits_.memory_bytes; };
  if (!too_much()) return;
  std::erase_if(unwritten_, [](const auto& parcel) { return parcel->waiting_for == 0; });
  count = static_cast<std::size_t>(
      std::ranges::count_if(unwritten_, [](const auto& parcel) { return parcel->flights == 0; }));
  bool any_lost = false;
  for (const auto& parcel : unwritten_) {
    if (!too_much() || count <= 1) break;
    if (parcel->flights > 0 || parcel->lost) continue;
    parcel->lost = "queue_full";
    any_lost = true;
    --count;
    resident_bytes_ -= parcel->request->body.size();
    parcel->request.reset();
    std::erase(resident_, parcel);
  }
  if (!any_lost) return;
  std::erase_if(unwritten_, [](const auto& parcel) { return parcel->lost != nullptr; });
  events_.sweep();
}

void Spool::lose(Segment& segment, const char* reason) {
  for (const auto& parcel : segment.parcels) {
    if (parcel->waiting_for > 0 && parcel->flights == 0) parcel->lost = reason;
  }
}

void Spool::shrink_disk() {
  std::uint64_t bytes = stats_.bytes;
  std::size_t live = live_;
  bool any_lost = false;
  for (auto it = segments_.begin(); it != segments_.end() && it->first != active_; ++it) {
    if (bytes <= limits_.max_bytes && live <= limits_.most_parcels) break;
    if (it->second.live == 0) continue;
    std::uint64_t size = 0;
    for (const auto& parcel : it->second.parcels) size += parcel->place.size;
    bytes -= std::min(bytes, size);
    live -= std::min(live, it->second.live);
    lose(it->second, "queue_full");
    any_lost = true;
  }
  if (any_lost) events_.sweep();
}

void Spool::expire() {
  WallTime oldest = ctx_.clock().wall() - std::chrono::duration_cast<WallTime::duration>(limits_.max_age);
  bool any_lost = false;
  auto look = [&](const ParcelPtr& parcel) {
    if (parcel->waiting_for == 0 || parcel->flights > 0 || parcel->start >= oldest) return;
    if (parcel->start == WallTime()) return;  // nobody knows when
    parcel->lost = "too_old";
    any_lost = true;
  };
  for (const auto& [number, segment] : segments_) std::ranges::for_each(segment.parcels, look);
  std::ranges::for_each(unwritten_, look);
  if (any_lost) events_.sweep();
}

// ---- reading, the end ----

void Spool::load(const std::vector<ParcelPtr>& parcels, Loaded loaded) {
  auto places = std::make_shared<std::vector<store::Place>>();
  for (const auto& parcel : parcels) places->push_back(parcel->place);
  auto results = std::make_shared<std::vector<Result<PushRequestPtr>>>();
  ctx_.offload(
      [places, results, log = log_] {
        for (store::Place place : *places) {
          results->push_back(log ? SpoolDisk::read(*log, place) : fail("the disk is gone"));
        }
      },
      [results, loaded = std::move(loaded)] { loaded(std::move(*results)); });
}

void Spool::finish(Duration patience) {
  if (!disk_) return;
  watchdog_.reset();
  retry_.reset();
  while (has_work()) {
    auto running = next_job();
    if (running->job.append.empty() && running->job.done.empty()) return;
    if (!disk_->run(running->job, patience) || !running->job.error.empty()) return;
    was_opened_ = true;
  }
}

Spool::Stats Spool::stats() const {
  Stats stats = stats_;
  auto is_waited_for = [](const ParcelPtr& parcel) { return parcel->waiting_for > 0; };
  stats.parcels = live_ + static_cast<std::size_t>(std::ranges::count_if(unwritten_, is_waited_for));
  stats.memory_bytes = resident_bytes_;
  stats.on_disk = disk_ && was_opened_ && stats_.error.empty();
  return stats;
}

}  // namespace weir::pyroscope
