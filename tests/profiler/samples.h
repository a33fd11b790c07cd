// Records as the kernel's program writes them.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "bpf/cpu_sample.h"

namespace weir::profiler::test {

struct RecordFields {
  std::uint32_t pid = 1;
  std::uint64_t cgroup = 0;
  std::uint64_t time = 1;
  std::uint16_t flags = 0;
  std::vector<std::uint64_t> user;
  std::uint8_t user_flags = CPU_SAMPLE_COMPLETE;
  std::uint8_t user_mode = CPU_SAMPLE_FRAME_POINTERS;
  std::vector<std::uint64_t> kernel;
  std::string comm;  // at most 15 bytes
};

inline std::vector<std::uint64_t> make_record(const RecordFields& fields) {
  std::string bytes(sizeof(cpu_sample), '\0');
  auto add = [&](std::uint8_t kind, std::uint8_t flags, const std::vector<std::uint64_t>& frames) {
    cpu_sample_section section{.kind = kind,
                               .mode = fields.user_mode,
                               .flags = flags,
                               .frame_size = sizeof frames[0],
                               .frames = static_cast<std::uint16_t>(frames.size()),
                               .stop = 0};
    bytes.append(reinterpret_cast<const char*>(&section), sizeof section);
    bytes.append(reinterpret_cast<const char*>(frames.data()), frames.size() * sizeof frames[0]);
  };
  add(CPU_SAMPLE_USER, fields.user_flags, fields.user);
  if (!fields.kernel.empty()) add(CPU_SAMPLE_KERNEL, CPU_SAMPLE_COMPLETE, fields.kernel);
  cpu_sample head{};
  head.size = static_cast<std::uint32_t>(bytes.size());
  head.type = CPU_SAMPLE_STACK;
  head.version = CPU_SAMPLE_VERSION;
  head.flags = fields.flags;
  head.time = fields.time;
  head.cgroup = fields.cgroup;
  head.tgid = head.tid = fields.pid;
  fields.comm.copy(head.comm, sizeof head.comm - 1);
  head.sections = fields.kernel.empty() ? 1 : 2;
  std::memcpy(bytes.data(), &head, sizeof head);
  std::vector<std::uint64_t> words(bytes.size() / sizeof(std::uint64_t));
  std::memcpy(words.data(), bytes.data(), bytes.size());
  return words;
}

}  // namespace weir::profiler::test
