// How many instructions the kernel's verifier looks at for cpu_sample, all branches counted.
#pragma once

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "base/result.h"

namespace weir::profiler::test {

// A tenth of what kernels allow, so that those that prune less than ours take it too.
inline constexpr std::uint64_t kVerifierBudget = 100'000;

// Sets a constant of the program before it is loaded.
inline bool set_constant(bpf_object* object, const char* name, std::uint32_t value) {
  const btf* types = bpf_object__btf(object);
  int section = btf__find_by_name_kind(types, ".rodata", BTF_KIND_DATASEC);
  bpf_map* map = bpf_object__find_map_by_name(object, ".rodata");
  std::size_t size = 0;
  if (section < 0 || !map) return false;
  const auto* initial = static_cast<const char*>(bpf_map__initial_value(map, &size));
  std::vector<char> bytes(initial, initial + size);
  const btf_type* type = btf__type_by_id(types, static_cast<std::uint32_t>(section));
  const btf_var_secinfo* variables = btf_var_secinfos(type);
  for (int i = 0; i < btf_vlen(type); ++i) {
    const btf_type* variable = btf__type_by_id(types, variables[i].type);
    if (std::strcmp(btf__name_by_offset(types, variable->name_off), name) != 0) continue;
    if (variables[i].offset + sizeof value > size) return false;
    std::memcpy(bytes.data() + variables[i].offset, &value, sizeof value);
    return bpf_map__set_initial_value(map, bytes.data(), size) == 0;
  }
  return false;
}

inline Result<std::uint64_t> processed_instructions(const std::string& object_file) {
  constexpr std::uint32_t kStatistics = 4;
  std::vector<char> log(1 << 16);
  bpf_object_open_opts options{};
  options.sz = sizeof options;
  options.kernel_log_buf = log.data();
  options.kernel_log_size = log.size();
  options.kernel_log_level = kStatistics;
  bpf_object* object = bpf_object__open_file(object_file.c_str(), &options);
  if (!object) return fail_errno(errno, "open {}", object_file);
  // Nothing of it may be left out as dead.
  bool set = set_constant(object, "has_unwind_tables", 1);
  int error = set ? bpf_object__load(object) : -EINVAL;
  bpf_object__close(object);
  if (error) return fail_errno(-error, "load {}: {}", object_file, log.data());
  constexpr const char* kProcessed = "processed ";
  const char* at = std::strstr(log.data(), kProcessed);
  if (!at) return fail("the verifier's log has no figure: {}", log.data());
  return std::strtoull(at + std::strlen(kProcessed), nullptr, 10);
}

}  // namespace weir::profiler::test
