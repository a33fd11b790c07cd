#include "profiler/sampler.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <map>

#include "base/fd.h"
#include "base/file_system.h"
#include "bpf/cpu_sample.skel.h"
#include "profiler/cpu_buffers.h"
#include "profiler/kernel_error.h"

namespace weir::profiler {

namespace {

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
constexpr std::uint32_t kMaxRate = 20'000;

// The largest record: each section as deep as it can be.
constexpr std::uint64_t kLargestRecord =
    sizeof(cpu_sample) + 2 * sizeof(cpu_sample_section) +
    (CPU_SAMPLE_MAX_FRAMES + CPU_SAMPLE_MAX_KERNEL_FRAMES) * sizeof(std::uint64_t);

// Room for two seconds of ordinary stacks of all CPUs; where these are few, for a second of the deepest.
std::uint32_t ring_bytes(std::size_t cpus, std::uint32_t rate) {
  constexpr std::uint64_t kOrdinaryRecord = 1024;
  constexpr std::uint64_t kLeast = 1u << 20;
  constexpr std::uint64_t kMost = 16u << 20;
  std::uint64_t wanted = std::bit_ceil(2 * kOrdinaryRecord * cpus * rate);
  return static_cast<std::uint32_t>(std::clamp(wanted, kLeast, kMost));
}

// The period, not the frequency: the kernel turns the frequency of a CPU clock into a fixed period once
// and takes a later change as a period again.
std::uint64_t period_of(std::uint32_t hertz) {
  return kNsPerSecond / hertz;
}

Result<Fd> open_clock(int cpu, std::uint32_t hertz) {
  perf_event_attr attr{};
  attr.type = PERF_TYPE_SOFTWARE;
  attr.size = sizeof attr;
  attr.config = PERF_COUNT_SW_CPU_CLOCK;
  attr.sample_period = period_of(hertz);
  long fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
  if (fd < 0) return fail(perf_error(errno, cpu));
  return Fd(static_cast<int>(fd));
}

struct Clock {
  Fd event;
  bpf_link* link = nullptr;
};

std::uint64_t field_of_fdinfo(int fd, std::string_view name) {
  auto text = read_file("/proc/self/fdinfo/" + std::to_string(fd), 4096);
  if (!text) return 0;
  auto at = text->find(name);
  return at == std::string::npos ? 0 : std::strtoull(text->c_str() + at + name.size(), nullptr, 10);
}

}  // namespace

struct Sampler::Impl {
  cpu_sample_bpf* skeleton = nullptr;
  CpuBuffers buffers;
  ring_buffer* ring = nullptr;
  std::map<int, Clock> clocks;  // by CPU
  std::uint32_t rate = 0;
  const std::function<void(const SampleView&)>* each = nullptr;  // during drain()
  std::uint64_t received = 0;
  std::uint64_t malformed = 0;
  std::uint64_t map_bytes = 0;
  std::vector<bpf_map*> shared_maps;

  ~Impl() {
    detach();
    ring_buffer__free(ring);
    cpu_sample_bpf__destroy(skeleton);
  }

  Result<> load(const SamplerOptions& options);
  Result<> take_unwind_maps(const UnwindMaps& maps);
  Result<> attach(int cpu);
  void detach() {
    for (auto& [cpu, clock] : clocks) bpf_link__destroy(clock.link);
    clocks.clear();
  }
  // Programs look at what is chosen again.
  void count_change() { __atomic_fetch_add(&skeleton->bss->config.changes, 1, __ATOMIC_SEQ_CST); }
  void measure_maps();
  void add_counters(SamplerStats& stats) const;

  void take(const void* record, std::size_t size) {
    ++received;
    SampleView sample;
    if (parse_sample(record, size, sample)) {
      (*each)(sample);
    } else {
      ++malformed;
    }
  }
  static int take_from_ring(void* self, void* record, std::size_t size) {
    static_cast<Impl*>(self)->take(record, size);
    return 0;
  }
};

Result<> Sampler::Impl::load(const SamplerOptions& options) {
  LibbpfMessages messages;
  skeleton = cpu_sample_bpf__open();
  if (!skeleton) return fail(bpf_error(errno, "open the program cpu_sample", messages.text()));
  skeleton->rodata->own_pid_namespace = options.own_pid_namespace;
  skeleton->rodata->cgroup_hierarchy = options.hierarchy;
  skeleton->rodata->check_kernel_stacks = options.check_kernel_stacks ? 1 : 0;
  bpf_map__set_max_entries(skeleton->maps.pids, std::max(1u, options.pid_entries));
  bpf_map__set_max_entries(skeleton->maps.cgroups, std::max(1u, options.cgroup_entries));
  const std::vector<int> cpus = online_cpus();
  bpf_map__set_max_entries(skeleton->maps.records, ring_bytes(cpus.size(), options.sample_rate));
  const std::uint32_t buffer_count = CpuBuffers::entries_for(cpus);
  bpf_map__set_max_entries(skeleton->maps.buffers, buffer_count);
  bpf_map__set_max_entries(skeleton->maps.scratches, CpuBuffers::entries_for(possible_cpus()));
  if (auto taken = take_unwind_maps(options.unwind); !taken) return taken;
  if (int error = cpu_sample_bpf__load(skeleton)) {
    return fail(bpf_error(-error, "load the program cpu_sample", messages.text()));
  }
  auto mapped = CpuBuffers::open(bpf_map__fd(skeleton->maps.buffers), buffer_count);
  if (!mapped) return fail(mapped.error());
  buffers = std::move(*mapped);
  ring = ring_buffer__new(bpf_map__fd(skeleton->maps.records), take_from_ring, this, nullptr);
  if (!ring) return fail(bpf_error(errno, "map the ring buffer", messages.text()));
  measure_maps();
  return {};
}

Result<> Sampler::Impl::take_unwind_maps(const UnwindMaps& maps) {
  auto& own = skeleton->maps;
  if (maps.segments < 0) {
    for (bpf_map* map : {own.unwind_segments, own.unwind_rules, own.unwind_processes}) {
      bpf_map__set_max_entries(map, 1);
    }
    return {};
  }
  skeleton->rodata->has_unwind_tables = 1;
  for (auto [map, fd] : {std::pair{own.unwind_segments, maps.segments},
                         {own.unwind_rules, maps.rules},
                         {own.unwind_processes, maps.processes},
                         {own.unwind_changes, maps.changes}}) {
    if (int error = bpf_map__reuse_fd(map, fd)) {
      return fail_errno(-error, "take over the map {}", bpf_map__name(map));
    }
    shared_maps.push_back(map);
  }
  return {};
}

void Sampler::Impl::measure_maps() {
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, skeleton->obj) {
    // The arena counts its own.
    if (std::ranges::find(shared_maps, map) != shared_maps.end()) continue;
    map_bytes += field_of_fdinfo(bpf_map__fd(map), "memlock:");
  }
}

void Sampler::Impl::add_counters(SamplerStats& stats) const {
  const bpf_map* map = skeleton->maps.scratches;
  std::vector<std::uint64_t> words(bpf_map__value_size(map) / sizeof(std::uint64_t));
  for (std::uint32_t cpu = 0; cpu < bpf_map__max_entries(map); ++cpu) {
    if (bpf_map_lookup_elem(bpf_map__fd(map), &cpu, words.data()) != 0) continue;
    for (std::size_t i = 0; i < CPU_SAMPLE_COUNTERS; ++i) stats.counters[i] += words[i];
  }
}

Result<> Sampler::Impl::attach(int cpu) {
  // Where /sys does not say which CPUs are possible. The program would count nothing there.
  if (static_cast<std::uint32_t>(cpu) >= bpf_map__max_entries(skeleton->maps.scratches)) {
    return fail("attach cpu_sample to CPU {}: it was not known when the program was loaded", cpu);
  }
  auto event = open_clock(cpu, rate);
  if (!event) return fail(event.error());
  LibbpfMessages messages;
  // The link takes the descriptor over; ours serves for changing the rate.
  int own = fcntl(event->get(), F_DUPFD_CLOEXEC, 0);
  if (own < 0) return fail_errno(errno, "duplicate the clock event of CPU {}", cpu);
  Fd kept(own);
  bpf_link* link = bpf_program__attach_perf_event(skeleton->progs.cpu_sample, event->get());
  if (!link) return fail(bpf_error(errno, fmt::format("attach cpu_sample to CPU {}", cpu), messages.text()));
  (void)event->release();
  clocks[cpu] = Clock{std::move(kept), link};
  return {};
}

Sampler::Sampler(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Sampler::~Sampler() = default;

Result<std::unique_ptr<Sampler>> Sampler::open(const SamplerOptions& options) {
  if (options.sample_rate == 0 || options.sample_rate > kMaxRate) {
    return fail("open the sampler: a sample rate of {} Hz is not within 1 to {}", options.sample_rate,
                kMaxRate);
  }
  auto impl = std::make_unique<Impl>();
  if (auto loaded = impl->load(options); !loaded) return fail(loaded.error());
  impl->rate = options.sample_rate;
  std::unique_ptr<Sampler> sampler(new Sampler(std::move(impl)));
  sampler->set_collect(options.collect);
  if (auto attached = sampler->follow_cpus(); !attached) return fail(attached.error());
  return sampler;
}

Result<> Sampler::follow_cpus() {
  for (int cpu : online_cpus()) {
    if (impl_->clocks.contains(cpu)) continue;
    if (auto attached = impl_->attach(cpu); !attached) return attached;
  }
  return {};
}

Result<> Sampler::set_rate(std::uint32_t hertz) {
  if (hertz == 0 || hertz > kMaxRate) {
    return fail("set the sample rate: {} Hz is not within 1 to {}", hertz, kMaxRate);
  }
  std::uint64_t period = period_of(hertz);
  for (auto& [cpu, clock] : impl_->clocks) {
    if (ioctl(clock.event.get(), PERF_EVENT_IOC_PERIOD, &period) != 0) {
      return fail_errno(errno, "set the sample rate of CPU {} to {} Hz", cpu, hertz);
    }
  }
  impl_->rate = hertz;
  return {};
}

void Sampler::set_collect(CollectedStacks collect) {
  impl_->skeleton->bss->config.collect_user = collect.user ? 1 : 0;
  impl_->skeleton->bss->config.collect_kernel = collect.kernel ? 1 : 0;
}

void Sampler::select_by_cgroup(bool on) {
  impl_->skeleton->bss->config.select_cgroups = on ? 1 : 0;
  impl_->count_change();
}

void Sampler::select_everyone(bool on) {
  impl_->skeleton->bss->config.default_yes = on ? 1 : 0;
  impl_->count_change();
}

void Sampler::set_comm(bool on) {
  impl_->skeleton->bss->config.comm = on ? 1 : 0;
}

Result<> Sampler::choose_pid(std::uint32_t pid) {
  std::uint8_t chosen = CPU_SAMPLE_CHOICE_YES;
  int error =
      bpf_map__update_elem(impl_->skeleton->maps.pids, &pid, sizeof pid, &chosen, sizeof chosen, BPF_ANY);
  impl_->count_change();
  if (error == -E2BIG) return fail("choose pid {}: pid_map_size is too small for all targets", pid);
  if (error) return fail_errno(-error, "choose pid {}", pid);
  return {};
}

void Sampler::drop_pid(std::uint32_t pid) {
  bpf_map__delete_elem(impl_->skeleton->maps.pids, &pid, sizeof pid, 0);
  impl_->count_change();
}

void Sampler::decide_cgroup(std::uint64_t id, cpu_sample_choice choice) {
  auto value = static_cast<std::uint8_t>(choice);
  bpf_map__update_elem(impl_->skeleton->maps.cgroups, &id, sizeof id, &value, sizeof value, BPF_ANY);
  impl_->count_change();
}

void Sampler::forget_cgroup(std::uint64_t id) {
  bpf_map__delete_elem(impl_->skeleton->maps.cgroups, &id, sizeof id, 0);
  impl_->count_change();
}

void Sampler::drain(const std::function<void(const SampleView&)>& each) {
  impl_->each = &each;
  impl_->buffers.drain([&](const void* record, std::size_t size) { impl_->take(record, size); });
  ring_buffer__consume(impl_->ring);
  impl_->each = nullptr;
}

Duration Sampler::safe_pause() const {
  std::uint64_t each_second = impl_->clocks.size() * impl_->rate * kLargestRecord;
  std::uint64_t room = bpf_map__max_entries(impl_->skeleton->maps.records);
  // A quarter is for who drains late.
  auto pause = kNsPerSecond * room / std::max<std::uint64_t>(each_second, 1) * 3 / 4;
  return Duration(static_cast<std::int64_t>(std::min(pause, kNsPerSecond)));
}

int Sampler::wait_fd() const {
  return ring_buffer__epoll_fd(impl_->ring);
}

SamplerStats Sampler::stats() const {
  SamplerStats stats;
  stats.received = impl_->received;
  stats.malformed = impl_->malformed;
  stats.map_bytes = impl_->map_bytes;
  impl_->add_counters(stats);
  bpf_prog_info info{};
  std::uint32_t size = sizeof info;
  if (bpf_obj_get_info_by_fd(bpf_program__fd(impl_->skeleton->progs.cpu_sample), &info, &size) == 0) {
    stats.runs = info.run_cnt;
    stats.run_time_ns = info.run_time_ns;
  }
  return stats;
}

SamplerStats& SamplerStats::operator+=(const SamplerStats& earlier) {
  for (std::size_t i = 0; i < std::size(counters); ++i) counters[i] += earlier.counters[i];
  received += earlier.received;
  malformed += earlier.malformed;
  runs += earlier.runs;
  run_time_ns += earlier.run_time_ns;
  return *this;
}

void Sampler::detach() {
  impl_->detach();
}

namespace {

StackEnd end_of(const cpu_sample_section& user) {
  if (user.stop == CPU_SAMPLE_STOP_END) return StackEnd::thread_start;
  if ((user.flags & CPU_SAMPLE_TRUNCATED) != 0) return StackEnd::early;
  bool by_frame_pointers = user.mode == CPU_SAMPLE_FRAME_POINTERS || user.stop == CPU_SAMPLE_STOP_CHAIN_END;
  return by_frame_pointers ? StackEnd::chain_end : StackEnd::early;
}

}  // namespace

bool parse_sample(const void* data, std::size_t size, SampleView& sample) {
  if (size < sizeof(cpu_sample)) return false;
  const auto* head = static_cast<const cpu_sample*>(data);
  if (head->version != CPU_SAMPLE_VERSION || head->type != CPU_SAMPLE_STACK || head->size > size)
    return false;
  sample = {.head = head};
  const char* at = static_cast<const char*>(data) + sizeof *head;
  const char* end = static_cast<const char*>(data) + head->size;
  for (int i = 0; i < head->sections; ++i) {
    if (end - at < static_cast<std::ptrdiff_t>(sizeof(cpu_sample_section))) return false;
    const auto* section = reinterpret_cast<const cpu_sample_section*>(at);
    at += sizeof *section;
    std::ptrdiff_t bytes = std::ptrdiff_t{section->frames} * section->frame_size;
    if (end - at < bytes) return false;
    const auto* frames = reinterpret_cast<const std::uint64_t*>(at);
    at += bytes;
    if (section->frames == 0) continue;
    if (section->frame_size != sizeof *frames) return false;
    sample.truncated |= (section->flags & CPU_SAMPLE_TRUNCATED) != 0;
    if (section->kind == CPU_SAMPLE_USER) {
      sample.user_mode = section->mode;
      sample.user_stop = static_cast<std::uint8_t>(section->stop);
      sample.end = end_of(*section);
      sample.user = frames;
      sample.user_frames = section->frames;
    } else if (section->kind == CPU_SAMPLE_KERNEL) {
      sample.kernel = frames;
      sample.kernel_frames = section->frames;
    }
  }
  return true;
}

std::vector<int> parse_cpu_list(std::string_view text) {
  constexpr int kMostCpus = 8192;
  std::vector<int> cpus;
  const char* at = text.data();
  const char* end = at + text.size();
  auto number = [&](int& value) {
    value = 0;
    const char* begin = at;
    while (at != end && *at >= '0' && *at <= '9' && value < kMostCpus) value = value * 10 + (*at++ - '0');
    return at != begin && value < kMostCpus;
  };
  while (at != end && *at != '\n') {
    int first = 0;
    if (!number(first)) return {};
    int last = first;
    if (at != end && *at == '-') {
      ++at;
      if (!number(last)) return {};
    }
    for (int cpu = first; cpu <= last; ++cpu) cpus.push_back(cpu);
    if (at != end && *at == ',') ++at;
  }
  return cpus;
}

namespace {

// `state` as the kernel names it: online, possible. Empty when /sys does not say.
std::vector<int> cpus_of(std::string_view state) {
  auto text = read_file(fmt::format("/sys/devices/system/cpu/{}", state), 4096);
  return text ? parse_cpu_list(*text) : std::vector<int>{};
}

}  // namespace

std::vector<int> online_cpus() {
  std::vector<int> cpus = cpus_of("online");
  if (cpus.empty()) {
    // Without /sys, number them; a gap shows as an error when its event is opened.
    for (long cpu = 0; cpu < sysconf(_SC_NPROCESSORS_ONLN); ++cpu) cpus.push_back(static_cast<int>(cpu));
  }
  return cpus;
}

std::vector<int> possible_cpus() {
  std::vector<int> cpus = cpus_of("possible");
  return cpus.empty() ? online_cpus() : cpus;
}

}  // namespace weir::profiler
