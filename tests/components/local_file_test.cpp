#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "components/local/file.h"
#include "components/local/file_match.h"
#include "components/local/path_pattern.h"
#include "tests/support/component_harness.h"
#include "tests/support/temp_dir.h"
#include "tests/support/unprivileged.h"

using namespace std::literals;

namespace weir::local {

using weir::runtime::HealthState;
using weir::tests::TempDir;

namespace {

namespace fs = std::filesystem;

void write(const fs::path& path, std::string_view text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

using Harness = weir::testing::ComponentHarness<File>;

std::string content(Harness& file) {
  auto map = file.world().exports.as_map();
  if (!map) return "(none)";
  return weir::lang::Codec<weir::lang::OptionalSecret>::from_value(*map->find("content"))->text;
}

// The kernel's events come when they come.
void wait_for_content(Harness& file, std::string_view text) {
  CHECK(file.world().wait_until([&] {
    file.advance(300ms);
    return content(file) == text;
  }));
}

std::string body(const fs::path& path, std::string_view more = "") {
  return "filename = \"" + path.string() + "\"\n" + std::string(more);
}

}  // namespace

TEST_CASE("local.file: the content, however the file changes") {
  TempDir dir;
  fs::path path = dir.path() / "token";
  write(path, "one");
  Harness file(body(path));
  file.start();
  CHECK(content(file) == "one");
  CHECK(file.world().health.message == "3 B");
  write(path, "");
  wait_for_content(file, "");
  CHECK(file.world().health.message == "0 B: the file is empty");

  write(path, "two");
  wait_for_content(file, "two");
  write(dir.path() / "new", "three");
  fs::rename(dir.path() / "new", path);
  wait_for_content(file, "three");
  fs::remove(path);
  write(path, "four");
  wait_for_content(file, "four");
  CHECK(file.world().health.state == HealthState::healthy);
}

TEST_CASE("local.file: a mounted ConfigMap swaps a link to a folder") {
  TempDir dir;
  write(dir.path() / "1/token", "one");
  write(dir.path() / "2/token", "two");
  fs::create_symlink("1", dir.path() / "..data");
  fs::create_symlink("..data/token", dir.path() / "token");
  Harness file(body(dir.path() / "token"));
  file.start();
  CHECK(content(file) == "one");
  fs::create_symlink("2", dir.path() / "..data_tmp");
  fs::rename(dir.path() / "..data_tmp", dir.path() / "..data");
  wait_for_content(file, "two");
}

TEST_CASE("local.file: what is gone leaves its content, and is said") {
  TempDir dir;
  fs::path path = dir.path() / "token";
  write(path, "one");
  Harness file(body(path));
  file.start();
  fs::remove(path);
  CHECK(file.world().wait_until([&] {
    file.advance(300ms);
    return file.world().health.state == HealthState::unhealthy;
  }));
  CHECK(content(file) == "one");
  CHECK(file.world().health.message ==
        "open " + path.string() + ": no such file or directory; what was read before stays");
  write(path, "two");
  wait_for_content(file, "two");
  CHECK(file.world().health.state == HealthState::healthy);
}

TEST_CASE("local.file: a file that is not there yet, nor its folder") {
  TempDir dir;
  fs::path path = dir.path() / "a/b/token";
  Harness file(body(path));
  file.start();
  CHECK(content(file) == "(none)");
  CHECK(file.world().health.state == HealthState::unhealthy);
  write(path, "one");
  wait_for_content(file, "one");
}

TEST_CASE("local.file: rights that change are seen without an event") {
  TempDir dir;
  fs::path path = dir.path() / "link";
  fs::create_symlink("link", path);  // as good as unreadable, also for root
  Harness file(body(path, "detector = \"poll\"\npoll_frequency = \"1m\""));
  file.start();
  CHECK(file.world().health.state == HealthState::unhealthy);
  CHECK(file.world().watched_descriptors() == 0);
  fs::remove(path);
  write(path, "one");
  file.advance(10s);
  CHECK(content(file) == "one");
  write(path, "two");
  file.advance(59s);
  CHECK(content(file) == "one");
  file.advance(2s);
  CHECK(content(file) == "two");
  CHECK(file.world().health.message == "3 B; read again every 1m0s, because detector is \"poll\"");
}

TEST_CASE("local.file: an idle file costs a reading a minute, and no event") {
  TempDir dir;
  write(dir.path() / "token", "one");
  Harness file(body(dir.path() / "token"));
  file.start();
  auto published = file.world().published.size();
  file.advance(50s);
  CHECK(file.world().pending_offloads() == 0);
  CHECK(file.world().pending_timers() == 1);
  CHECK(file.world().published.size() == published);
}

TEST_CASE("local.file: a secret stays one") {
  TempDir dir;
  write(dir.path() / "token", "hush");
  Harness file(body(dir.path() / "token", "is_secret = true"));
  file.start();
  CHECK(weir::lang::describe(file.world().exports).find("hush") == std::string::npos);
  CHECK(content(file) == "hush");
}

TEST_CASE("local.file: another file takes the place of the one before") {
  TempDir dir;
  write(dir.path() / "a", "one");
  write(dir.path() / "b", "two");
  Harness file(body(dir.path() / "a"));
  file.start();
  file.apply(body(dir.path() / "b"));
  CHECK(content(file) == "two");
  CHECK_FALSE(weir::testing::decode_text<File::Arguments>("filename = \"a\"\ndetector = \"inotify\""));
  CHECK_FALSE(weir::testing::decode_text<File::Arguments>("filename = \"\""));
}

TEST_CASE("local.file_match: patterns") {
  struct Row {
    const char* pattern;
    const char* path;
    bool fits;
  };
  const Row rows[] = {
      {"/a/*.log", "/a/x.log", true},
      {"/a/*.log", "/a/b/x.log", false},
      {"/a/*.log", "/a/.log", true},
      {"/a/?.log", "/a/xy.log", false},
      {"/a/[a-c].log", "/a/b.log", true},
      {"/a/[^a-c].log", "/a/b.log", false},
      {"/a/**", "/a", true},
      {"/a/**", "/a/b/c", true},
      {"/a/**/x", "/a/x", true},
      {"/a/**/x", "/a/b/c/x", true},
      {"/a/**/x", "/a/b/c/y", false},
      {"/a/**/b/**/x", "/a/c/b/d/e/x", true},
      {"/a/**/b/**/x", "/a/c/d/e/x", false},
      {"**/x", "/a/x", true},
      {"/a/{b,c}/x", "/a/c/x", true},
      {"/a/{b,c}/x", "/a/d/x", false},
      {"/a{,/b}/x", "/a/x", true},
      {"/a{,/b}/x", "/a/b/x", true},
      {"/{a,b{1,2}}", "/b2", true},
      {"/{a,b{1,2}}", "/b", false},
      {"/\\*", "/*", true},
      {"/\\*", "/a", false},
      {"/a//b/./c", "/a/b/c", true},
      {"a", "/a", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.pattern);
    CAPTURE(row.path);
    auto pattern = PathPattern::parse(row.pattern);
    REQUIRE(pattern);
    CHECK(pattern->matches(row.path) == row.fits);
  }
  CHECK_FALSE(PathPattern::parse(""));
  CHECK_FALSE(PathPattern::parse("/a{b"));
  CHECK_FALSE(PathPattern::parse(std::string(5000, 'a')));
  std::string bomb = "/";
  for (int i = 0; i < 12; ++i) bomb += "{a,b}";
  CHECK_FALSE(PathPattern::parse(bomb));
}

TEST_CASE("local.file_match: files become targets, with the labels of their pattern") {
  TempDir dir;
  for (const char* name : {"x.log", "y.log", "y.txt", "sub/z.log", "sub/deep/w.log", ".hidden.log"}) {
    write(dir.path() / name, "");
  }
  fs::create_symlink(dir.path(), dir.path() / "sub/circle");
  fs::create_directory(dir.path() / "folder.log");
  struct Row {
    const char* pattern;
    const char* exclude;
    const char* found;
  };
  const Row rows[] = {
      {"/*.log", "", ".hidden.log x.log y.log "},
      {"/*.log", "/y*", ".hidden.log x.log "},
      {"/**/*.log", "", ".hidden.log sub/deep/w.log sub/z.log x.log y.log "},
      {"/**", "/**/*.log", "y.txt "},
      {"/sub/circle/*.log", "", "sub/circle/.hidden.log sub/circle/x.log sub/circle/y.log "},
      {"/{x,y}.log", "", "x.log y.log "},
      {"/none/*", "", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.pattern);
    std::vector<discovery::Target::Label> labels{{"__path__", dir.path().string() + row.pattern},
                                                 {"job", "j"}};
    if (*row.exclude != 0) labels.emplace_back("__path_exclude__", dir.path().string() + row.exclude);
    discovery::Targets in{discovery::TargetList::make({discovery::Target::make(labels)})};
    auto matches = match_files(in, {}, weir::system_clock().wall());
    std::string found;
    for (const auto& target : matches.targets) {
      CHECK(target->get("job") == "j");
      found += std::string(target->get("__path__").substr(dir.path().string().size() + 1)) + " ";
    }
    CHECK(found == row.found);
    CHECK_FALSE(matches.cut);
  }
}

TEST_CASE("local.file_match: a folder that cannot be read is not empty") {
  TempDir dir;
  for (const char* name : {"sub/a.log", "sub/deep/b.log", "subway/c.log"}) write(dir.path() / name, "");
  fs::permissions(dir.path(), fs::perms(0755));
  struct Row {
    const char* pattern;
    const char* error;
  };
  const Row rows[] = {
      {"/sub/*.log", "list FOLDER: permission denied"},
      {"/**/*.log", "list FOLDER: permission denied"},
      {"/{sub,subway}/**", "list FOLDER: permission denied"},
      {"/sub/a.log", "look for FOLDER/a.log: permission denied"},
  };
  fs::path folder = dir.path() / "sub";
  for (const auto& row : rows) {
    for (const char* age : {"0s", "1h"}) {
      CAPTURE(row.pattern);
      CAPTURE(age);
      weir::testing::ComponentHarness<FileMatch> match(R"(path_targets = [{"__path__" = ")" +
                                                       dir.path().string() + row.pattern +
                                                       R"("}]
             ignore_older_than = ")" + age + "\"");
      match.start();
      weir::lang::Value known = match.world().exports;
      CHECK(known.as_map()->find("targets")->as_list()->size() > 0);
      CHECK(match.world().health.state == HealthState::healthy);
      fs::permissions(folder, fs::perms(0));
      {
        weir::testing::Unprivileged user;
        match.advance(10s);
      }
      CHECK(match.world().exports == known);
      CHECK(match.world().health.state == HealthState::unhealthy);
      std::string error = row.error;
      error.replace(error.find("FOLDER"), 6, folder.string());
      CHECK_MESSAGE(
          match.world().health.message.find("; 1 folder could not be read (" + error +
                                            "): what was found there before stays") != std::string::npos,
          match.world().health.message);
      fs::permissions(folder, fs::perms(0755));
      match.advance(10s);
      CHECK(match.world().exports == known);
      CHECK(match.world().health.state == HealthState::healthy);
    }
  }
}

TEST_CASE("local.file_match: looks again every sync_period, and says what is of no use") {
  TempDir dir;
  weir::testing::ComponentHarness<FileMatch> match(R"(path_targets = [{"__path__" = ")" +
                                                   dir.path().string() +
                                                   R"(/*.log"}, {"a" = "b"}, {"__path__" = "/x{"}])");
  match.start();
  auto count = [&] { return match.world().exports.as_map()->find("targets")->as_list()->size(); };
  CHECK(count() == 0);
  CHECK(match.world().health.state == HealthState::unhealthy);
  CHECK(match.world().health.message ==
        "0 files of 2 patterns; 1 target left out: without __path__; 1 pattern of no use: /x{: there is a { "
        "without "
        "its }");
  write(dir.path() / "a.log", "");
  match.advance(9s);
  CHECK(count() == 0);
  match.advance(1s);
  CHECK(count() == 1);

  match.apply(R"(path_targets = [{"__path__" = ")" + dir.path().string() + R"(/*.log"}]
                 ignore_older_than = "1h")");
  CHECK(match.world().health.message == "1 file of 1 pattern");
}

TEST_CASE("local.file_match: says why there are fewer files than fit") {
  TempDir dir;
  for (const char* name : {"new.log", "old.log", "x.log", "y.log"}) write(dir.path() / name, "");
  fs::last_write_time(dir.path() / "old.log", fs::file_time_type::clock::now() - 350000h);
  struct Row {
    const char* target;  // "AT": the folder
    const char* message;
  };
  const Row rows[] = {
      {R"({"__path__" = "AT/*.log"})", "3 files of 1 pattern; 1 file left out: older than ignore_older_than"},
      {R"({"__path__" = "AT/*.log", "__path_exclude__" = "AT/{x,y}.log"})",
       "1 file of 1 pattern; 2 files left out: __path_exclude__; 1 file left out: older than "
       "ignore_older_than"},
      {R"({"__path__" = "AT/*.txt"})", "0 files of 1 pattern: none fits"},
      {R"({"a" = "b"})", "0 files of 0 patterns; 1 target left out: without __path__"},
      {R"({"a" = "b"}, {"__path__" = "AT/*.txt"})",
       "0 files of 1 pattern: none fits; 1 target left out: without __path__"},
      {"", "0 targets came in: what gives them has none"},
  };
  for (const auto& row : rows) {
    std::string target = row.target;
    while (target.contains("AT")) target.replace(target.find("AT"), 2, dir.path().string());
    weir::testing::ComponentHarness<FileMatch> match("path_targets = [" + target +
                                                     "]\nignore_older_than = \"1h\"");
    match.start();
    CHECK(match.world().health.message == row.message);
    CHECK(match.world().health.state == HealthState::healthy);
  }
}

}  // namespace weir::local
