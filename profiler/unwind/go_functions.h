// What of a Go program needs other rules than "the stack pointer is so far from
// the frame": where goroutines and threads begin, and where stacks are switched.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "profiler/symbols/gopclntab.h"

namespace weir::profiler {

enum class GoWalk : std::uint8_t {
  ordinary,
  begins,         // nobody called it: a goroutine or a thread begins here
  switches,       // leaves one stack for another; the frame pointer leads back
  switches_away,  // … and what was left goes on elsewhere: nobody called what comes then
  signal,         // what a signal handler returns to
};

// By name, where the table has no flags for it.
GoWalk go_walk_of(std::string_view function, std::uint8_t flags);

// Where in the code the stack pointer is first given another value than one so
// far from the old one.
std::optional<std::uint32_t> find_stack_switch(std::span<const std::uint8_t> code);

}  // namespace weir::profiler
