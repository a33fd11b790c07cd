// For a program that is made of code of the kernel program, included right after this.
#pragma once

#define __noinline __attribute__((noinline))
#undef __always_inline  // the C library has one, too
#define __always_inline inline __attribute__((always_inline))
