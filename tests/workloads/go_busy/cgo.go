//go:build cgo

package main

/*
#include <stdint.h>
#include <stdlib.h>

extern void goCallback(uint64_t);

static __attribute__((noinline)) uint64_t c_spin(uint64_t x) {
  for (int i = 0; i < 20000; ++i) {
    x = x * 6364136223846793005u + 1442695040888963407u;
    __asm__ volatile("" : "+r"(x));
  }
  return x;
}

static __attribute__((noinline)) uint64_t c_outer(uint64_t x) {
  uint64_t result = c_spin(x) + 1;
  __asm__ volatile("");
  return result;
}

static __attribute__((noinline)) void c_calls_back(uint64_t x) {
  goCallback(x);
  __asm__ volatile("");
}
*/
import "C"

//export goCallback
func goCallback(x C.uint64_t) {
	sink += spin(20_000) + uint64(x)
}

func inC() {
	for {
		sink += uint64(C.c_outer(C.uint64_t(sink)))
	}
}

func backFromC() {
	for {
		C.c_calls_back(C.uint64_t(sink))
	}
}

var more = []func(){inC, backFromC}
