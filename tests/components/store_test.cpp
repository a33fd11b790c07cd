#include <doctest/doctest.h>
#include <sched.h>
#include <sys/mount.h>

#include <cstdio>
#include <fstream>
#include <functional>
#include <string>

#include "components/pyroscope/store.h"
#include "tests/profile/sample_profile.h"
#include "tests/support/component_harness.h"
#include "tests/support/temp_dir.h"

using namespace std::literals;
using weir::pyroscope::ReceiverPtr;
using weir::pyroscope::Store;
using weir::tests::TempDir;

namespace {

ReceiverPtr receiver_of(const weir::testing::FakeContext& world) {
  return weir::lang::Codec<ReceiverPtr>::from_value(*world.exports.as_map()->find("receiver")).value();
}

weir::profile::ProfilePtr profile_at(weir::WallTime time) {
  auto profile = std::make_shared<weir::profile::Profile>(weir::profile::testing::one_sample_profile());
  profile->start = time;
  profile->duration = 15s;
  return profile;
}

std::string body_with(const std::filesystem::path& path) {
  return "path = \"" + path.string() + "\"\n";
}

}  // namespace

TEST_CASE("pyroscope.store: what is pushed can be queried, also after a restart") {
  TempDir dir;
  weir::WallTime now;
  for (int run = 0; run < 2; ++run) {
    weir::testing::ComponentHarness<Store> store(body_with(dir.path() / "profiles"));
    store.start();
    now = store.world().clock().wall();
    receiver_of(store.world())->push(profile_at(now));
    store.run();
    auto querier = store.world().service<weir::store::Querier>();
    REQUIRE(querier);
    auto services = querier->services({now - 1h, now + 1h});
    REQUIRE(services.size() == 1);
    CHECK(services[0].service == "shop");
    CHECK(services[0].total == 30 * (run + 1));
    CHECK(store.world().health.state == weir::runtime::HealthState::healthy);
    CHECK(store.world().debug_info);
  }
}

TEST_CASE("pyroscope.store: profiles that come before it is open are kept") {
  TempDir dir;
  weir::testing::ComponentHarness<Store> store(body_with(dir.path()));
  store.component().start();
  receiver_of(store.world())->push(profile_at(store.world().clock().wall()));
  CHECK_FALSE(store.world().service<weir::store::Querier>());
  store.run();
  CHECK(store.world().health.message.starts_with("1 profile, "));
}

TEST_CASE("pyroscope.store: an empty path is the component's own folder, a relative one lies beside it") {
  TempDir dir;
  weir::testing::ComponentHarness<Store> store("");
  store.world().directory = dir.path() / "own";
  store.start();
  CHECK(std::filesystem::is_directory(dir.path() / "own"));
  CHECK(store.world().health.message == "0 profiles, 0 B of 1.0 GiB: none came in yet");
  store.apply("path = \"beside\"");
  CHECK(std::filesystem::is_directory(dir.path() / "beside"));
}

TEST_CASE("pyroscope.store: a folder that cannot be made is health, retried") {
  TempDir dir;
  {
    dir.write("file", "x");
  }
  weir::testing::ComponentHarness<Store> store(body_with(dir.path() / "file" / "profiles"));
  store.start();
  CHECK(store.world().health.state == weir::runtime::HealthState::unhealthy);
  CHECK(store.world().health.message.find("; weir tries again in") != std::string::npos);
  std::filesystem::remove(dir.path() / "file");
  store.advance(5s);
  CHECK(store.world().health.state == weir::runtime::HealthState::healthy);
}

TEST_CASE("pyroscope.store: limits and the path change while it runs; the receiver stays") {
  TempDir dir;
  weir::testing::ComponentHarness<Store> store(body_with(dir.path() / "a"));
  store.start();
  auto receiver = receiver_of(store.world());
  store.apply(body_with(dir.path() / "b") + "retention = \"1h\"");
  receiver->push(profile_at(store.world().clock().wall()));
  store.run();
  CHECK(receiver_of(store.world()) == receiver);
  CHECK(std::filesystem::is_directory(dir.path() / "b"));
  CHECK(store.world().health.message.starts_with("1 profile, "));
  store.advance(2h);
  CHECK(store.world().health.message.starts_with("0 profiles, "));
  CHECK(store.world().health.message.ends_with(": what came in has expired"));
}

TEST_CASE(
    "pyroscope.store: a path that cannot be used any more is health, also when old profiles would expire") {
  TempDir dir;
  {
    dir.write("file", "x");
  }
  weir::testing::ComponentHarness<Store> store(body_with(dir.path() / "a"));
  store.start();
  store.apply(body_with(dir.path() / "file" / "b"));
  store.advance(2min);
  CHECK(store.world().health.state == weir::runtime::HealthState::unhealthy);
  std::filesystem::remove(dir.path() / "file");
  store.advance(2min);
  CHECK(store.world().health.state == weir::runtime::HealthState::healthy);
}

TEST_CASE("pyroscope.store: what is written and what is lost is counted, over a change of the path too") {
  TempDir dir;
  weir::testing::ComponentHarness<Store> store(body_with(dir.path() / "a"));
  store.start();
  auto receiver = receiver_of(store.world());
  auto counter = [&](std::string_view name, weir::MetricLabels labels = {}) {
    return store.world().metrics().counter(name, "", std::move(labels))->value();
  };
  receiver->push(profile_at(store.world().clock().wall()));
  store.run();
  store.apply(body_with(dir.path() / "b"));
  receiver->push(profile_at(store.world().clock().wall()));
  store.run();
  CHECK(counter("pyroscope_store_profiles_total") == 2);
  store.stop();
  receiver->push(profile_at(store.world().clock().wall()));
  CHECK(counter("pyroscope_store_lost_profiles_total", {{"reason", "queue_full"}}) == 1);
}

TEST_CASE("pyroscope.store: old profiles become coarser, unless told not to") {
  struct Row {
    const char* arguments;
    bool coarser;
  };
  for (const Row& row : {Row{"downsample_after = \"2m\"", true},
                         Row{"downsample_after = \"2m\"\ndownsample_window = \"10s\"", false},
                         Row{"downsample_after = \"0s\"", false}, Row{"", false}}) {
    CAPTURE(row.arguments);
    TempDir dir;
    weir::testing::ComponentHarness<Store> store(body_with(dir.path()) + row.arguments);
    store.start();
    weir::WallTime now = store.world().clock().wall();
    constexpr int kWindows = 20;
    for (int i = 0; i < kWindows; ++i) receiver_of(store.world())->push(profile_at(now + i * 15s));
    store.run();
    store.advance(20min);
    auto querier = store.world().service<weir::store::Querier>();
    auto services = querier->services({now - 1h, now + 1h});
    REQUIRE(services.size() == 1);
    CHECK(services[0].total == 30 * kWindows);
    CHECK((services[0].profiles < kWindows) == row.coarser);
    auto merged =
        store.world().metrics().counter("pyroscope_store_downsampled_profiles_total", "", {})->value();
    CHECK(merged == static_cast<double>(kWindows - services[0].profiles));
  }
}

TEST_CASE("pyroscope.store: what a corrupt file costs is counted, and the file is named") {
  TempDir dir;
  weir::testing::ComponentHarness<Store> store(body_with(dir.path()));
  store.start();
  weir::WallTime now = store.world().clock().wall();
  for (int i = 0; i < 2; ++i) receiver_of(store.world())->push(profile_at(now + i * 15s));
  store.run();
  auto file = dir.path() / "0000000001.segment";
  {
    std::fstream damaged(file, std::ios::in | std::ios::out | std::ios::binary);
    damaged.seekp(-1, std::ios::end);
    damaged.put('?');
  }
  auto querier = store.world().service<weir::store::Querier>();
  auto merged = querier->merge({"shop", "", {}, {now - 1h, now + 1h}});
  REQUIRE(merged.has_value());
  CHECK(merged->total() == 30);
  store.advance(1min);
  auto lost =
      store.world().metrics().counter("pyroscope_store_lost_profiles_total", "", {{"reason", "corrupt"}});
  CHECK(lost->value() == 1);
  CHECK(std::filesystem::exists(file.string() + ".corrupt"));
  CHECK(store.world().health.state == weir::runtime::HealthState::healthy);
  CHECK(store.world().health.message.starts_with("1 profile, "));
}

TEST_CASE("pyroscope.store: a file that cannot be read is health, until it can be") {
  TempDir dir;
  auto file = dir.path() / "0000000001.segment";
  auto away = dir.path() / "away";
  {
    weir::testing::ComponentHarness<Store> store(body_with(dir.path()));
    store.start();
    receiver_of(store.world())->push(profile_at(store.world().clock().wall()));
    store.run();
  }
  std::filesystem::rename(file, away);
  std::filesystem::create_symlink(file, file);  // leads to itself: nobody can open it
  weir::testing::ComponentHarness<Store> store(body_with(dir.path()));
  store.start();
  auto unreadable = store.world().metrics().gauge("pyroscope_store_unreadable_segments", "", {});
  CHECK(unreadable->value() == 1);
  CHECK(store.world().health.state == weir::runtime::HealthState::unhealthy);
  CHECK(store.world().health.message.starts_with("1 file cannot be read (open " + file.string() + ": "));
  receiver_of(store.world())->push(profile_at(store.world().clock().wall()));
  store.run();
  CHECK(store.world().health.state == weir::runtime::HealthState::unhealthy);
  std::filesystem::rename(away, file);
  store.advance(31s);
  CHECK(unreadable->value() == 0);
  CHECK(store.world().health.state == weir::runtime::HealthState::healthy);
  CHECK(store.world().health.message.starts_with("2 profiles, "));
}

// A small disk of its own below `path`, which no other process sees; false without the right to make one.
bool mount_disk(const std::filesystem::path& path) {
  return ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("tmpfs", path.c_str(), "tmpfs", 0, "size=256k") == 0;
}

TEST_CASE(
    "pyroscope.store: a disk that turns read-only, or is full, is health, and costs windows that are "
    "counted") {
  TempDir dir;
  if (!mount_disk(dir.path())) {
    std::printf("SKIP: a disk that turns read-only: mounting a tmpfs needs root\n");
    return;
  }
  auto filler = dir.path() / "filler";
  struct Row {
    const char* why;
    std::function<void()> breaks, mends;
  };
  auto remount = [&](unsigned long flags) {
    REQUIRE(::mount(nullptr, dir.path().c_str(), nullptr, MS_REMOUNT | flags, nullptr) == 0);
  };
  auto fill = [&] {
    std::ofstream to(filler);
    for (std::string block(4096, 'x'); to << block << std::flush;) {
    }
  };
  const Row rows[] = {
      {"read-only file system", [&] { remount(MS_RDONLY); }, [&] { remount(0); }},
      {"no space left on device", fill, [&] { std::filesystem::remove(filler); }},
  };
  int kept = 0;
  for (const Row& row : rows) {
    CAPTURE(row.why);
    weir::testing::ComponentHarness<Store> store(body_with(dir.path()) + "downsample_after = \"0s\"");
    store.start();
    auto& world = store.world();
    auto push = [&] {
      receiver_of(world)->push(profile_at(world.clock().wall()));
      store.run();
    };
    auto lost = world.metrics().counter("pyroscope_store_lost_profiles_total", "", {{"reason", "disk"}});
    auto total = [&] {
      auto now = world.clock().wall();
      return world.service<weir::store::Querier>()->merge({"shop", "", {}, {now - 24h, now + 24h}})->total();
    };
    row.breaks();
    // What is left of the last page takes a few more.
    int pushed = 0;
    for (; world.health.state == weir::runtime::HealthState::healthy && pushed < 100; ++pushed) push();
    for (int i = 0; i < 5; ++i, ++pushed) {
      push();
      store.advance(31s);
    }
    CHECK(world.health.state == weir::runtime::HealthState::unhealthy);
    CHECK(world.health.message.find(row.why) != std::string::npos);
    CHECK(lost->value() >= 6);
    kept += pushed - static_cast<int>(lost->value());
    CHECK(total() == 30 * kept);
    row.mends();
    push();
    ++kept;
    CHECK(world.health.state == weir::runtime::HealthState::healthy);
    CHECK(total() == 30 * kept);
  }
  weir::testing::ComponentHarness<Store> store(body_with(dir.path()));
  store.start();
  CHECK(store.world().health.message.starts_with(std::to_string(kept) + " profiles, "));
  store.stop();
  ::umount(dir.path().c_str());
}

TEST_CASE("pyroscope.store: a receiver outlives its component") {
  TempDir dir;
  ReceiverPtr receiver;
  {
    weir::testing::ComponentHarness<Store> store(body_with(dir.path()));
    store.start();
    receiver = receiver_of(store.world());
  }
  receiver->push(profile_at({}));
}
