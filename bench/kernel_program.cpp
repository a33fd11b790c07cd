// What forms of the kernel program cost, in turn over the same processes: by the kernel's own account (sysctl
// kernel.bpf_stats_enabled=1), of each window of 0.4 s its mean, of these the median. For ratios, where
// figures of different minutes cannot be compared.
//   kernel_program_bench RATE SECONDS OBJECT... -- PID...
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/fd.h"
#include "bpf/cpu_sample.h"
#include "profiler/cpu_buffers.h"
#include "profiler/sampler.h"
#include "profiler/unwind/arena.h"
#include "tests/support/process_tables.h"
#include "tests/support/verifier_budget.h"

namespace weir::profiler {

namespace {

struct Form {
  std::string file;
  bpf_object* object = nullptr;
  CpuBuffers buffers;
  ring_buffer* ring = nullptr;
  std::vector<Fd> clocks;  // of each thread
  std::uint64_t runs = 0, ns = 0;
  std::vector<double> means;
};

bpf_prog_info account_of(const Form& form) {
  bpf_prog_info info{};
  std::uint32_t size = sizeof info;
  bpf_program* program = bpf_object__find_program_by_name(form.object, "cpu_sample");
  bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size);
  return info;
}

Result<> load(Form& form, const UnwindMaps& maps) {
  form.object = bpf_object__open_file(form.file.c_str(), nullptr);
  if (!form.object) return fail_errno(errno, "open {}", form.file);
  // A program that is only a measure for ours has no tables, variables or ring.
  test::set_constant(form.object, "has_unwind_tables", 1);
  for (auto [name, fd] : {std::pair{"unwind_segments", maps.segments},
                          {"unwind_rules", maps.rules},
                          {"unwind_processes", maps.processes},
                          {"unwind_changes", maps.changes}}) {
    if (bpf_map* map = bpf_object__find_map_by_name(form.object, name)) bpf_map__reuse_fd(map, fd);
  }
  if (bpf_map* variables = bpf_object__find_map_by_name(form.object, ".bss")) {
    std::size_t size = 0;
    auto* config =
        static_cast<cpu_sample_config*>(const_cast<void*>(bpf_map__initial_value(variables, &size)));
    config->collect_user = config->collect_kernel = 1;
  }
  bpf_map* buffers = bpf_object__find_map_by_name(form.object, "buffers");
  const std::uint32_t cpus = CpuBuffers::entries_for(online_cpus());
  if (buffers) bpf_map__set_max_entries(buffers, cpus);
  bpf_map* scratches = bpf_object__find_map_by_name(form.object, "scratches");
  // Earlier forms have another kind of map, with one entry.
  if (scratches && bpf_map__type(scratches) == BPF_MAP_TYPE_ARRAY) bpf_map__set_max_entries(scratches, cpus);
  if (int error = bpf_object__load(form.object)) return fail_errno(-error, "load {}", form.file);
  if (buffers) {
    auto mapped = CpuBuffers::open(bpf_map__fd(buffers), cpus);
    if (!mapped) return fail(mapped.error());
    form.buffers = std::move(*mapped);
  }
  if (int records = bpf_object__find_map_fd_by_name(form.object, "records"); records >= 0) {
    form.ring = ring_buffer__new(records, [](void*, void*, std::size_t) { return 0; }, nullptr, nullptr);
  }
  return {};
}

Result<> attach(Form& form, std::uint32_t rate, std::uint32_t pid) {
  std::uint8_t chosen = CPU_SAMPLE_CHOICE_YES;
  bpf_map_update_elem(bpf_object__find_map_fd_by_name(form.object, "pids"), &pid, &chosen, BPF_ANY);
  int program = bpf_program__fd(bpf_object__find_program_by_name(form.object, "cpu_sample"));
  for (const auto& thread : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
    perf_event_attr attr{};
    attr.type = PERF_TYPE_SOFTWARE;
    attr.size = sizeof attr;
    attr.config = PERF_COUNT_SW_CPU_CLOCK;
    attr.sample_period = 1'000'000'000 / rate;
    attr.disabled = 1;
    int tid = std::stoi(thread.path().filename());
    Fd clock(static_cast<int>(syscall(SYS_perf_event_open, &attr, tid, -1, -1, PERF_FLAG_FD_CLOEXEC)));
    if (!clock || ioctl(clock.get(), PERF_EVENT_IOC_SET_BPF, program) != 0) {
      return fail_errno(errno, "attach {} to thread {}", form.file, tid);
    }
    form.clocks.push_back(std::move(clock));
  }
  return {};
}

void measure(Form& form) {
  constexpr std::chrono::milliseconds kHalf{200};
  for (const Fd& clock : form.clocks) ioctl(clock.get(), PERF_EVENT_IOC_ENABLE, 0);
  for (int half = 0; half < 2; ++half) {
    std::this_thread::sleep_for(kHalf);
    form.buffers.drain([](const void*, std::size_t) {});
    if (form.ring) ring_buffer__consume(form.ring);
  }
  for (const Fd& clock : form.clocks) ioctl(clock.get(), PERF_EVENT_IOC_DISABLE, 0);
  bpf_prog_info account = account_of(form);
  if (account.run_cnt != form.runs) {
    form.means.push_back(static_cast<double>(account.run_time_ns - form.ns) /
                         static_cast<double>(account.run_cnt - form.runs));
  }
  form.runs = account.run_cnt;
  form.ns = account.run_time_ns;
}

void print(Form& form) {
  if (form.means.empty()) return;
  std::ranges::sort(form.means);
  auto part = [&](std::size_t quarters) { return form.means[(form.means.size() - 1) * quarters / 4]; };
  std::printf(
      "%-30s %6lu samples, mean %6.0f ns, of windows' means: median %6.0f, quartiles %6.0f and %6.0f; "
      "%u bytes of code\n",
      form.file.c_str(), static_cast<unsigned long>(form.runs),
      static_cast<double>(form.ns) / static_cast<double>(form.runs), part(2), part(1), part(3),
      account_of(form).jited_prog_len);
}

Result<> run(std::uint32_t rate, std::chrono::seconds time, const std::vector<std::string>& files,
             const std::vector<std::uint32_t>& pids) {
  auto arena = test::arena_of(pids);
  if (!arena) return fail(arena.error());
  std::vector<Form> forms;
  for (const std::string& file : files) {
    Form& form = forms.emplace_back();
    form.file = file;
    if (auto done = load(form, (*arena)->maps()); !done) return done;
    for (std::uint32_t pid : pids) {
      if (auto done = attach(form, rate, pid); !done) return done;
    }
  }
  auto end = std::chrono::steady_clock::now() + time;
  for (std::size_t first = 0; std::chrono::steady_clock::now() < end; ++first) {
    for (std::size_t i = 0; i < forms.size(); ++i) measure(forms[(first + i) % forms.size()]);
  }
  for (Form& form : forms) print(form);
  return {};
}

}  // namespace

}  // namespace weir::profiler

int main(int argc, char** argv) {
  std::vector<std::string> files;
  std::vector<std::uint32_t> pids;
  bool processes = false;
  for (int i = 3; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--") {
      processes = true;
    } else if (processes) {
      pids.push_back(static_cast<std::uint32_t>(std::atoi(argv[i])));
    } else {
      files.emplace_back(argv[i]);
    }
  }
  if (files.empty() || pids.empty()) {
    std::fprintf(stderr, "usage: kernel_program_bench RATE SECONDS OBJECT... -- PID...\n");
    return 2;
  }
  auto done = weir::profiler::run(static_cast<std::uint32_t>(std::atoi(argv[1])),
                                  std::chrono::seconds(std::atoi(argv[2])), files, pids);
  if (done) return 0;
  std::fprintf(stderr, "kernel_program_bench: %s\n", done.error().message.c_str());
  return 1;
}
