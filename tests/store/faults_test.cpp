// What may happen to a store: killed at any moment, damaged, without room, read-only, removed.
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <functional>
#include <random>
#include <set>

#include "store/record.h"
#include "store/segment_log.h"
#include "support.h"

namespace weir::store {
namespace {

constexpr int kKills = 100;

profile::Profile with_own_id(const std::string& service, int seconds) {
  profile::Profile p = profile_of(service, seconds);
  p.id = profile::ProfileId::random();
  return p;
}

// Runs `work` in a process of its own, which says what it has done by acknowledge(id), and kills it some
// moment after it has said that `enough` times; gives what it said.
using Acknowledge = std::function<void(const profile::ProfileId&)>;
std::vector<profile::ProfileId> killed(const std::function<void(const Acknowledge&)>& work,
                                       std::size_t enough, std::mt19937& random) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    work([&](const profile::ProfileId& id) {
      if (::write(ends[1], id.bytes.data(), id.bytes.size()) < 0) ::_exit(1);
    });
    ::_exit(1);
  }
  ::close(ends[1]);
  std::vector<profile::ProfileId> said;
  auto hear = [&] {
    profile::ProfileId id;
    ssize_t n = ::read(ends[0], id.bytes.data(), id.bytes.size());
    if (n == static_cast<ssize_t>(id.bytes.size())) said.push_back(id);
    return n > 0;
  };
  while (said.size() < enough) REQUIRE(hear());
  ::usleep(static_cast<useconds_t>(random() % 500));
  ::kill(child, SIGKILL);
  while (hear()) {
  }
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  return said;
}

std::vector<profile::ProfileId> ids_in(const std::filesystem::path& folder) {
  std::vector<profile::ProfileId> ids;
  auto log = SegmentLog::open({.path = folder}, [&](Place, std::string_view head) {
    auto record = decode_head(head);
    REQUIRE(record.has_value());
    if (auto* profile = std::get_if<ProfileRecord>(&*record)) ids.push_back(profile->id);
  });
  REQUIRE(log.has_value());
  CHECK((*log)->set_aside().empty());
  return ids;
}

TEST_CASE("killed a hundred times while writing, it has every profile it had said it has, once") {
  TempFolder folder;
  std::mt19937 random(1);
  std::set<profile::ProfileId> said;
  for (int round = 0; round < kKills; ++round) {
    auto work = [&](const Acknowledge& acknowledge) {
      auto store = Store::open({.path = folder.path(), .limits = {.max_bytes = 1 << 20}});
      for (int i = 0; store && i < 100'000; ++i) {
        auto profile = with_own_id(i % 2 == 0 ? "a" : "b", round * 100 + i);
        profile.frames[0].address += random() % 100;  // its dictionary grows all the time
        if (!(*store)->append(profile)) break;
        acknowledge(profile.id);
      }
    };
    auto now = killed(work, 1 + random() % 30, random);
    said.insert(now.begin(), now.end());
  }
  auto found = ids_in(folder.path());
  std::set<profile::ProfileId> distinct(found.begin(), found.end());
  CHECK(distinct.size() == found.size());
  CHECK(std::ranges::includes(distinct, said));
  CHECK(distinct.size() <= said.size() + kKills);  // one may be written and not yet said at each kill
  auto store = open_store(folder.path(), std::chrono::hours(1));
  auto stats = store->stats();
  CHECK(stats.profiles == distinct.size());
  CHECK(stats.corrupt_segments == 0);
  CHECK(stats.lost_corrupt == 0);
  std::int64_t one = profile_of("a", 0).total();
  std::int64_t total = store->merge(everything("a"))->total() + store->merge(everything("b"))->total();
  CHECK(total == static_cast<std::int64_t>(distinct.size()) * one);
  CHECK(store->stats().corrupt_segments == 0);
}

TEST_CASE("killed while it makes old profiles coarser, it loses and doubles nothing") {
  TempFolder folder;
  std::mt19937 random(2);
  std::size_t said = 0;
  Store::Limits limits{.retention = std::chrono::hours(10),
                       .max_bytes = 1 << 20,
                       .coarse_after = std::chrono::seconds(100),
                       .coarse_window = std::chrono::seconds(20)};
  for (int round = 0; round < kKills; ++round) {
    auto work = [&](const Acknowledge& acknowledge) {
      auto store = Store::open({.path = folder.path(), .limits = limits});
      for (int i = 0; store && i < 100'000; ++i) {
        auto profile = with_own_id("a", round * 100 + i);
        if (!(*store)->append(profile)) break;
        acknowledge(profile.id);
        if (i % 4 == 0) (*store)->expire(at(round * 100 + i));
      }
    };
    said += killed(work, 1 + random() % 30, random).size();
  }
  auto store = Store::open({.path = folder.path(), .limits = limits}).value();
  // On a slow machine all may still lie in the segment that is written to.
  std::size_t more = 0;
  for (; files_ending(folder.path(), ".segment").size() < 2; ++more)
    REQUIRE(store->append(with_own_id("b", kKills * 100 + static_cast<int>(more))));
  for (int i = 0; i < kKills; ++i) store->expire(at(kKills * 100 + 20'000 + i));
  auto profiles =
      static_cast<std::size_t>(store->merge(everything("a"))->total() / profile_of("a", 0).total());
  CHECK(profiles >= said);
  CHECK(profiles <= said + kKills);
  CHECK(store->stats().profiles < profiles + more);
  CHECK(store->stats().corrupt_segments == 0);
  CHECK(store->stats().lost_corrupt == 0);
  CHECK(files_ending(folder.path(), ".new").empty());
}

// One segment of ten profiles, of which the last three need a second part of the dictionary, then another.
std::filesystem::path ten_profiles(const std::filesystem::path& folder) {
  auto store = open_store(folder, std::chrono::seconds(800));
  for (int i = 0; i < 10; ++i) {
    auto profile = profile_of("a", i);
    if (i >= 7) profile.frames[1].address = 0x2001;
    append(*store, profile);
  }
  append(*store, profile_of("b", 1000));
  store.reset();
  auto files = files_ending(folder, ".segment");
  REQUIRE(files.size() == 2);
  return files[0];
}

TEST_CASE("a byte flipped anywhere costs what needs it; the segment is set aside, named and counted") {
  TempFolder folder;
  std::filesystem::path file = ten_profiles(folder.path());
  std::string sound = read(file);
  std::int64_t one = profile_of("a", 0).total();
  std::set<std::int64_t> counts;
  for (std::size_t at = 0; at < sound.size(); ++at) {
    if (at >= 8 && at < 16) continue;  // the version: left alone, as a later one is
    CAPTURE(at);
    std::string damaged = sound;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    write_file(file, damaged);
    auto store = open_store(folder.path(), std::chrono::seconds(800));
    std::int64_t left = store->merge(everything("a"))->total();
    counts.insert(left / one);
    CHECK(left % one == 0);
    auto stats = store->stats();
    CHECK(static_cast<std::int64_t>(stats.profiles) == left / one + 1);
    CHECK(stats.lost_corrupt <= static_cast<std::uint64_t>(10 - left / one));
    CHECK(stats.corrupt_segments == 1);
    REQUIRE(stats.set_aside.size() == 1);
    CHECK(stats.set_aside[0] == file.string() + ".corrupt: corrupt; its sound records were kept");
    CHECK(store->merge(everything("a"))->total() == left);
    CHECK(store->stats().corrupt_segments == 1);
    CHECK(store->merge(everything("b"))->total() == one);
    store.reset();
    CHECK(read(file.string() + ".corrupt") == damaged);
    std::filesystem::remove(file.string() + ".corrupt");
  }
  // The series or the first part, the second part, one profile; the header costs nothing.
  CHECK(counts == std::set<std::int64_t>{0, 7, 9, 10});
}

TEST_CASE("a byte flipped under the running store is found when it is read") {
  TempFolder folder;
  std::filesystem::path file = ten_profiles(folder.path());
  auto store = open_store(folder.path(), std::chrono::seconds(800));
  std::string content = read(file);
  content.back() = static_cast<char>(content.back() ^ 1);
  write_file(file, content);
  std::int64_t one = profile_of("a", 0).total();
  for (int round = 0; round < 2; ++round) CHECK(store->merge(everything("a"))->total() == 9 * one);
  CHECK(store->stats().profiles == 10);
  CHECK(store->stats().lost_corrupt == 1);
  CHECK(store->stats().corrupt_segments == 1);
}

TEST_CASE("a segment that cannot be opened for a while is neither forgotten nor deleted") {
  TempFolder folder;
  std::filesystem::path file = ten_profiles(folder.path());
  auto store = open_store(folder.path(), std::chrono::hours(1));
  std::int64_t one = profile_of("a", 0).total();
  {
    NoDescriptors none;
    for (int round = 0; round < 3; ++round) {
      CHECK(store->merge(everything("a"))->total() == 0);
      store->expire(at(1000));
      auto stats = store->stats();
      CHECK(stats.profiles == 11);
      CHECK(stats.lost_corrupt == 0);
      CHECK(stats.corrupt_segments == 0);
      CHECK(stats.unreadable_segments == 1);
      REQUIRE(stats.unreadable.size() == 1);
      CHECK(stats.unreadable[0] == "open " + file.string() + ": too many open files");
    }
  }
  store->expire(at(1000));
  CHECK(store->stats().unreadable_segments == 0);
  CHECK(store->merge(everything("a"))->total() == 10 * one);
  CHECK(store->merge(everything("b"))->total() == one);
  CHECK(files_ending(folder.path(), ".segment").size() == 2);
}

TEST_CASE("a segment that cannot be read when the store is opened is found again when it can be") {
  for (const char* behind : {static_cast<const char*>(nullptr), kReadsFail}) {
    TempFolder folder;
    std::filesystem::path file = ten_profiles(folder.path());
    std::unique_ptr<Store> store;
    {
      Hidden hidden(file, behind);
      store = open_store(folder.path());
      store->expire(at(1000));
      CHECK(store->stats().unreadable_segments == 1);
      CHECK(store->stats().corrupt_segments == 0);
      CHECK(store->stats().profiles == 1);
    }
    store->expire(at(1000));
    CHECK(store->stats().unreadable_segments == 0);
    CHECK(store->stats().profiles == 11);
    CHECK(store->merge(everything("a"))->total() == 10 * profile_of("a", 0).total());
  }
}

TEST_CASE("a damaged segment that cannot be mended for a while keeps its sound profiles") {
  TempFolder folder;
  std::filesystem::path file = ten_profiles(folder.path());
  auto store = open_store(folder.path());
  std::string content = read(file);
  content.back() = static_cast<char>(content.back() ^ 1);
  write_file(file, content);
  std::filesystem::path in_the_way = file.string() + ".new";
  std::filesystem::create_directory(in_the_way);
  Selection sound = everything("a");
  sound.range.until = at(9);
  std::int64_t one = profile_of("a", 0).total();
  for (int round = 0; round < 2; ++round) {
    CHECK(store->merge(everything("a"))->total() == 0);
    CHECK(store->merge(sound)->total() == 9 * one);
    CHECK(store->stats().unreadable_segments == 1);
    CHECK(
        store->stats().unreadable.at(0).starts_with(file.string() + " is corrupt; keep its sound records: "));
    store->expire(at(1000));
  }
  std::filesystem::remove(in_the_way);
  store->expire(at(1000));
  CHECK(store->stats().unreadable_segments == 0);
  CHECK(store->stats().corrupt_segments == 1);
  CHECK(store->stats().lost_corrupt == 1);
  CHECK(store->merge(everything("a"))->total() == 9 * one);
}

TEST_CASE("a segment cut anywhere keeps what stands before the cut") {
  TempFolder folder;
  std::filesystem::path file = ten_profiles(folder.path());
  std::string sound = read(file);
  std::int64_t one = profile_of("a", 0).total();
  std::int64_t most = 0;
  for (std::size_t length = 0; length < sound.size(); ++length) {
    CAPTURE(length);
    write_file(file, sound.substr(0, length));
    auto store = open_store(folder.path(), std::chrono::seconds(800));
    std::int64_t left = store->merge(everything("a"))->total() / one;
    CHECK(left >= most);
    CHECK(left <= 9);
    most = left;
    append(*store, profile_of("a", 1001));
    CHECK(store->merge(everything("a"))->total() == (left + 1) * one);
    CHECK(store->merge(everything("b"))->total() == one);
    store.reset();
    for (const auto& each : files_ending(folder.path(), "")) {
      if (each != file) std::filesystem::remove(each);
    }
    TempFolder other;  // the second segment as it was
    std::filesystem::rename(ten_profiles(other.path()).parent_path() / "0000000002.segment",
                            folder.path() / "0000000002.segment");
  }
  CHECK(most == 9);
}

TEST_CASE("a full disk costs profiles, which are counted, until there is room again") {
  TempFolder folder;
  if (::mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=256k") != 0) {
    std::printf("SKIP: a full disk: mounting a tmpfs needs root\n");
    return;
  }
  {
    auto store = open_store(folder.path(), std::chrono::hours(1), 64 << 20);
    folder.write("filler", std::string(128 << 10, 'x'));
    std::size_t refused = 0;
    for (int i = 0; i < 2000 && refused < 5; ++i) {
      auto ok = store->append(profile_of("a", i));
      if (ok) continue;
      ++refused;
      CHECK(ok.error().message.ends_with("no space left on device"));
    }
    CHECK(refused == 5);
    auto full = store->stats();
    CHECK(full.write_errors == 5);
    CHECK(store->merge(everything("a"))->total() ==
          static_cast<std::int64_t>(full.profiles) * profile_of("a", 0).total());
    std::filesystem::remove(folder.path() / "filler");
    append(*store, profile_of("a", 5000));
    CHECK(store->stats().profiles == full.profiles + 1);
    store.reset();
    store = open_store(folder.path(), std::chrono::hours(1), 64 << 20);
    CHECK(store->stats().profiles == full.profiles + 1);
    CHECK(store->stats().corrupt_segments == 0);
  }
  ::umount(folder.path().c_str());
}

TEST_CASE("a profile of which only a part fits leaves nothing behind, wherever that ends") {
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  std::int64_t one = profile_of("a", 0).total();
  bool fits = false;
  for (std::uint64_t room = 1; !fits; room += 7) {
    CAPTURE(room);
    TempFolder folder;
    auto store = open_store(folder.path());
    append(*store, profile_of("a", 0));
    auto grown = profile_of("a", 1);  // the dictionary has to grow for it
    grown.frames[1].address = 0x2001;
    rlimit some{std::filesystem::file_size(files_ending(folder.path(), ".segment").at(0)) + room,
                before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &some) == 0);
    fits = store->append(grown).has_value();
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
    if (!fits) append(*store, grown);
    append(*store, profile_of("b", 2));
    for (int round = 0; round < 2; ++round) {
      CHECK(store->merge(everything("a"))->total() == 2 * one);
      CHECK(store->merge(everything("b"))->total() == one);
      auto stats = store->stats();
      CHECK(stats.profiles == 3);
      CHECK(stats.corrupt_segments == 0);
      CHECK(stats.lost_corrupt == 0);
      store.reset();
      store = open_store(folder.path());
    }
  }
}

TEST_CASE("a full disk leaves old profiles as fine as they are") {
  TempFolder folder;
  if (::mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=256k") != 0) {
    std::printf("SKIP: a full disk for coarser profiles: mounting a tmpfs needs root\n");
    return;
  }
  {
    Store::Limits limits{.retention = std::chrono::hours(1),
                         .max_bytes = 64 << 20,
                         .coarse_after = std::chrono::seconds(100),
                         .coarse_window = std::chrono::seconds(60)};
    auto store = Store::open({.path = folder.path(), .limits = limits}).value();
    for (int i = 0; i < 60; ++i) append(*store, profile_of("a", i * 5));
    std::ofstream filler(folder.path() / "filler");
    for (std::string block(4096, 'x'); filler << block << std::flush;) {
    }
    for (int i = 0; i < 5; ++i) store->expire(at(1000));
    CHECK(store->stats().merged == 0);
    CHECK(store->stats().corrupt_segments == 0);
    CHECK(files_ending(folder.path(), ".new").empty());
    CHECK(store->merge(everything("a"))->total() == 60 * profile_of("a", 0).total());
  }
  ::umount(folder.path().c_str());
}

TEST_CASE("a disk that becomes read-only can be read, and says so to who writes") {
  TempFolder folder;
  if (::mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=256k") != 0) {
    std::printf("SKIP: a read-only disk: mounting a tmpfs needs root\n");
    return;
  }
  std::int64_t one = profile_of("a", 0).total();
  {
    auto store = open_store(folder.path());
    for (int i = 0; i < 3; ++i) append(*store, profile_of("a", i));
    store.reset();
    std::string file = files_ending(folder.path(), ".segment").at(0);
    std::ofstream(file, std::ios::app) << "torn";
    REQUIRE(::mount(nullptr, folder.path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0);
    store = open_store(folder.path());
    CHECK(store->merge(everything("a"))->total() == 3 * one);
    auto refused = store->append(profile_of("a", 3));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().message.ends_with("read-only file system"));
    CHECK(store->stats().write_errors == 1);
    store->expire(at(100));
    CHECK(store->merge(everything("a"))->total() == 3 * one);
    REQUIRE(::mount(nullptr, folder.path().c_str(), nullptr, MS_REMOUNT, nullptr) == 0);
    append(*store, profile_of("a", 4));
    CHECK(store->merge(everything("a"))->total() == 4 * one);
    CHECK(store->stats().corrupt_segments == 0);
  }
  ::umount(folder.path().c_str());
}

TEST_CASE("removed under the running store: what was there is lost and counted, and it goes on") {
  TempFolder folder;
  std::filesystem::path path = folder.path() / "store";
  auto store = open_store(path);
  for (int i = 0; i < 5; ++i) append(*store, profile_of("a", i));
  std::filesystem::remove_all(path);
  append(*store, profile_of("a", 5));
  std::int64_t one = profile_of("a", 0).total();
  CHECK(store->merge(everything("a"))->total() == one);
  CHECK(store->stats().profiles == 1);
  CHECK(store->stats().lost_corrupt == 5);
  store->expire(at(10));
  std::uint64_t on_disk = 0;
  for (const auto& file : files_ending(path, ".segment")) on_disk += std::filesystem::file_size(file);
  CHECK(store->stats().bytes == on_disk);
  CHECK_FALSE(Store::open({.path = path, .limits = {}}).has_value());  // the new folder is locked too
  store.reset();
  CHECK(open_store(path)->merge(everything("a"))->total() == one);
}

}  // namespace
}  // namespace weir::store
