// Burns CPU in three functions, 10, 20 and 70 % of the time each. Runs until it is killed or its
// parent ends; `shares SECONDS` ends by itself.
#include <signal.h>
#include <sys/prctl.h>

#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

// Long enough that a call counts for nothing, short enough that all three run within a tick or two.
constexpr std::uint64_t kUnit = 20'000;

}  // namespace

extern "C" {

volatile std::uint64_t sink = 0;

[[gnu::always_inline]] inline std::uint64_t spin(std::uint64_t units) {
  std::uint64_t x = sink;
  for (std::uint64_t i = 0; i < units * kUnit; ++i) {
    x = x * 6364136223846793005u + 1442695040888963407u;
    asm volatile("" : "+r"(x));
  }
  return x;
}

[[gnu::noinline]] void burn_ten() {
  sink = spin(1);
}

[[gnu::noinline]] void burn_twenty() {
  sink = spin(2);
}

[[gnu::noinline]] void burn_seventy() {
  sink = spin(7);
}

[[gnu::noinline]] void work() {
  burn_ten();
  burn_twenty();
  burn_seventy();
  asm volatile("");  // the last call is a call, not a jump
}
}

int main(int argc, char** argv) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // Of its own time: on a busy machine it runs longer.
  double seconds = argc > 1 ? std::atof(argv[1]) : 1e9;
  while (static_cast<double>(std::clock()) < seconds * CLOCKS_PER_SEC) work();
  return 0;
}
