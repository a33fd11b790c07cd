// A pprof message as it stands in its bytes: each field once, nothing resolved. For pprof_decode.cpp.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "profile/memory_budget.h"
#include "profile/wire.h"

namespace weir::profile {

struct RawValueType {
  std::uint64_t type = 0;
  std::uint64_t unit = 0;
};

struct RawMapping {
  std::uint64_t id = 0, start = 0, limit = 0, offset = 0, file = 0, build_id = 0;
};

struct RawLine {
  std::uint64_t function = 0, line = 0;
};

struct RawLocation {
  std::uint64_t id = 0, mapping = 0, address = 0;
  std::uint32_t first_line = 0, lines = 0;
};

struct RawFunction {
  std::uint64_t id = 0, name = 0, file = 0;
};

struct RawLabel {
  std::uint64_t name = 0, text = 0, number = 0;

  bool operator==(const RawLabel&) const = default;
};

struct Raw {
  std::vector<RawValueType> sample_types;
  std::vector<std::string_view> samples;
  std::vector<RawMapping> mappings;
  std::vector<RawLocation> locations;
  std::vector<RawLine> lines;
  std::vector<RawFunction> functions;
  std::vector<std::string_view> strings;
  RawValueType period_type;
  std::uint64_t time = 0, duration = 0, period = 0, default_sample_type = 0;
};

// Calls `assign(field)` for each field; false when the bytes are no message.
template <class Assign>
bool each_field(std::string_view data, Assign assign) {
  WireReader reader(data);
  WireField field;
  while (reader.next(field)) assign(field);
  return !reader.failed();
}

// Repeated numbers come packed or one by one.
template <class Take>
bool take_numbers(const WireField& field, Take take) {
  if (field.type == WireType::varint) return take(field.value);
  if (field.type != WireType::bytes) return false;
  WireReader reader(field.bytes);
  std::uint64_t value = 0;
  while (!reader.at_end())
    if (!reader.varint(value) || !take(value)) return false;
  return true;
}

bool read_label(std::string_view data, RawLabel& to);

// Views point into `data`; what it takes is taken from the budget.
Result<Raw> read_raw(std::string_view data, MemoryBudget& budget);

inline std::unexpected<Error> too_much_memory() {
  return fail("decode pprof: it takes too much memory once decoded");
}

}  // namespace weir::profile
