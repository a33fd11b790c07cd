// Goes through PATHS different stacks one after the other (`many_stacks PATHS MICROSECONDS`), each for that
// much CPU time of its thread; one thread for each CPU, each with its own part of the paths.
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>

#include <cstdlib>
#include <thread>
#include <vector>

namespace {

constexpr int kDepth = 17;  // two ways at each step: 131,072 paths

long long thread_time_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

}  // namespace

extern "C" {

volatile unsigned long sink = 0;

[[gnu::noinline]] void leaf(long long nanoseconds) {
  long long end = thread_time_ns() + nanoseconds;
  while (thread_time_ns() < end) {
    for (int i = 0; i < 20'000; ++i) sink = sink + 1;
  }
}

void left(unsigned path, int depth, long long nanoseconds);
void right(unsigned path, int depth, long long nanoseconds);

[[gnu::noinline]] void step(unsigned path, int depth, long long nanoseconds) {
  if (depth == 0) {
    leaf(nanoseconds);
  } else if ((path & 1) != 0) {
    right(path >> 1, depth - 1, nanoseconds);
  } else {
    left(path >> 1, depth - 1, nanoseconds);
  }
  asm volatile("");  // the calls above are calls, not jumps
}

[[gnu::noinline]] void left(unsigned path, int depth, long long nanoseconds) {
  step(path, depth, nanoseconds);
  asm volatile("");
}

[[gnu::noinline]] void right(unsigned path, int depth, long long nanoseconds) {
  step(path, depth, nanoseconds);
  asm volatile("" ::"r"(&sink));
}
}

int main(int argc, char** argv) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  unsigned paths = argc > 1 ? static_cast<unsigned>(std::atoi(argv[1])) : 50'000;
  long long nanoseconds = 1000LL * (argc > 2 ? std::atoi(argv[2]) : 1000);
  unsigned threads = std::thread::hardware_concurrency();
  std::vector<std::thread> running;
  for (unsigned i = 0; i < threads; ++i) {
    running.emplace_back([=] {
      for (;;) {
        for (unsigned path = i; path < paths; path += threads) step(path, kDepth, nanoseconds);
      }
    });
  }
  for (std::thread& thread : running) thread.join();
}
