#include "profile/pprof_message.h"

#include <algorithm>

// The numbers are those of the fields in google/pprof's profile.proto. Fields
// may come in any order, so everything is collected first and resolved then.

namespace weir::profile {
namespace {

constexpr std::size_t kMaxItems = 2u << 20;  // of each kind

bool read_value_type(std::string_view data, RawValueType& to) {
  return each_field(data, [&](const WireField& f) {
    if (f.number == 1) to.type = f.value;
    if (f.number == 2) to.unit = f.value;
  });
}

bool read_mapping(std::string_view data, RawMapping& to) {
  return each_field(data, [&](const WireField& f) {
    switch (f.number) {
      case 1: to.id = f.value; break;
      case 2: to.start = f.value; break;
      case 3: to.limit = f.value; break;
      case 4: to.offset = f.value; break;
      case 5: to.file = f.value; break;
      case 6: to.build_id = f.value; break;
      default: break;
    }
  });
}

bool read_location(std::string_view data, RawLocation& to, std::vector<RawLine>& lines,
                   MemoryBudget& budget) {
  bool lines_ok = true;
  to.first_line = static_cast<std::uint32_t>(lines.size());
  bool ok = each_field(data, [&](const WireField& f) {
    if (f.number == 1) to.id = f.value;
    if (f.number == 2) to.mapping = f.value;
    if (f.number == 3) to.address = f.value;
    if (f.number != 4) return;
    RawLine line;
    lines_ok &= each_field(f.bytes, [&](const WireField& g) {
      if (g.number == 1) line.function = g.value;
      if (g.number == 2) line.line = g.value;
    });
    if (lines.size() < kMaxItems && budget.take(2 * sizeof(RawLine))) lines.push_back(line);
  });
  to.lines = static_cast<std::uint32_t>(lines.size()) - to.first_line;
  return ok && lines_ok && lines.size() < kMaxItems;
}

bool read_function(std::string_view data, RawFunction& to) {
  return each_field(data, [&](const WireField& f) {
    if (f.number == 1) to.id = f.value;
    if (f.number == 2) to.name = f.value;
    if (f.number == 4) to.file = f.value;
  });
}

// A vector that grows has its items twice for a moment.
std::size_t cost_of(const WireField& f) {
  switch (f.number) {
    case 1: return 2 * sizeof(RawValueType);
    case 3: return 2 * sizeof(RawMapping);
    case 4: return 2 * sizeof(RawLocation);
    case 5: return 2 * sizeof(RawFunction);
    case 2:
    case 6: return 2 * sizeof(std::string_view);
    default: return 0;
  }
}

bool read_top_field(const WireField& f, Raw& raw, MemoryBudget& budget) {
  switch (f.number) {
    case 1: return read_value_type(f.bytes, raw.sample_types.emplace_back());
    case 2: raw.samples.push_back(f.bytes); return f.type == WireType::bytes;
    case 3: return read_mapping(f.bytes, raw.mappings.emplace_back());
    case 4: return read_location(f.bytes, raw.locations.emplace_back(), raw.lines, budget);
    case 5: return read_function(f.bytes, raw.functions.emplace_back());
    case 6: raw.strings.push_back(f.bytes); return f.type == WireType::bytes;
    case 9: raw.time = f.value; return true;
    case 10: raw.duration = f.value; return true;
    case 11: return read_value_type(f.bytes, raw.period_type);
    case 12: raw.period = f.value; return true;
    case 14: raw.default_sample_type = f.value; return true;
    default: return true;
  }
}

}  // namespace

bool read_label(std::string_view data, RawLabel& to) {
  return each_field(data, [&](const WireField& f) {
    if (f.number == 1) to.name = f.value;
    if (f.number == 2) to.text = f.value;
    if (f.number == 3) to.number = f.value;
  });
}

Result<Raw> read_raw(std::string_view data, MemoryBudget& budget) {
  Raw raw;
  WireReader reader(data);
  WireField field;
  while (reader.next(field)) {
    bool is_read = budget.take(cost_of(field)) && read_top_field(field, raw, budget);
    if (budget.is_over()) return too_much_memory();
    if (!is_read) return fail("decode pprof: damaged field {}", field.number);
    std::size_t most = std::max({raw.sample_types.size(), raw.samples.size(), raw.mappings.size(),
                                 raw.locations.size(), raw.functions.size(), raw.strings.size()});
    if (most > kMaxItems)
      return fail("decode pprof: more than {} entries in field {}", kMaxItems, field.number);
  }
  if (reader.failed()) return fail("decode pprof: not a protobuf message, or cut off");
  if (raw.strings.empty() || !raw.strings[0].empty())
    return fail("decode pprof: the string table does not begin with the empty string");
  if (raw.sample_types.empty()) return fail("decode pprof: no sample type");
  return raw;
}

}  // namespace weir::profile
