#include "components/pyroscope/spool.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace weir::pyroscope {
namespace {

constexpr Duration kRetry = std::chrono::seconds(5);
constexpr Duration kStalled = std::chrono::seconds(2);  // after that long the disk is not waited for
constexpr std::size_t kJob = 256;                       // profiles written in one go
constexpr std::size_t kManyDone = 4096;                 // then those that say nothing are looked for

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
  // Whether there is a disk is decided at the start.
  if ((limits.max_bytes == 0) != (limits_.max_bytes == 0)) limits.max_bytes = limits_.max_bytes;
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
    if (done_.size() % kManyDone == 0) forget_done();
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

// Of what never came to a disk that hangs, nothing needs to be said there.
void Spool::forget_done() {
  auto rest = std::ranges::partition(done_, [](const Done& done) {
    const Parcel& parcel = *done.parcel;
    return parcel.waiting_for > 0 || parcel.place.segment != 0 || parcel.is_being_written;
  });
  std::vector<Done> forgotten(std::make_move_iterator(rest.begin()), std::make_move_iterator(rest.end()));
  done_.erase(rest.begin(), rest.end());
  release(forgotten);
}

// ---- jobs ----

bool Spool::has_work() const {
  return !was_opened_ || needs_removal_ || !unwritten_.empty() ||
         std::ranges::any_of(done_, [](const Done& done) { return done.parcel->place.segment != 0; });
}

void Spool::pump() {
  if (!disk_ || running_ || retry_ || is_ending_ || !has_work()) return;
  running_ = next_job();
  ctx_.offload(
      [this, &ctx = ctx_, disk = disk_, running = running_] {
        ctx.post([this, running] {
          if (running_ == running) watch();
        });
        disk->run(running->job, std::chrono::hours(1));
      },
      [this] {
        finished(*running_);
        running_.reset();
        pump();
        events_.changed();
      });
}

// The time a job waits for its turn is not the disk's.
void Spool::watch() {
  watchdog_ = ctx_.after(kStalled, [this] {
    set_error("the disk does not answer");
    release(running_->done);
    release(done_);
    events_.changed();
  });
}

std::shared_ptr<Spool::Running> Spool::next_job() {
  auto running = std::make_shared<Running>();
  take_unwritten(*running);
  take_done(*running);
  find_unneeded(*running);
  return running;
}

void Spool::take_unwritten(Running& running) {
  // Delivered before it could be written: it need not be.
  std::erase_if(unwritten_, [](const ParcelPtr& parcel) { return parcel->waiting_for == 0; });
  while (!unwritten_.empty() && running.appended.size() < kJob) {
    running.job.append.push_back(unwritten_.front()->request);
    running.appended.push_back(std::move(unwritten_.front()));
    running.appended.back()->is_being_written = true;
    unwritten_.pop_front();
  }
}

void Spool::take_done(Running& running) {
  std::vector<Done> later;
  for (auto& done : done_) {
    const Parcel& parcel = *done.parcel;
    if (parcel.place.segment != 0) {
      running.job.done[done.endpoint].push_back(parcel.number);
      running.done.push_back(std::move(done));
    } else if (parcel.is_being_written || parcel.waiting_for > 0) {
      later.push_back(std::move(done));
    } else if (done.then) {
      done.then();
    }
  }
  done_ = std::move(later);
}

void Spool::find_unneeded(Running& running) {
  needs_removal_ = false;
  auto needed = std::ranges::find_if(segments_, [](const auto& entry) { return entry.second.live > 0; });
  segments_.erase(segments_.begin(), needed);
  // Before the first open nobody knows what is needed.
  running.job.none_needed = segments_.empty() && was_opened_;
  if (!segments_.empty()) running.job.oldest_needed = segments_.begin()->first;
  for (const auto& [number, segment] : segments_) {
    if (segment.live == 0 && number != active_) running.job.delivered.push_back(number);
  }
}

void Spool::finished(Running& running) {
  watchdog_.reset();
  SpoolDisk::Job& job = running.job;
  if (job.is_gone) lost_the_disk();
  if (job.log) log_ = job.log;
  if (job.was_opened) opened(job);
  stats_.bytes = job.bytes;
  stats_.segments = job.segments;
  needs_removal_ |= job.active != active_;  // the one before may be delivered already
  active_ = job.active;
  for (std::uint32_t segment : job.removed) segments_.erase(segment);
  for (std::size_t i = running.appended.size(); i-- > 0;) {
    const ParcelPtr& parcel = running.appended[i];
    parcel->is_being_written = false;
    if (i < job.entries.size()) {
      parcel->place = job.entries[i].place;
      parcel->number = job.entries[i].number;
    } else if (parcel->waiting_for > 0) {
      unwritten_.push_front(parcel);
    }
  }
  for (std::size_t i = 0; i < job.entries.size(); ++i) enter(running.appended[i]);
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
  segment.bytes += parcel->place.size;
  if (parcel->waiting_for == 0) return;
  ++segment.live;
  ++live_;
}

void Spool::opened(SpoolDisk::Job& job) {
  was_opened_ = true;
  stats_.set_aside += job.set_aside.size();
  for (const auto& text : job.set_aside) ctx_.log().warn("a part of the queue is damaged", {{"file", text}});
  for (const auto& text : job.unread)
    ctx_.log().warn("a part of the queue cannot be read now; the next start tries again", {{"error", text}});
  std::vector<Restored> restored;
  for (auto& found : job.found) {
    auto parcel = std::make_shared<Parcel>();
    parcel->place = found.entry.place;
    parcel->number = found.entry.number;
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
  // What is delivered goes in any case.
  for (const auto& [number, segment] : segments_) {
    if (segment.live == 0 && number != active_) bytes -= std::min(bytes, segment.bytes);
  }
  for (auto it = segments_.begin(); it != segments_.end() && it->first != active_; ++it) {
    if (bytes <= limits_.max_bytes && live <= limits_.most_parcels) break;
    if (it->second.live == 0) continue;
    bytes -= std::min(bytes, it->second.bytes);
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
  auto results = std::make_shared<std::vector<SpoolDisk::Loaded>>();
  ctx_.offload(
      [places, results, log = log_] {
        using enum SpoolDisk::LoadError::Remedy;
        auto is_gone = std::unexpected(SpoolDisk::LoadError{{"the disk is gone"}, wait});
        for (store::Place place : *places) {
          results->push_back(log ? SpoolDisk::read(*log, place) : is_gone);
        }
      },
      [results, loaded = std::move(loaded)] { loaded(std::move(*results)); });
}

// The job that is under way may be waiting for its turn, be running, or be over with nobody told: in each
// case what has come of it counts.
void Spool::finish(Duration patience) {
  MonoTime until = system_clock().mono() + patience;
  watchdog_.reset();
  while (disk_ && (running_ || has_work())) {
    if (!running_) running_ = next_job();
    Duration left = std::max(Duration::zero(), Duration(until - system_clock().mono()));
    if (!disk_->run(running_->job, left)) break;
    auto running = std::exchange(running_, nullptr);
    finished(*running);
    if (!running->job.error.empty() && !running->job.is_gone) break;
  }
  retry_.reset();
  lose_what_is_in_memory();
}

void Spool::lose_what_is_in_memory() {
  std::size_t count = 0;
  auto lose = [&](const ParcelPtr& parcel) {
    if (parcel->waiting_for == 0) return;
    parcel->lost = "stopped";
    ++count;
  };
  std::ranges::for_each(unwritten_, lose);
  if (running_) std::ranges::for_each(running_->appended, lose);
  if (count == 0) return;
  std::string why = !disk_     ? "the queue is in memory only"
                    : running_ ? "the disk does not answer"
                               : stats_.error;
  ctx_.log().warn("profiles that were not delivered are lost",
                  {{"profiles", fmt::format("{}", count)}, {"reason", why}});
  events_.sweep();
}

Spool::Stats Spool::stats() const {
  Stats stats = stats_;
  auto is_waited_for = [](const ParcelPtr& parcel) { return parcel->waiting_for > 0; };
  stats.parcels = live_ + static_cast<std::size_t>(std::ranges::count_if(unwritten_, is_waited_for));
  if (running_)
    stats.parcels += static_cast<std::size_t>(std::ranges::count_if(running_->appended, is_waited_for));
  stats.memory_bytes = resident_bytes_;
  stats.on_disk = disk_ && was_opened_ && stats_.error.empty();
  return stats;
}

}  // namespace weir::pyroscope
