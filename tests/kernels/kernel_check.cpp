// Runs the profiler once on the kernel it is started under, as root and without anything else around:
// a process by pid, one by container, one whose exec is seen; before that the unwinder alone, over a
// recursion without frame pointers, and the kernel stacks it remembers, beside the kernel's own. Prints one
// line, "OK …" or "FAILED …".
//   kernel_check FOLDER: with cpu_sample.bpf.o and deep_no_frame_pointers in it
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/file_system.h"
#include "profiler/process/cgroups.h"
#include "profiler/sampler.h"
#include "profiler/session.h"
#include "profiler/unwind/arena.h"
#include "tests/support/process_tables.h"
#include "tests/support/verifier_budget.h"

extern "C" {

volatile unsigned long sink = 0;

[[gnu::noinline]] void check_burn() {
  for (int i = 0; i < 1'000'000; ++i) sink = sink + 1;
}

[[gnu::noinline]] void check_work() {
  check_burn();
  asm volatile("");  // the call above is a call, not a jump
}

// Mostly in the kernel. Not through the C library: its read() has no frame, which hides the caller from a
// walk along frame pointers.
[[gnu::noinline]] void check_read() {
  static char buffer[1 << 20];
  static int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
  long result = SYS_read;
  asm volatile("syscall" : "+a"(result) : "D"(fd), "S"(buffer), "d"(sizeof buffer) : "rcx", "r11", "memory");
  if (result < 0) _exit(1);
}
}

namespace weir::profiler {

namespace {

const std::string kContainer(64, 'c');

Result<> write_text(const std::string& path, const std::string& text) {
  int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return fail_errno(errno, "open {}", path);
  ssize_t written = write(fd, text.data(), text.size());
  close(fd);
  if (written < 0) return fail_errno(errno, "write {}", path);
  return {};
}

// A child of this program with its own argument; in the container's cgroup from its first moment on.
pid_t start(const char* what, const std::string& cgroup) {
  pid_t pid = fork();
  if (pid != 0) return pid;
  if (!cgroup.empty() && !write_text(cgroup + "/cgroup.procs", "0")) _exit(2);
  execl("/proc/self/exe", "kernel_check", what, nullptr);
  _exit(127);
}

Result<std::string> make_container_group() {
  std::string mount = machine_hierarchy().mount;
  if (mount.empty()) return fail("no cgroup hierarchy is mounted");
  mkdir((mount + "/docker").c_str(), 0755);
  std::string group = mount + "/docker/" + kContainer;
  if (mkdir(group.c_str(), 0755) != 0 && errno != EEXIST) return fail_errno(errno, "mkdir {}", group);
  return group;
}

struct Found {
  std::int64_t samples = 0;
  std::int64_t named = 0;     // with the expected function
  std::int64_t complete = 0;  // … up to where the thread began
  std::int64_t kernel = 0;    // with kernel frames above user frames
  std::int64_t build_ids = 0;
};

Found look_at(const profile::Profile& profile, std::string_view function) {
  Found found;
  for (const auto& sample : profile.samples) {
    const auto& stack = profile.stacks[sample.stack];
    bool named = false;
    bool kernel = false;
    for (std::uint32_t index : stack.frames) {
      const auto& frame = profile.frames[index];
      kernel |= frame.kind == profile::FrameKind::kernel;
      for (const auto& line : frame.lines) named |= line.function == function;
    }
    found.samples += sample.count;
    if (named) found.named += sample.count;
    if (named && stack.complete) found.complete += sample.count;
    if (named && kernel) found.kernel += sample.count;
  }
  for (const auto& mapping : profile.mappings) found.build_ids += mapping.build_id.empty() ? 0 : 1;
  return found;
}

Result<> expect(const char* service, const Found& found, bool in_kernel) {
  // A busy emulator gives few ticks; a wrong offset or a refused helper gives none.
  constexpr std::int64_t kLeast = 10;
  if (found.samples < kLeast) return fail("{}: {} samples", service, found.samples);
  if (found.named * 10 < found.samples * 8) {
    return fail("{}: the function is in {} of {} samples", service, found.named, found.samples);
  }
  if (found.complete * 10 < found.named * 8) {
    return fail("{}: {} of {} stacks are complete", service, found.complete, found.named);
  }
  if (in_kernel && found.kernel * 2 < found.named) {
    return fail("{}: {} of {} stacks have their kernel part", service, found.kernel, found.named);
  }
  if (found.build_ids < 2) return fail("{}: mappings without build ids", service);
  return {};
}

struct Depths {
  int samples = 0;
  int exact = 0;
  std::uint32_t seen = 0;  // a depth that was not
};

// The recursion's stacks as the unwinder in the kernel sees them.
Result<Depths> sample_depths(std::uint32_t pid, std::uint32_t frames) {
  auto arena = test::arena_of({&pid, 1});
  if (!arena) return fail(arena.error());
  auto sampler =
      Sampler::open({.sample_rate = 199, .collect = {.kernel = false}, .unwind = (*arena)->maps()});
  if (!sampler) return fail(sampler.error());
  if (auto chosen = (*sampler)->choose_pid(pid); !chosen) return fail(chosen.error());
  Depths depths;
  constexpr int kEnough = 200;
  auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (depths.samples < kEnough && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    (*sampler)->drain([&](const SampleView& sample) {
      ++depths.samples;
      bool good = sample.user_frames == frames && sample.user_stop == CPU_SAMPLE_STOP_END;
      good ? void(++depths.exact) : void(depths.seen = sample.user_frames);
    });
  }
  SamplerStats stats = (*sampler)->stats();
  if (stats[CPU_SAMPLE_LOST_RING_FULL] + stats[CPU_SAMPLE_LOST_NO_STACK] + stats.malformed != 0) {
    return fail("samples of the recursion were lost");
  }
  return depths;
}

Result<std::string> check_unwinder(const std::string& folder) {
  auto processed = test::processed_instructions(folder + "/cpu_sample.bpf.o");
  if (!processed) return fail(processed.error());
  if (*processed > test::kVerifierBudget) return fail("the verifier looks at {} instructions", *processed);
  constexpr int kDepth = 295;
  constexpr std::uint32_t kFrames = kDepth + 5;  // bottom(), main(), and three of the C library
  constexpr std::string_view kProgram = "/deep_no_frame_pointers";
  std::string program = folder + std::string(kProgram);
  pid_t child = fork();
  if (child == 0) {
    execl(program.c_str(), program.c_str(), std::to_string(kDepth).c_str(), nullptr);
    _exit(127);
  }
  // Until it runs with its libraries, and has come down: there is time enough.
  std::this_thread::sleep_for(std::chrono::seconds(2));
  auto depths = sample_depths(static_cast<std::uint32_t>(child), kFrames);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  if (!depths) return fail(depths.error());
  if (depths->samples < 10) return fail("{} samples of the recursion", depths->samples);
  if (depths->exact != depths->samples) {
    return fail("{} of {} stacks have their {} frames, one has {}", depths->exact, depths->samples, kFrames,
                depths->seen);
  }
  return fmt::format(" {} of {} stacks {} deep; {} instructions verified;", depths->exact, depths->samples,
                     kFrames, *processed);
}

Result<std::string> check_kernel_stacks() {
  pid_t child = start("read", "");
  auto sampler = Sampler::open({.sample_rate = 199, .collect = {.user = false}, .check_kernel_stacks = true});
  if (!sampler) return fail(sampler.error());
  auto chosen = (*sampler)->choose_pid(static_cast<std::uint32_t>(child));
  if (!chosen) return fail(chosen.error());
  int stacks = 0;
  constexpr int kEnough = 400;
  auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (stacks < kEnough && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    (*sampler)->drain([&](const SampleView& sample) { stacks += sample.kernel_frames > 0 ? 1 : 0; });
  }
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  SamplerStats stats = (*sampler)->stats();
  std::uint64_t remembered = stats[CPU_SAMPLE_KERNEL_REMEMBERED];
  if (remembered == 0) return fail("none of {} kernel stacks were remembered", stacks);
  if (stats[CPU_SAMPLE_KERNEL_WRONG] != 0) {
    return fail("{} of {} remembered kernel stacks are wrong", stats[CPU_SAMPLE_KERNEL_WRONG], remembered);
  }
  return fmt::format(" {} of {} kernel stacks remembered;", remembered, stacks);
}

Result<std::string> check_session() {
  LogHub hub([](std::string_view line) {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
  });
  auto group = make_container_group();
  if (!group) return fail(group.error());
  std::vector<pid_t> children{start("burn", "")};
  auto session = Session::open({.sample_rate = 199}, Logger(hub, "check"));
  if (!session) return fail(session.error());
  // Begun after the session: known from mapping events only.
  children.push_back(start("read", ""));
  children.push_back(start("burn", *group));
  auto pid = [&](int i) { return static_cast<std::uint32_t>(children[static_cast<std::size_t>(i)]); };
  (*session)->set_targets({{pid(0), "", {{"service_name", "before"}}},
                           {pid(1), "", {{"service_name", "after"}}},
                           {0, kContainer, {{"service_name", "container"}}}});
  constexpr int kDrains = 40;
  for (int i = 0; i < kDrains; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    (*session)->drain();
  }
  auto profiles = (*session)->collect(std::chrono::system_clock::now());
  for (pid_t child : children) {
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }
  rmdir(group->c_str());
  if (profiles.size() != 3) return fail("{} profiles instead of 3", profiles.size());
  std::string said;
  for (const auto& profile : profiles) {
    std::string service(profile->labels.get("service_name"));
    bool reads = service == "after";
    Found found = look_at(*profile, reads ? "check_read" : "check_burn");
    if (auto good = expect(service.c_str(), found, reads); !good) return fail(good.error());
    said += fmt::format(" {} {} samples;", service, found.samples);
  }
  auto stats = (*session)->report()->stats();
  for (const auto& loss : stats.losses) {
    if (loss.count != 0) return fail("{} samples lost: {}", loss.count, loss.reason);
  }
  return said + fmt::format(" {} KB of maps", stats.map_bytes / 1024);
}

}  // namespace

}  // namespace weir::profiler

int main(int argc, char** argv) {
  std::string_view what = argc > 1 ? argv[1] : "";
  while (what == "burn") check_work();
  while (what == "read") check_read();
  utsname system{};
  uname(&system);
  auto said = weir::profiler::check_unwinder(argc > 1 ? argv[1] : "/");
  for (auto check : {weir::profiler::check_kernel_stacks, weir::profiler::check_session}) {
    if (!said) break;
    auto more = check();
    said = more ? *said + *more : more;
  }
  if (said) {
    std::printf("OK %s:%s\n", system.release, said->c_str());
  } else {
    std::printf("FAILED %s: %s\n", system.release, said.error().message.c_str());
  }
  return said ? 0 : 1;
}
