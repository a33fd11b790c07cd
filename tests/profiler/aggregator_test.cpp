#include "profiler/aggregator.h"

#include <dlfcn.h>
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "profiler/profile_builder.h"
#include "profiler/sample_buffer.h"
#include "tests/profiler/samples.h"

namespace weir::profiler::test {

namespace {

// Numbers above the kernel's largest pid: never a process of this machine.
constexpr std::uint32_t kPid = 0x7fff0001;
constexpr std::uint32_t kOtherPid = 0x7fff0002;

class NoSymbols final : public Symbolizer {
 public:
  void set_limits(SessionLimits) override {}
  void set_demangle(Demangle) override {}
  NamedFrame name(const ModuleFile& module, std::uint64_t offset) override {
    ++asked;
    return {.no_name = profile::NoName::named, .address = offset, .lines = {{module.path + "!", "", 0}}};
  }
  NamedFrame name_kernel(std::uint64_t address) override {
    return {.no_name = profile::NoName::named, .address = address, .lines = {{"kernel_function", "", 0}}};
  }
  void end_window() override {}
  std::vector<SymbolFileInfo> files() const override { return {}; }

  int asked = 0;
};

struct World {
  ProcessTable table{{.entries = 16, .rounds = 1}};
  Cgroups cgroups{CgroupHierarchy{}, 16};
  Targets targets;
  std::vector<std::pair<std::uint64_t, cpu_sample_choice>> decided;
  Aggregator aggregator{table, cgroups, targets, [this](std::uint64_t id, cpu_sample_choice choice) {
                          decided.emplace_back(id, choice);
                        }};

  void exec(std::uint32_t pid, std::uint64_t time) {
    table.apply({.time = time, .pid = pid, .tid = pid, .what = ExecEvent{"app"}});
  }
  void map(std::uint32_t pid, std::uint64_t time, std::uint64_t start, std::uint64_t limit,
           const char* path) {
    MapEvent event{.start = start, .limit = limit, .executable = true, .build_id = "ab", .path = path};
    if (path[0] != '/') event.build_id.clear();
    table.apply({.time = time, .pid = pid, .tid = pid, .what = std::move(event)});
  }
  Outcome add(const RecordFields& fields) {
    auto record = make_record(fields);
    SampleView sample;
    REQUIRE(parse_sample(record.data(), record.size() * sizeof record[0], sample));
    return aggregator.add(sample, MonoTime{});
  }
  const TargetWindow& window(std::uint32_t pid) { return targets.find(pid, "")->window; }
};

}  // namespace

TEST_CASE("processes of one target share places and stacks") {
  World world;
  world.targets.set({{kPid, "", {{"service_name", "a"}}}, {kOtherPid, "", {{"service_name", "b"}}}});
  for (std::uint32_t pid : {kPid, kOtherPid}) {
    world.exec(pid, 1);
    world.map(pid, 2, 0x1000ull * pid, 0x1000ull * pid + 0x1000, "/app");
  }
  // The callers' addresses are return addresses.
  RecordFields fields{.pid = kPid, .user = {0x1000ull * kPid + 0x10, 0x1000ull * kPid + 0x21}};
  CHECK(world.add(fields) == Outcome::attributed);
  CHECK(world.add(fields) == Outcome::attributed);
  const auto& window = world.window(kPid);
  REQUIRE(window.stacks().size() == 1);
  CHECK(window.stacks()[0].count == 2);
  CHECK(window.stacks()[0].ending.end == StackEnd::chain_end);
  REQUIRE(window.places().size() == 2);
  CHECK(window.places()[0].offset == 0x10);
  CHECK(window.places()[1].offset == 0x20);
  CHECK(world.window(kOtherPid).empty());
}

TEST_CASE("what was sampled before a target got other labels keeps those it had") {
  World world;
  world.targets.set({{kPid, "", {{"service_name", "wrapper"}}}});
  CHECK(world.add({.pid = kPid, .user = {0x1500}}) == Outcome::attributed);
  auto change = world.targets.set({{kPid, "", {{"service_name", "server"}}}});
  CHECK(change.added_pids.empty());
  CHECK(change.removed_pids.empty());
  for (int i = 0; i < 2; ++i) CHECK(world.add({.pid = kPid, .user = {0x1500}}) == Outcome::attributed);
  std::map<std::string, std::int64_t> samples;
  for (const TargetState* state : world.targets.with_samples()) {
    samples[std::string(state->target.labels.get("service_name"))] = state->window.samples();
  }
  CHECK(samples == std::map<std::string, std::int64_t>{{"wrapper", 1}, {"server", 2}});
  world.targets.end_window();
  CHECK(world.targets.with_samples().empty());
}

TEST_CASE("what no target names goes to the default target, if there is one") {
  World world;
  world.targets.set({{kPid, "", {{"service_name", "named"}}}});
  CHECK(world.add({.pid = kOtherPid, .user = {0x1500}}) == Outcome::target_removed);
  world.targets.set_default(ProfiledTarget{.labels = {{"service_name", "rest"}}});
  CHECK(world.add({.pid = kOtherPid, .user = {0x1500}}) == Outcome::attributed);
  CHECK(world.add({.pid = kPid, .user = {0x1500}}) == Outcome::attributed);
  // A new list of targets leaves it; other labels begin a window of their own.
  world.targets.set({});
  CHECK(world.add({.pid = kPid, .user = {0x1500}}) == Outcome::attributed);
  world.targets.set_default(ProfiledTarget{.labels = {{"service_name", "other"}}});
  CHECK(world.add({.pid = kPid, .user = {0x1500}}) == Outcome::attributed);
  std::map<std::string, std::int64_t> samples;
  for (const TargetState* state : world.targets.with_samples()) {
    samples[std::string(state->target.labels.get("service_name"))] = state->window.samples();
  }
  CHECK(samples == std::map<std::string, std::int64_t>{{"named", 1}, {"rest", 2}, {"other", 1}});
  world.targets.set_default({});
  CHECK(world.targets.with_samples().size() == 3);
  CHECK(world.add({.pid = kPid, .user = {0x1500}}) == Outcome::target_removed);
}

TEST_CASE("a target may want kernel stacks though the session does not, and the other way round") {
  World world;
  world.aggregator.set_options({.collect_kernel = false});
  world.targets.set({{.pid = kPid, .collect_kernel = true}, {.pid = kOtherPid}});
  CHECK(world.targets.any_wants_kernel());
  RecordFields fields{.pid = kPid, .user = {0x1500}, .kernel = {~0ull - 16}};
  CHECK(world.add(fields) == Outcome::attributed);
  CHECK(world.window(kPid).places().size() == 2);
  fields.pid = kOtherPid;
  CHECK(world.add(fields) == Outcome::attributed);
  CHECK(world.window(kOtherPid).places().size() == 1);
  fields.user.clear();
  CHECK(world.add(fields) == Outcome::kernel_off);
  world.aggregator.set_options({});
  world.targets.set({{.pid = kOtherPid, .collect_kernel = false}});
  CHECK_FALSE(world.targets.any_wants_kernel());
  CHECK(world.add(fields) == Outcome::kernel_off);
}

TEST_CASE("no more processes are profiled at a time than may be, and the others are counted") {
  World world;
  world.aggregator.set_options({.processes = 2});
  world.targets.set_default(ProfiledTarget{});
  for (std::uint32_t pid : {kPid, kPid + 1, kPid + 2}) world.exec(pid, 1);
  CHECK(world.add({.pid = kPid, .user = {0x1500}}) == Outcome::attributed);
  CHECK(world.add({.pid = kPid + 1, .user = {0x1500}}) == Outcome::attributed);
  CHECK(world.add({.pid = kPid + 2, .user = {0x1500}}) == Outcome::not_admitted);
  CHECK(world.add({.pid = kPid, .user = {0x1500}}) == Outcome::attributed);
  CHECK(world.aggregator.count(Outcome::not_admitted) == 1);
  world.table.apply({.time = 2, .pid = kPid, .tid = kPid, .what = ExitEvent{}});
  CHECK(world.add({.pid = kPid + 2, .user = {0x1500}}) == Outcome::attributed);
  // Taken before it ended, read after.
  CHECK(world.add({.pid = kPid, .user = {0x1500}}) == Outcome::attributed);
  world.table.end_window();
  CHECK(world.table.admitted() == 2);
}

namespace {

// "comm=a pid=7|root;…;leaf|count" of every sample.
std::vector<std::string> sample_texts(const profile::Profile& profile) {
  std::vector<std::string> texts;
  for (const auto& sample : profile.samples) {
    std::string text;
    if (sample.labels != profile::kNoLabels) text = profile.sample_labels[sample.labels].to_string();
    text += "|";
    const auto& frames = profile.stacks[sample.stack].frames;
    for (auto frame = frames.rbegin(); frame != frames.rend(); ++frame)
      text += display_name(profile.frames[*frame], profile.mappings) + ";";
    texts.push_back(text + "|" + std::to_string(sample.count));
    CHECK(sample.value == sample.count * profile.period);
  }
  std::ranges::sort(texts);
  return texts;
}

}  // namespace

TEST_CASE("names of threads and pids become labels or frames, as asked") {
  struct Row {
    CommPlace comm;
    bool pid;
    std::vector<std::string> samples;
  };
  const std::string pid = std::to_string(kPid);
  const Row rows[] = {
      {CommPlace::none, false, {"|/app!;|4"}},
      {CommPlace::none, true, {"{pid=\"" + pid + "\"}|/app!;|4"}},
      {CommPlace::label,
       false,
       {"{comm=\"app\"}|/app!;|1", "{comm=\"w1\"}|/app!;|2", "{comm=\"w\xef\xbf\xbd\"}|/app!;|1"}},
      {CommPlace::stackframe, false, {"|app;/app!;|1", "|w1;/app!;|2", "|w\xef\xbf\xbd;/app!;|1"}},
      {CommPlace::both,
       true,
       {"{comm=\"app\",pid=\"" + pid + "\"}|app;/app!;|1", "{comm=\"w1\",pid=\"" + pid + "\"}|w1;/app!;|2",
        "{comm=\"w\xef\xbf\xbd\",pid=\"" + pid + "\"}|w\xef\xbf\xbd;/app!;|1"}},
  };
  for (const Row& row : rows) {
    World world;
    world.aggregator.set_options({.comm_tag = row.comm != CommPlace::none, .pid_tag = row.pid});
    world.targets.set({{.pid = kPid}});
    world.exec(kPid, 1);
    world.map(kPid, 2, 0x1000, 0x2000, "/app");
    for (const char* comm : {"w1", "", "w\xff", "w1"})
      CHECK(world.add({.pid = kPid, .user = {0x1500}, .comm = comm}) == Outcome::attributed);
    FrameNames names(std::make_unique<NoSymbols>());
    auto profile = build_profile(world.window(kPid), {.sample_rate = 97, .comm = row.comm}, names, {});
    auto texts = sample_texts(profile);
    REQUIRE(texts.size() == row.samples.size());
    for (std::size_t i = 0; i < texts.size(); ++i) CHECK(texts[i] == row.samples[i]);
    // No stack without a sample.
    std::set<std::uint32_t> used;
    for (const auto& sample : profile.samples) used.insert(sample.stack);
    CHECK(used.size() == profile.stacks.size());
  }
}

TEST_CASE("a chain that leads astray is cut, and said to be incomplete") {
  World world;
  world.targets.set({{kPid, "", {}}});
  world.exec(kPid, 1);
  world.map(kPid, 2, 0x1000, 0x2000, "/app");
  CHECK(world.add({.pid = kPid, .user = {0x1500, 0x1600, 0xdead0000, 0x1700}}) == Outcome::attributed);
  const auto& window = world.window(kPid);
  REQUIRE(window.stacks().size() == 1);
  CHECK(window.frames(window.stacks()[0]).size() == 2);
  CHECK(window.stacks()[0].ending.stop == CPU_SAMPLE_STOP_NO_MAPPING);
}

TEST_CASE("a caller's mapping that was missed is read, though not for chance's sake") {
  auto self = static_cast<std::uint32_t>(getpid());
  auto code = reinterpret_cast<std::uint64_t>(&make_record);
  auto library = reinterpret_cast<std::uint64_t>(dlsym(RTLD_DEFAULT, "getpid"));
  auto is_found = [&](std::uint8_t mode) {
    World world;
    world.targets.set({{self, "", {}}});
    world.exec(self, 1);
    world.map(self, 2, code & ~0xfffull, (code & ~0xfffull) + 0x1000, "/app");
    CHECK(world.add({.pid = self, .user = {code, library + 1}, .user_mode = mode}) == Outcome::attributed);
    const auto& window = world.window(self);
    return window.places().size() == 2 && window.places()[1].why == profile::NoName::named;
  };
  CHECK(is_found(CPU_SAMPLE_UNWIND_TABLES));
  CHECK_FALSE(is_found(CPU_SAMPLE_FRAME_POINTERS));
}

TEST_CASE("a leaf without a mapping is kept, with the reason") {
  World world;
  world.targets.set({{kPid, "", {}}, {kOtherPid, "", {}}});
  CHECK(world.add({.pid = kPid, .user = {0x1500}}) == Outcome::attributed);
  REQUIRE(world.window(kPid).places().size() == 1);
  CHECK(world.window(kPid).places()[0].why == profile::NoName::process_gone);
  world.exec(kOtherPid, 1);
  world.map(kOtherPid, 2, 0x1000, 0x2000, "//anon");
  CHECK(world.add({.pid = kOtherPid, .user = {0x1500, 0x1601}, .kernel = {~0ull - 16, ~0ull - 32}}) ==
        Outcome::attributed);
  const auto& places = world.window(kOtherPid).places();
  REQUIRE(places.size() == 4);
  CHECK(places[0].kind == profile::FrameKind::kernel);
  CHECK(places[1].offset == ~0ull - 33);
  CHECK(places[2].kind == profile::FrameKind::jit);
  CHECK(places[2].offset == 0x1500);
}

TEST_CASE("exec, fork and a reused number make a new process") {
  World world;
  world.targets.set({{kPid, "", {}}, {kOtherPid, "", {}}});
  world.exec(kPid, 1);
  world.map(kPid, 2, 0x1000, 0x2000, "/first");
  world.table.apply({.time = 3, .pid = kOtherPid, .tid = kOtherPid, .what = ForkEvent{kPid}});
  CHECK(world.add({.pid = kOtherPid, .user = {0x1500}}) == Outcome::attributed);
  CHECK(world.window(kOtherPid).mappings().at(0).module->path == "/first");
  world.exec(kOtherPid, 4);
  world.map(kOtherPid, 5, 0x1000, 0x2000, "/second");
  CHECK(world.add({.pid = kOtherPid, .user = {0x1500}}) == Outcome::attributed);
  CHECK(world.window(kOtherPid).mappings().at(1).module->path == "/second");
  world.table.apply({.time = 6, .pid = kOtherPid, .tid = kOtherPid, .what = ExitEvent{}});
  world.table.apply({.time = 7, .pid = kOtherPid, .tid = kOtherPid, .what = ForkEvent{kPid}});
  CHECK(world.table.find(kOtherPid)->samples == 0);
  CHECK_FALSE(world.table.find(kOtherPid)->exited);
  auto processes = world.table.sampled_processes();
  REQUIRE(processes.size() == 1);
  CHECK(processes[0]->exited);
  CHECK(processes[0]->samples == 2);
}

TEST_CASE("ended processes are forgotten after some windows, and the table keeps its limit") {
  World world;
  world.targets.set({{kPid, "", {}}});
  world.exec(kPid, 1);
  CHECK(world.add({.pid = kPid, .user = {0x1500}}) == Outcome::attributed);
  world.table.apply({.time = 2, .pid = kPid, .tid = kPid, .what = ExitEvent{}});
  for (int i = 0; i < 4; ++i) {
    world.table.end_window();
    CHECK(world.table.find(kPid) != nullptr);
  }
  world.table.end_window();
  CHECK(world.table.find(kPid) == nullptr);
  // What was used in the last rounds stays, whatever the limit.
  for (std::uint32_t i = 0; i < 100; ++i) world.exec(kPid + i, 3);
  world.table.end_window();
  CHECK(world.table.size() == 100);
  world.table.end_window();
  CHECK(world.table.size() == 16);
  CHECK(world.table.evicted() == 84);
  for (std::uint32_t i = 0; i < 10'000; ++i) world.exec(kPid + i, 4);
  CHECK(world.table.size() < 5000);
}

TEST_CASE("what nobody chose is told apart by reason") {
  World world;
  CHECK(world.add({.pid = kPid, .user = {1}}) == Outcome::target_removed);
  // The cgroup cannot be found: no such process, and no hierarchy to look through.
  world.targets.set({{0, std::string(64, 'a'), {}}});
  CHECK(world.add({.pid = kPid, .cgroup = 5, .flags = CPU_SAMPLE_UNDECIDED, .user = {1}}) ==
        Outcome::container_unknown);
  CHECK(world.decided.empty());
  // Our own: outside of all containers, or in one that nobody chose.
  auto self = static_cast<std::uint32_t>(getpid());
  CHECK(world.add({.pid = self, .cgroup = 6, .flags = CPU_SAMPLE_UNDECIDED, .user = {1}}) ==
        Outcome::unselected);
  REQUIRE(world.decided.size() == 1);
  CHECK(world.decided[0] == std::pair<std::uint64_t, cpu_sample_choice>(6, CPU_SAMPLE_CHOICE_NO));
  CHECK(world.aggregator.count(Outcome::unselected) == 1);
}

TEST_CASE("a profile has real mappings, addresses, values and names") {
  World world;
  world.targets.set({{kPid, "", {}}});
  world.exec(kPid, 1);
  world.map(kPid, 2, 0x1000, 0x2000, "/app");
  for (int i = 0; i < 3; ++i) world.add({.pid = kPid, .user = {0x1500}, .kernel = {~0ull - 16}});
  auto owned = std::make_unique<NoSymbols>();
  NoSymbols& symbols = *owned;
  FrameNames names(std::move(owned));
  WindowFacts facts{.labels = {{"service_name", "a"}}, .sample_rate = 97, .kernel_build_id = "cd"};
  const TargetState& target = *world.targets.find(kPid, "");
  for (int i = 0; i < 2; ++i) {
    auto profile = build_profile(target.window, facts, names, target.pids);
    CHECK(profile.period == 10'309'278);
    CHECK(profile.total() == 3 * 10'309'278);
    REQUIRE(profile.mappings.size() == 2);
    CHECK(profile.mappings[0] ==
          profile::Mapping{.file = "/app", .build_id = "ab", .start = 0x1000, .limit = 0x2000, .offset = 0});
    CHECK(profile.mappings[1].file == "[kernel]");
    CHECK(profile.mappings[1].build_id == "cd");
    REQUIRE(profile.frames.size() == 2);
    CHECK(profile.frames[0].lines.at(0).function == "kernel_function");
    CHECK(profile.frames[0].mapping == 1);
    CHECK(profile.frames[1].lines.at(0).function == "/app!");
    CHECK(profile.frames[1].address == 0x500);
  }
  CHECK(symbols.asked == 1);
}

namespace {

// The first half of each file is stripped; kernel addresses with their last bit set are a module's.
class HalfStripped final : public Symbolizer {
 public:
  void set_limits(SessionLimits) override {}
  void set_demangle(Demangle) override {}
  NamedFrame name(const ModuleFile& module, std::uint64_t offset) override {
    if (offset >= 0x800) return {.address = offset, .lines = {{module.path + "!", "", 0}}};
    return {.no_name = profile::NoName::stripped, .address = offset, .why = why};
  }
  NamedFrame name_kernel(std::uint64_t address) override {
    return {.address = address,
            .lines = {{"kernel_function", "", 0}},
            .module = (address & 1) != 0 ? "nf_tables" : ""};
  }
  std::vector<SymbolFileInfo> files() const override { return {}; }

  std::shared_ptr<const std::string> why = std::make_shared<const std::string>("it has no .symtab");
};

}  // namespace

TEST_CASE(
    "a mapping says why its frames have no names, and modules of the kernel are mappings of their own") {
  World world;
  world.targets.set({{kPid, "", {{"service_name", "a"}}}});
  world.exec(kPid, 1);
  world.map(kPid, 2, 0x400000, 0x401000, "/stripped");
  world.map(kPid, 3, 0x500000, 0x501000, "/named");
  CHECK(world.add({.pid = kPid,
                   .user = {0x400010, 0x500911},
                   .kernel = {0xffffffffc0900011, 0xffffffff81000021}}) == Outcome::attributed);
  FrameNames names(std::make_unique<HalfStripped>());
  auto profile = build_profile(world.window(kPid), {.sample_rate = 97, .kernel_build_id = "77"}, names, {});
  std::map<std::string, std::string> whys;
  for (const profile::Mapping& mapping : profile.mappings) whys[mapping.file] = mapping.why_no_name;
  CHECK(whys == std::map<std::string, std::string>{{"/stripped", "it has no .symtab"},
                                                   {"/named", ""},
                                                   {"[kernel]", ""},
                                                   {"[kernel:nf_tables]", ""}});
  for (const profile::Frame& frame : profile.frames) {
    if (frame.no_name != profile::NoName::stripped) continue;
    CHECK(profile::display_name(frame, profile.mappings) == "stripped+0x10");
  }
}

TEST_CASE("records come out in the order of their time, up to a time") {
  SampleBuffer buffer;
  for (std::uint64_t time : {5, 3, 9, 7}) {
    auto record = make_record({.time = time, .user = {time}});
    buffer.push(*reinterpret_cast<const cpu_sample*>(record.data()));
  }
  std::vector<std::uint64_t> times;
  auto note = [&](const SampleView& sample) { times.push_back(sample.head->time); };
  buffer.take_until(7, note);
  CHECK(times == std::vector<std::uint64_t>{3, 5, 7});
  buffer.take_until(~0ull, note);
  CHECK(times.back() == 9);
  CHECK(times.size() == 4);
}

TEST_CASE("records that are cut or lie about their sizes") {
  auto record = make_record({.user = {1, 2, 3}, .kernel = {4, 5}});
  std::size_t size = record.size() * sizeof record[0];
  SampleView sample;
  REQUIRE(parse_sample(record.data(), size, sample));
  CHECK(sample.user_frames == 3);
  CHECK(sample.kernel_frames == 2);
  CHECK(sample.end == StackEnd::chain_end);
  for (std::size_t cut = 0; cut < size; ++cut) CHECK_FALSE(parse_sample(record.data(), cut, sample));
  auto* head = reinterpret_cast<cpu_sample*>(record.data());
  auto* section = reinterpret_cast<cpu_sample_section*>(head + 1);
  section->frames = 60000;
  CHECK_FALSE(parse_sample(record.data(), size, sample));
  section->frames = 3;
  section->frame_size = 16;
  CHECK_FALSE(parse_sample(record.data(), size, sample));
  head->version = 2;
  CHECK_FALSE(parse_sample(record.data(), size, sample));
}

TEST_CASE("children belong to the target of who started them, while it says so") {
  constexpr std::uint32_t kGrandchild = 0x7fff0003;
  World world;
  world.targets.set({{.pid = kPid, .labels = {{"service_name", "make"}}, .with_children = true}});
  world.targets.started(kPid, kOtherPid);
  world.targets.started(kOtherPid, kGrandchild);
  for (std::uint32_t pid : {kPid, kOtherPid, kGrandchild})
    CHECK(world.add({.pid = pid, .user = {0x1500}}) == Outcome::attributed);
  CHECK(world.window(kPid).samples() == 3);
  CHECK(world.add({.pid = 0x7fff0004, .user = {0x1500}}) == Outcome::unselected);

  // What is read late is still its own; then the number may go to another.
  world.targets.ended(kOtherPid);
  CHECK(world.add({.pid = kOtherPid, .user = {0x1500}}) == Outcome::attributed);
  world.targets.end_window();
  CHECK(world.add({.pid = kOtherPid, .user = {0x1500}}) == Outcome::unselected);
  CHECK(world.add({.pid = kGrandchild, .user = {0x1500}}) == Outcome::attributed);
  world.targets.started(1, kGrandchild);
  CHECK(world.add({.pid = kGrandchild, .user = {0x1500}}) == Outcome::unselected);

  world.targets.started(kPid, kOtherPid);
  world.targets.set({{.pid = kPid, .labels = {{"service_name", "make"}}}});
  CHECK(world.targets.find(kOtherPid, "") == nullptr);
  CHECK(world.add({.pid = kOtherPid, .user = {0x1500}}) == Outcome::target_removed);
}

}  // namespace weir::profiler::test
