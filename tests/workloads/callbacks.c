/* C code whose stacks are hard to follow: a callback of the C library's qsort, a signal handler that
 * interrupts a leaf, alloca (the frame's size is known at run time only), a realigned stack, and threads.
 * Each ends in a leaf of its own name. Runs until it is killed or its parent ends. */
#include <alloca.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/time.h>

enum { kTurns = 20000, kElements = 64 };

static volatile uint64_t sink;

static inline __attribute__((always_inline)) uint64_t spin(uint64_t turns) {
  uint64_t x = sink + 1;
  for (uint64_t i = 0; i < turns; ++i) {
    x = x * 6364136223846793005u + 1442695040888963407u;
    __asm__ volatile("" : "+r"(x));
  }
  return x;
}

/* The asm keeps the call before it from becoming a jump. */
#define CALL(f)           \
  do {                    \
    f;                    \
    __asm__ volatile(""); \
  } while (0)

__attribute__((noinline)) int compare_elements(const void* a, const void* b) {
  sink = spin(kTurns / 100);
  return *(const int*)a - *(const int*)b;
}

__attribute__((noinline)) void sort_elements(void) {
  int elements[kElements];
  for (int i = 0; i < kElements; ++i) elements[i] = (i * 37) % kElements;
  CALL(qsort(elements, kElements, sizeof elements[0], compare_elements));
}

__attribute__((noinline)) void burn_in_alloca(char* bytes, int size) {
  memset(bytes, size, (size_t)size);
  sink = spin(kTurns);
}

__attribute__((noinline)) void use_alloca(int size) {
  char* bytes = alloca((size_t)size);
  CALL(burn_in_alloca(bytes, size));
}

typedef int vector __attribute__((vector_size(64)));

__attribute__((noinline)) void burn_realigned(vector* v) {
  (*v)[0] = (int)spin(kTurns);
}

/* A 64-byte aligned local and a frame of unknown size: the compiler keeps the caller's stack pointer in
 * memory. */
__attribute__((noinline)) void realign_stack(int size) {
  vector v;
  char* bytes = alloca((size_t)size);
  bytes[0] = 1;
  CALL(burn_realigned(&v));
  sink += (uint64_t)v[0] + (uint64_t)bytes[0];
}

__attribute__((noinline)) void burn_in_handler(void) {
  sink = spin(kTurns * 10);
}

void on_alarm(int number) {
  (void)number;
  CALL(burn_in_handler());
}

__attribute__((noinline)) void burn_interrupted(void) {
  sink = spin(kTurns * 2);
}

__attribute__((noinline)) void all_in_turn(int turn) {
  sort_elements();
  use_alloca(16 + turn % 2048);
  realign_stack(16 + turn % 512);
  CALL(burn_interrupted());
}

__attribute__((noinline)) void* run_thread(void* unused) {
  for (int turn = 0;; ++turn) all_in_turn(turn);
  return unused;
}

int main(int argc, char** argv) {
  (void)argv;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  struct sigaction action = {.sa_handler = on_alarm};
  sigaction(SIGALRM, &action, 0);
  struct itimerval every = {.it_interval = {.tv_usec = 5000}, .it_value = {.tv_usec = 5000}};
  setitimer(ITIMER_REAL, &every, 0);
  pthread_t thread;
  if (argc > 1) pthread_create(&thread, 0, run_thread, 0);
  CALL(run_thread(0));
  return 0;
}
