#include "components/pyroscope/spool_disk.h"

#include <algorithm>
#include <utility>

#include "store/coding.h"

namespace weir::pyroscope {
namespace {

enum Kind : std::uint8_t { kProfile = 1, kDone = 2 };

constexpr std::size_t kPlacesPerRecord = 8192;       // a head holds no more than 256 KiB
constexpr std::uint64_t kRestingBytes = 256u << 10;  // what an empty queue may take

struct ProfileHead {
  WallTime start;
  std::uint64_t profile_bytes = 0, raw_bytes = 0;
  std::string_view service;
};

std::string encode_head(const PushRequest& request) {
  store::ByteWriter out;
  out.byte(kProfile);
  out.signed_number(
      std::chrono::duration_cast<std::chrono::nanoseconds>(request.start.time_since_epoch()).count());
  out.number(request.profile_bytes);
  out.number(request.raw_bytes);
  out.text(request.service);
  return out.take();
}

ProfileHead read_profile_head(store::ByteReader& in) {
  ProfileHead head;
  head.start =
      WallTime(std::chrono::duration_cast<WallTime::duration>(std::chrono::nanoseconds(in.signed_number())));
  head.profile_bytes = in.number();
  head.raw_bytes = in.number();
  head.service = in.text();
  return head;
}

// Puts what the records say together. What a later version may have written besides is left out.
class Finder {
 public:
  explicit Finder(std::vector<SpoolDisk::Found>& found) : found_(found) {}

  void visit(store::Place place, std::string_view head) {
    store::ByteReader in(head);
    std::uint8_t kind = in.byte();
    if (kind == kProfile) {
      ProfileHead profile = read_profile_head(in);
      if (in.failed()) return;
      at_[{place.segment, place.offset}] = found_.size();
      found_.push_back({place, profile.start, profile.profile_bytes, profile.raw_bytes, {}});
    } else if (kind == kDone) {
      std::string key(in.text());
      for (std::size_t left = in.count(2); left > 0; --left) {
        auto segment = static_cast<std::uint32_t>(in.number());
        auto it = at_.find({segment, static_cast<std::uint32_t>(in.number())});
        if (!in.failed() && it != at_.end()) found_[it->second].done_by.push_back(key);
      }
    }
  }

 private:
  std::vector<SpoolDisk::Found>& found_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::size_t> at_;
};

}  // namespace

bool SpoolDisk::run(Job& job, Duration patience) {
  std::unique_lock lock(one_job_, patience);
  if (!lock) return false;
  if (log_ && !is_there()) {
    log_.reset();
    job.is_gone = true;
    job.error = folder_.string() + ": somebody removed it";
    return true;
  }
  if (!log_) open(job);
  if (!log_) return true;
  append(job);
  write_done(job);
  remove_unneeded(job);
  job.log = log_;
  job.bytes = log_->bytes();
  job.segments = static_cast<std::uint32_t>(log_->segments().size());
  job.active = log_->active();
  return true;
}

// Files that were removed can be written to for as long as they are open.
bool SpoolDisk::is_there() const {
  std::error_code error;
  return std::filesystem::exists(folder_ / "lock", error);
}

void SpoolDisk::open(Job& job) {
  Finder finder(job.found);
  auto log =
      store::SegmentLog::open({.path = folder_, .segment_bytes = segment_bytes_},
                              [&](store::Place place, std::string_view head) { finder.visit(place, head); });
  if (!log) {
    job.error = log.error().message;
    job.found.clear();
    return;
  }
  log_ = *std::move(log);
  job.was_opened = true;
  job.set_aside = log_->set_aside();
}

void SpoolDisk::append(Job& job) {
  for (const auto& request : job.append) {
    auto place = log_->append(encode_head(*request), request->body);
    if (!place) {
      job.error = place.error().message;
      return;
    }
    job.places.push_back(*place);
  }
}

void SpoolDisk::write_done(Job& job) {
  for (const auto& [key, places] : job.done) {
    for (std::size_t from = 0; from < places.size(); from += kPlacesPerRecord) {
      std::size_t to = std::min(from + kPlacesPerRecord, places.size());
      store::ByteWriter out;
      out.byte(kDone);
      out.text(key);
      out.number(to - from);
      for (std::size_t i = from; i < to; ++i) {
        out.number(places[i].segment);
        out.number(places[i].offset);
      }
      if (auto written = log_->append(out.take(), ""); !written) {
        job.error = written.error().message;
        return;
      }
    }
  }
  job.done_is_written = true;
}

// Oldest first: what an older segment says is done must not come back when a newer one is gone.
void SpoolDisk::remove_unneeded(const Job& job) {
  if (job.none_needed && job.append.empty() && log_->bytes() > kRestingBytes) log_->close_active();
  std::vector<std::uint32_t> unneeded;
  for (const auto& [segment, bytes] : log_->segments()) {
    bool is_needed = job.none_needed ? !job.append.empty() : segment >= job.oldest_needed;
    if (!is_needed && segment != log_->active()) unneeded.push_back(segment);
  }
  for (std::uint32_t segment : unneeded) {
    if (!log_->remove(segment)) return;
  }
}

Result<PushRequestPtr> SpoolDisk::read(const store::SegmentLog& log, store::Place place) {
  auto content = log.read(place);
  if (!content) return fail(content.error());
  store::ByteReader in(content->head);
  bool is_profile = in.byte() == kProfile;
  ProfileHead head = read_profile_head(in);
  if (!is_profile || in.failed()) return fail("there is no profile at {}", place.offset);
  auto request = std::make_shared<PushRequest>();
  request->profile_bytes = head.profile_bytes;
  request->raw_bytes = head.raw_bytes;
  request->service = std::string(head.service);
  request->start = head.start;
  request->body = std::move(content->body);
  return PushRequestPtr(std::move(request));
}

}  // namespace weir::pyroscope
