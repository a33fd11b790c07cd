#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "store/store.h"
#include "tests/profile/sample_profile.h"
#include "tests/support/temp_dir.h"

namespace weir::store {

using profile::testing::equal;
using profile::testing::sample_profile;
using tests::write_file;

// In memory, where a sync costs nothing, when there is such a place.
struct TempFolder : tests::TempDir {
  TempFolder() : TempDir(::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp") {}
};

inline WallTime at(int seconds) {
  return WallTime(std::chrono::seconds(1'700'000'000 + seconds));
}

inline profile::Profile profile_of(const std::string& service, int seconds) {
  profile::Profile p = sample_profile();
  p.labels = profile::Labels{{"service_name", service}, {"__name__", "process_cpu"}, {"host", "a"}};
  p.start = at(seconds);
  return p;
}

inline Selection everything(const std::string& service) {
  return {.service = service, .profile_type = {}, .labels = {}, .range = {at(-1'000'000), at(1'000'000)}};
}

inline std::unique_ptr<Store> open_store(const std::filesystem::path& path,
                                         Duration retention = std::chrono::hours(1),
                                         std::uint64_t max_bytes = 1 << 20) {
  auto store = Store::open({.path = path, .limits = {.retention = retention, .max_bytes = max_bytes}});
  if (!store) FAIL(store.error().message);
  return std::move(*store);
}

inline void append(Store& store, const profile::Profile& profile) {
  auto ok = store.append(profile);
  if (!ok) FAIL(ok.error().message);
}

inline std::string read(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// While it stands, this process can open no file.
class NoDescriptors {
 public:
  NoDescriptors() {
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
    int lowest = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::close(lowest);
    rlimit none{static_cast<rlim_t>(lowest), before_.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  }
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
};

// While it stands, the file's name leads elsewhere: to itself, which nobody can open, or to what cannot be
// read.
class Hidden {
 public:
  explicit Hidden(std::filesystem::path file, const char* behind = nullptr) : file_(std::move(file)) {
    std::filesystem::rename(file_, away());
    std::filesystem::create_symlink(behind == nullptr ? file_.filename() : behind, file_);
  }
  ~Hidden() { std::filesystem::rename(away(), file_); }
  Hidden(const Hidden&) = delete;
  Hidden& operator=(const Hidden&) = delete;

 private:
  std::filesystem::path away() const { return file_.string() + ".away"; }

  std::filesystem::path file_;
};
inline constexpr const char* kReadsFail = "/proc/self/mem";  // its first page is mapped nowhere

inline std::vector<std::filesystem::path> files_ending(const std::filesystem::path& folder,
                                                       std::string_view end) {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().string().ends_with(end)) found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace weir::store
