#include "profiler/process/mappings.h"

#include <linux/perf_event.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "profiler/kernel_error.h"
#include "profiler/sampler.h"

namespace weir::profiler {

namespace {

// A mapping record takes about 120 bytes: room for some 500 between two drains of a CPU.
constexpr std::size_t kRingBytes = 64u << 10;
// Without mappings a process takes some 200 bytes, a thread 110.
constexpr std::size_t kSmallRingBytes = 16u << 10;

std::size_t page_size() {
  return static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

perf_event_attr attributes(FollowedEvents followed, bool with_build_ids) {
  perf_event_attr attr{};
  attr.type = PERF_TYPE_SOFTWARE;
  attr.size = sizeof attr;
  attr.config = PERF_COUNT_SW_DUMMY;
  attr.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME;
  attr.sample_id_all = 1;
  if (followed == FollowedEvents::mappings) {
    attr.mmap = 1;
    attr.mmap2 = 1;
    attr.build_id = with_build_ids ? 1 : 0;
  } else {
    // Readable from the first record on.
    attr.watermark = 1;
    attr.wakeup_watermark = 1;
  }
  attr.comm = 1;
  attr.comm_exec = 1;
  attr.task = 1;
  // The clock of the sampler's records.
  attr.use_clockid = 1;
  attr.clockid = CLOCK_MONOTONIC;
  return attr;
}

}  // namespace

struct MappingEvents::Ring {
  Fd event;
  void* memory = MAP_FAILED;
  std::size_t size = 0;  // without the kernel's own page before it

  ~Ring() {
    if (memory != MAP_FAILED) munmap(memory, size + page_size());
  }
  std::string take();
};

// Copies out what the kernel has written; a record may wrap around the end.
std::string MappingEvents::Ring::take() {
  auto* page = static_cast<perf_event_mmap_page*>(memory);
  const char* data = static_cast<const char*>(memory) + page->data_offset;
  std::uint64_t head = std::atomic_ref(page->data_head).load(std::memory_order_acquire);
  std::uint64_t tail = page->data_tail;
  std::string bytes;
  bytes.reserve(head - tail);
  while (tail != head) {
    std::uint64_t at = tail % size;
    std::uint64_t part = std::min<std::uint64_t>(head - tail, size - at);
    bytes.append(data + at, part);
    tail += part;
  }
  std::atomic_ref(page->data_tail).store(tail, std::memory_order_release);
  return bytes;
}

MappingEvents::MappingEvents(FollowedEvents followed) : followed_(followed) {}

MappingEvents::~MappingEvents() = default;

Result<std::unique_ptr<MappingEvents>> MappingEvents::open(FollowedEvents followed) {
  std::unique_ptr<MappingEvents> events(new MappingEvents(followed));
  events->readable_.reset(epoll_create1(EPOLL_CLOEXEC));
  if (!events->readable_) return fail_errno(errno, "make an epoll of mapping events");
  if (auto opened = events->follow_cpus(); !opened) return fail(opened.error());
  return events;
}

Result<> MappingEvents::follow_cpus() {
  for (int cpu : online_cpus()) {
    if (rings_.contains(cpu)) continue;
    if (auto opened = open_cpu(cpu); !opened) return opened;
  }
  return {};
}

Result<> MappingEvents::open_cpu(int cpu) {
  auto attr = attributes(followed_, with_build_ids_);
  long fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
  if (fd < 0 && errno == EINVAL && with_build_ids_) {
    with_build_ids_ = false;
    attr = attributes(followed_, false);
    fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
  }
  if (fd < 0) return fail(perf_error(errno, cpu));
  auto ring = std::make_unique<Ring>();
  ring->event.reset(static_cast<int>(fd));
  ring->size = followed_ == FollowedEvents::mappings ? kRingBytes : kSmallRingBytes;
  ring->memory =
      mmap(nullptr, ring->size + page_size(), PROT_READ | PROT_WRITE, MAP_SHARED, ring->event.get(), 0);
  if (ring->memory == MAP_FAILED) return fail_errno(errno, "map the ring of mapping events of CPU {}", cpu);
  epoll_event readable{.events = EPOLLIN, .data = {.fd = ring->event.get()}};
  if (epoll_ctl(readable_.get(), EPOLL_CTL_ADD, ring->event.get(), &readable) != 0)
    return fail_errno(errno, "wait for mapping events of CPU {}", cpu);
  rings_[cpu] = std::move(ring);
  return {};
}

std::vector<ProcessEvent> MappingEvents::drain() {
  std::vector<ProcessEvent> events;
  for (auto& [cpu, ring] : rings_) {
    std::string bytes = ring->take();
    parse_perf_records(bytes, [&](ProcessEvent event) {
      if (const auto* lost = std::get_if<LostEvent>(&event.what)) {
        lost_ += lost->count;
      } else {
        event.sequence = events.size();
        events.push_back(std::move(event));
      }
    });
  }
  std::ranges::sort(events, {}, [](const ProcessEvent& e) { return std::pair(e.time, e.sequence); });
  return events;
}

std::size_t MappingEvents::bytes() const {
  std::size_t bytes = 0;
  for (const auto& [cpu, ring] : rings_) bytes += ring->size;
  return bytes;
}

}  // namespace weir::profiler
