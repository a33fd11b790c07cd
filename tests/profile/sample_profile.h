// A small profile that has one of everything.
#pragma once

#include "profile/profile.h"

namespace weir::profile::testing {

inline Profile sample_profile() {
  Profile p;
  p.id = ProfileId::random();
  p.labels = Labels{{"service_name", "checkout"}, {"__name__", "process_cpu"}};
  p.period = 10'309'278;
  p.start = WallTime(std::chrono::seconds(1'700'000'000));
  p.duration = std::chrono::seconds(15);
  p.mappings = {
      {.file = "/usr/bin/app", .build_id = "0123abcd", .start = 0x55000, .limit = 0x60000, .offset = 0x1000},
      {.file = "/lib/libc.so.6",
       .build_id = "ffee",
       .start = 0x7f000,
       .limit = 0x80000,
       .why_no_name = "it has no .symtab"},
      {.file = "[kernel]"}};
  p.frames = {
      {FrameKind::native, NoName::named, 0, 0x1234, {{"inner", "a.cc", 7}, {"outer", "b.cc", 9}}},
      {FrameKind::native, NoName::named, 0, 0x2000, {{"main", "b.cc", 20}}},
      {FrameKind::native, NoName::stripped, 1, 0xbeef, {}},
      {FrameKind::kernel, NoName::named, 2, 0xffffffff81000000, {{"do_syscall_64", "", 0}}},
      {FrameKind::python, NoName::named, kNoMapping, 0, {{"handler", "/srv/app.py", 3}}},
      {FrameKind::unknown, NoName::no_mapping, kNoMapping, 0x1, {}},
  };
  p.stacks = {{{0, 1}, true, false}, {{2, 1}, true, false}, {{3, 2, 1}, false, false}, {{4, 5}, false, true}};
  p.samples = {{0, 5 * p.period, 5}, {1, p.period, 1}, {2, 2 * p.period, 2}, {3, p.period, 1}};
  return p;
}

// The smallest that there is: one sample of `main`, of the service `shop`.
inline Profile one_sample_profile() {
  Profile p;
  p.id = ProfileId::random();
  p.labels = Labels{{"service_name", "shop"}, {"__name__", "process_cpu"}};
  p.period = 10;
  p.frames = {{.kind = FrameKind::native, .no_name = NoName::named, .lines = {{.function = "main"}}}};
  p.stacks = {{.frames = {0}, .complete = true}};
  p.samples = {{.stack = 0, .value = 30, .count = 3}};
  return p;
}

// What pprof cannot say is forgotten, so that the rest can be compared.
inline Profile as_pprof_keeps_it(Profile p) {
  p.id = {};
  p.labels = {};
  for (Mapping& mapping : p.mappings) mapping.why_no_name.clear();
  for (Stack& stack : p.stacks) stack.complete = stack.truncated = false;
  return p;
}

inline bool equal(const Profile& a, const Profile& b) {
  return a.id == b.id && a.labels == b.labels && a.type == b.type && a.period == b.period &&
         a.start == b.start && a.duration == b.duration && a.mappings == b.mappings && a.frames == b.frames &&
         a.stacks == b.stacks && a.samples == b.samples;
}

}  // namespace weir::profile::testing
