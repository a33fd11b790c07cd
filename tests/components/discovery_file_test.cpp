#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include <fmt/format.h>

#include "components/discovery/file.h"
#include "tests/support/component_harness.h"
#include "tests/support/temp_dir.h"
#include "tests/support/unprivileged.h"

using namespace std::literals;

namespace weir::discovery {

using weir::runtime::HealthState;
using weir::tests::TempDir;
using weir::tests::write_file;

namespace {

namespace fs = std::filesystem;
using Harness = weir::testing::ComponentHarness<File>;

std::string addresses(Harness& file) {
  auto map = file.world().exports.as_map();
  if (!map) return "(none)";
  std::string text;
  for (const auto& target : *weir::lang::Codec<Targets>::from_value(*map->find("targets"))) {
    text += std::string(target->get("__address__")) + " ";
  }
  return text;
}

bool comes_to(Harness& file, std::string_view text) {
  return file.world().wait_until([&] {
    file.advance(300ms);
    return addresses(file) == text;
  });
}

}  // namespace

TEST_CASE("discovery.file: files of a pattern, as they come, change and go") {
  TempDir dir;
  dir.write("a.json", R"([{"targets": ["a:1"]}])");
  dir.write("b.yml", "- targets: ['b:1']\n");
  Harness file("files = [\"" + dir.path().string() + "/*.json\", \"" + dir.path().string() + "/b.yml\"]");
  file.start();
  CHECK(addresses(file) == "a:1 b:1 ");
  CHECK(file.world().health.message == "2 files, 2 targets");

  dir.write("c.json", R"([{"targets": ["c:1"]}])");
  CHECK(comes_to(file, "a:1 b:1 c:1 "));
  dir.write("new", "- targets: ['b:2']\n");
  fs::rename(dir.path() / "new", dir.path() / "b.yml");
  CHECK(comes_to(file, "a:1 b:2 c:1 "));
  fs::remove(dir.path() / "a.json");
  CHECK(comes_to(file, "b:2 c:1 "));
  CHECK(file.world().health.state == HealthState::healthy);
}

TEST_CASE("discovery.file: a bad file keeps its last content, and is named") {
  TempDir dir;
  fs::path good = dir.path() / "a.json", bad = dir.path() / "b.json";
  write_file(good, R"([{"targets": ["a:1"], "labels": {"x": "y"}}])");
  write_file(bad, R"([{"targets": ["b:1"]}])");
  Harness file("files = [\"" + dir.path().string() + "/*.json\"]");
  file.start();
  write_file(bad, R"([{"targets": ["b:2")");
  CHECK(file.world().wait_until([&] {
    file.advance(300ms);
    return file.world().health.state == HealthState::unhealthy;
  }));
  CHECK(addresses(file) == "a:1 b:1 ");
  CHECK(file.world().health.message ==
        bad.string() +
            ": the list of targets is not JSON: incomplete JSON; what stood there before stays; "
            "2 files, 2 targets");
  // The others go on.
  write_file(good, R"([{"targets": ["a:2"]}])");
  CHECK(comes_to(file, "a:2 b:1 "));
  write_file(bad, R"([{"targets": ["b:3"]}])");
  CHECK(comes_to(file, "a:2 b:3 "));
  CHECK(file.world().health.state == HealthState::healthy);
}

TEST_CASE("discovery.file: the labels of a target") {
  TempDir dir;
  fs::path path = dir.path() / "a.yaml";
  write_file(path, "- targets: [a]\n  labels: {x: y}\n");
  Harness file("files = [\"" + path.string() + "\"]");
  file.start();
  auto targets = *weir::lang::Codec<Targets>::from_value(*file.world().exports.as_map()->find("targets"));
  REQUIRE(targets.size() == 1);
  CHECK(*targets[0] == *Target::make({{"__address__", "a"}, {"__meta_filepath", path.string()}, {"x", "y"}}));
}

TEST_CASE("discovery.file: a file that is not there yet is said, and found when it comes") {
  TempDir dir;
  fs::path path = dir.path() / "sub/a.json";
  Harness file("files = [\"" + path.string() + "\"]\nrefresh_interval = \"1m\"");
  file.start();
  CHECK(addresses(file).empty());
  CHECK(file.world().health.message == path.string() + ": there is no such file; 0 files, 0 targets");
  fs::create_directory(path.parent_path());
  write_file(path, R"([{"targets": ["a:1"]}])");
  CHECK(comes_to(file, "a:1 "));
}

TEST_CASE("discovery.file: a folder that cannot be read is not empty") {
  TempDir dir;
  fs::path folder = dir.path() / "sub", other = dir.path() / "other";
  for (const auto& path : {folder, other}) fs::create_directory(path);
  write_file(folder / "a.json", R"([{"targets": ["a:1"]}])");
  write_file(folder / "b.json", R"([{"targets": ["b:1"]}])");
  write_file(other / "c.json", R"([{"targets": ["c:1"]}])");
  fs::permissions(dir.path(), fs::perms(0755));
  struct Row {
    const char* files;
    fs::perms rights;
    const char* error;
  };
  std::string at = dir.path().string();
  const Row rows[] = {
      {"/sub/*.json", fs::perms(0), "list FOLDER/: permission denied"},
      {"/[st]ub/*.json", fs::perms(0), "list FOLDER/: permission denied"},
      {"/sub/a.json\", \"DIR/sub/b.json", fs::perms(0), "look for FOLDER/a.json: permission denied"},
      // The names can be read, and nothing else.
      {"/sub/*.json", fs::perms(0444), "open FOLDER/a.json: permission denied"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.files);
    std::string files = at + row.files, error = row.error;
    if (auto place = files.find("DIR"); place != std::string::npos) files.replace(place, 3, at);
    error.replace(error.find("FOLDER"), 6, folder.string());
    Harness file(fmt::format(R"(refresh_interval = "5s"
        files = ["{}", "{}/other/*.json"])",
                             files, at));
    file.start();
    REQUIRE(addresses(file) == "c:1 a:1 b:1 ");
    fs::permissions(folder, row.rights);
    {
      weir::testing::Unprivileged user;
      file.advance(5s);
    }
    CHECK(addresses(file) == "c:1 a:1 b:1 ");
    CHECK(file.world().health.state == HealthState::unhealthy);
    CHECK_MESSAGE(file.world().health.message.starts_with(error + "; what stood there before stays; 3 files"),
                  file.world().health.message);
    fs::permissions(folder, fs::perms(0755));
    file.advance(5s);
    CHECK(file.world().health.message == "3 files, 3 targets");
  }
  // One that is gone is.
  Harness file("files = [\"" + at + "/sub/*.json\"]");
  file.start();
  fs::remove_all(folder);
  CHECK(comes_to(file, ""));
  CHECK(file.world().health.message == "0 files, 0 targets: no file fits files");
}

TEST_CASE("discovery.file: what can be named") {
  struct Row {
    const char* path;
    bool good;
  };
  const Row rows[] = {{"/a/b.json", true},    {"/a/*.yml", true}, {"b.YAML", true}, {"/a/b*.json", true},
                      {"/a/*/b.json", false}, {"/a/b", false},    {"", false},      {"/a/b.txt", false}};
  for (const auto& row : rows) {
    CAPTURE(row.path);
    CHECK(weir::testing::decode_text<File::Arguments>("files = [\"" + std::string(row.path) + "\"]")
              .has_value() == row.good);
  }
  CHECK_FALSE(weir::testing::decode_text<File::Arguments>("files = []"));
  CHECK(watched_path("/a/b.json") == "/a/b.json");
  CHECK(watched_path("/a/*.json") == "/a");
  CHECK(watched_path("/*.json") == "/");
  CHECK(watched_path("*.json") == ".");
}

}  // namespace weir::discovery
