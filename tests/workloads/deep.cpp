// Burns CPU at the bottom of a recursion: `deep DEPTH` has DEPTH calls of descend() on its stack.
#include <signal.h>
#include <sys/prctl.h>

#include <cstdlib>

extern "C" {

volatile unsigned long sink = 0;

[[gnu::noinline]] void bottom() {
  for (;;) sink = sink + 1;
}

[[gnu::noinline]] void descend(int depth) {
  if (depth > 1) {
    descend(depth - 1);
  } else {
    bottom();
  }
  asm volatile("");  // the calls above are calls, not jumps
}
}

int main(int argc, char** argv) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  descend(argc > 1 ? std::atoi(argv[1]) : 10);
}
