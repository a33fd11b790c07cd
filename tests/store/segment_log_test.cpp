#include "store/segment_log.h"

#include "store/checksum.h"
#include "store/segment_file.h"
#include "support.h"

namespace weir::store {
namespace {

struct Opened {
  std::unique_ptr<SegmentLog> log;
  std::vector<std::string> heads;
  std::vector<Place> places;
};

Opened open_log(const std::filesystem::path& path, std::uint32_t segment_bytes = 1 << 20) {
  Opened opened;
  auto log = SegmentLog::open({.path = path, .segment_bytes = segment_bytes},
                              [&](Place place, std::string_view head) {
                                opened.heads.emplace_back(head);
                                opened.places.push_back(place);
                              });
  REQUIRE(log.has_value());
  opened.log = std::move(*log);
  return opened;
}

void append(SegmentLog& log, const std::string& head, const std::string& body) {
  REQUIRE(log.append(head, body).has_value());
}

TEST_CASE("CRC-32C: the check values of RFC 3720") {
  CHECK(crc32c("123456789") == 0xe3069283);
  CHECK(crc32c(std::string(32, '\0')) == 0x8a9136aa);
  CHECK(crc32c(std::string(32, '\xff')) == 0x62a8ab43);
  CHECK(crc32c("6789", crc32c("12345")) == 0xe3069283);
}

TEST_CASE("records come back in order after closing and reopening, over many segments") {
  TempFolder folder;
  for (int round = 0; round < 3; ++round) {
    Opened opened = open_log(folder.path(), 256);
    CHECK(opened.heads.size() == static_cast<std::size_t>(round) * 10);
    for (int i = 0; i < 10; ++i) {
      std::string name = std::to_string(round * 10 + i);
      append(*opened.log, "head " + name, std::string(50, 'x') + name);
    }
  }
  Opened opened = open_log(folder.path(), 256);
  REQUIRE(opened.heads.size() == 30);
  for (std::size_t i = 0; i < 30; ++i) {
    auto content = opened.log->read(opened.places[i]);
    REQUIRE(content.has_value());
    CHECK(content->head == "head " + std::to_string(i));
    CHECK(content->body == std::string(50, 'x') + std::to_string(i));
  }
  CHECK(opened.log->segments().size() > 5);
  std::uint64_t bytes = 0;
  for (const auto& file : files_ending(folder.path(), ".segment")) bytes += std::filesystem::file_size(file);
  CHECK(opened.log->bytes() == bytes);
}

TEST_CASE("an oldest segment is removed as a whole") {
  TempFolder folder;
  Opened opened = open_log(folder.path(), 100);
  for (int i = 0; i < 6; ++i) append(*opened.log, "h" + std::to_string(i), std::string(100, 'x'));
  std::size_t segments = opened.log->segments().size();
  CHECK(opened.log->remove(opened.log->segments().begin()->first));
  CHECK(opened.log->segments().size() == segments - 1);
  opened.log.reset();
  CHECK(open_log(folder.path()).heads.front() == "h1");
}

TEST_CASE("a tail torn at any byte is cut, and the next record follows") {
  TempFolder folder;
  Opened opened = open_log(folder.path());
  append(*opened.log, "first", "body of the first");
  std::uint64_t whole = opened.log->bytes();
  append(*opened.log, "second", "body of the second");
  opened.log.reset();
  std::filesystem::path file = files_ending(folder.path(), ".segment").at(0);
  std::string content = read(file);
  for (std::size_t length = 0; length < content.size(); ++length) {
    CAPTURE(length);
    write_file(file, content.substr(0, length));
    Opened again = open_log(folder.path());
    CHECK(again.heads.size() == (length >= whole ? 1 : 0));
    CHECK(again.log->set_aside().empty());
    append(*again.log, "next", "");
    again.log.reset();
    CHECK(open_log(folder.path()).heads.back() == "next");
    for (const auto& each : files_ending(folder.path(), ".segment")) std::filesystem::remove(each);
  }
}

TEST_CASE("garbage behind the last record is a torn tail too") {
  for (const std::string& garbage : {std::string(40, '\0'), std::string(7, 'x'), std::string(3000, '\xff')}) {
    TempFolder folder;
    Opened opened = open_log(folder.path());
    append(*opened.log, "first", "body");
    opened.log.reset();
    std::filesystem::path file = files_ending(folder.path(), ".segment").at(0);
    write_file(file, read(file) + garbage);
    Opened again = open_log(folder.path());
    CHECK(again.heads.size() == 1);
    CHECK(again.log->set_aside().empty());
  }
}

TEST_CASE("a byte flipped anywhere costs one record and sets the segment aside") {
  TempFolder folder;
  Opened opened = open_log(folder.path());
  for (int i = 0; i < 4; ++i) append(*opened.log, "head " + std::to_string(i), "body " + std::to_string(i));
  opened.log->close_active();
  append(*opened.log, "newest", "segment");
  opened.log.reset();
  std::filesystem::path file = files_ending(folder.path(), ".segment").at(0);
  std::string content = read(file);
  for (std::size_t i = sizeof(SegmentHeader); i < content.size(); ++i) {
    CAPTURE(i);
    std::string damaged = content;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    write_file(file, damaged);
    Opened again = open_log(folder.path());
    std::size_t readable = 0;
    std::vector<std::uint32_t> bad;
    for (Place place : again.places) {
      if (again.log->read(place)) {
        ++readable;
      } else {
        bad.push_back(place.segment);
      }
    }
    CHECK(readable == 4);  // of five
    // A body is looked at when it is read, a head at once.
    for (std::uint32_t segment : bad) {
      std::size_t sound = 0;
      auto salvaged = again.log->salvage(segment, [&](Place place, std::string_view) {
        CHECK(again.log->read(place).has_value());
        ++sound;
      });
      REQUIRE(salvaged.has_value());
      CHECK(*salvaged);
      CHECK(sound == 3);
    }
    CHECK(again.log->set_aside().size() == 1);
    auto aside = files_ending(folder.path(), ".corrupt");
    REQUIRE(aside.size() == 1);
    CHECK(read(aside[0]) == damaged);
    std::filesystem::remove(aside[0]);
  }
}

TEST_CASE("what is not ours is set aside, what is of a later version is left alone") {
  TempFolder folder;
  SegmentHeader later;
  later.version = 99;
  std::string later_bytes(reinterpret_cast<const char*>(&later), sizeof later);
  folder.write("0000000001.segment", "no segment at all, but long enough");
  folder.write("0000000002.segment", later_bytes + "what we cannot know");
  folder.write("notes.txt", "somebody's");
  Opened opened = open_log(folder.path());
  CHECK(opened.heads.empty());
  CHECK(opened.log->set_aside().size() == 2);
  append(*opened.log, "mine", "");
  CHECK(opened.log->active() == 3);
  CHECK(read(folder.path() / "0000000001.segment.corrupt") == "no segment at all, but long enough");
  CHECK(read(folder.path() / "0000000002.segment") == later_bytes + "what we cannot know");
  CHECK(read(folder.path() / "notes.txt") == "somebody's");
}

TEST_CASE("a segment that cannot be opened or read now is left alone, and read when it can be") {
  struct Row {
    const char* behind;
    const char* segment;
    const char* why;
  };
  const Row rows[] = {{nullptr, "0000000001.segment", "open "},
                      {nullptr, "0000000003.segment", "open "},
                      {kReadsFail, "0000000001.segment", "read "},
                      {kReadsFail, "0000000003.segment", "read "}};
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CAPTURE(row.segment);
    TempFolder folder;
    Opened opened = open_log(folder.path(), 100);
    for (const char* head : {"a", "b", "c"}) append(*opened.log, head, std::string(100, 'x'));
    opened.log.reset();
    std::filesystem::path file = folder.path() / row.segment;
    std::string content = read(file);
    std::vector<std::string> late;
    auto visit = [&](Place, std::string_view head) { late.emplace_back(head); };
    {
      Hidden hidden(file, row.behind);
      opened = open_log(folder.path(), 100);
      CHECK(opened.heads.size() == 2);
      CHECK(opened.log->set_aside().empty());
      REQUIRE(opened.log->unread().size() == 1);
      CHECK(opened.log->unread().begin()->second.starts_with(row.why + file.string() + ": "));
      opened.log->read_unread(visit);
      CHECK(late.empty());
      append(*opened.log, "d", std::string(100, 'x'));
      CHECK(opened.log->active() == 4);
    }
    opened.log->read_unread(visit);
    CHECK(late.size() == 1);
    CHECK(opened.log->unread().empty());
    CHECK(opened.log->segments().size() == 4);
    CHECK(opened.log->active() == 4);
    CHECK(read(file) == content);
    opened.log.reset();
    CHECK(open_log(folder.path()).heads == std::vector<std::string>{"a", "b", "c", "d"});
  }
}

TEST_CASE("only what is damaged is salvaged") {
  TempFolder folder;
  Opened opened = open_log(folder.path());
  append(*opened.log, "head", "body");
  opened.log->close_active();
  auto salvaged = [&] { return opened.log->salvage(1, [](Place, std::string_view) { FAIL("visited"); }); };
  auto sound = salvaged();
  REQUIRE(sound.has_value());
  CHECK_FALSE(*sound);
  std::filesystem::path file = folder.path() / "0000000001.segment";
  std::string content = read(file);
  for (const char* behind : {static_cast<const char*>(nullptr), kReadsFail}) {
    Hidden hidden(file, behind);
    CHECK_FALSE(salvaged().has_value());
  }
  CHECK(opened.log->segments().contains(1));
  CHECK(opened.log->set_aside().empty());
  CHECK(files_ending(folder.path(), "").size() == 2);  // with the lock
  std::filesystem::remove(file);
  auto gone = salvaged();
  REQUIRE(gone.has_value());
  CHECK(*gone);
  CHECK(opened.log->segments().empty());
}

TEST_CASE("one log for a folder") {
  TempFolder folder;
  Opened opened = open_log(folder.path());
  auto second = SegmentLog::open({.path = folder.path()}, [](Place, std::string_view) {});
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().message == "lock " + folder.path().string() + ": another process uses this folder");
  opened.log.reset();
  CHECK(SegmentLog::open({.path = folder.path()}, [](Place, std::string_view) {}).has_value());
}

}  // namespace
}  // namespace weir::store
