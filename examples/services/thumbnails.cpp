// thumbnails: shrinks pictures all day. Built without frame pointers, as most programs are.
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

namespace pictures {

constexpr std::size_t kSide = 384;
using Picture = std::vector<std::uint8_t>;

// Kept out of line so that each step has a name in a profile.
#define STEP __attribute__((noinline))

STEP void blur_rows(const Picture& from, Picture& to) {
  constexpr std::size_t kReach = 4;
  for (std::size_t y = 0; y < kSide; ++y) {
    for (std::size_t x = kReach; x + kReach < kSide; ++x) {
      std::size_t sum = 0;
      for (std::size_t i = 0; i <= 2 * kReach; ++i)
        sum += from[y * kSide + x + i - kReach] * (i < kReach ? i + 1 : 2 * kReach + 1 - i);
      to[y * kSide + x] = static_cast<std::uint8_t>(sum / 25);
    }
  }
}

STEP std::uint32_t shrink(const Picture& from) {
  std::uint32_t checksum = 0;
  for (std::size_t at = 0; at < from.size(); at += 4) checksum = checksum * 31 + from[at];
  return checksum;
}

STEP std::uint32_t make_thumbnail(Picture& picture, Picture& scratch) {
  blur_rows(picture, scratch);
  picture.swap(scratch);
  return shrink(picture);
}

}  // namespace pictures

int main() {
  using namespace std::chrono_literals;
  pictures::Picture picture(pictures::kSide * pictures::kSide), scratch(picture.size());
  std::uint32_t checksum = 1;
  for (;;) {
    // A third of one CPU, for as long as it is left alone.
    auto until = std::chrono::steady_clock::now() + 10ms;
    while (std::chrono::steady_clock::now() < until) {
      for (std::uint8_t& pixel : picture)
        pixel = static_cast<std::uint8_t>(checksum = checksum * 1664525 + 1013904223);
      checksum += pictures::make_thumbnail(picture, scratch);
    }
    std::this_thread::sleep_for(20ms);
  }
}
