// POST /ingest, the older way to send profiles, which the SDKs use.
#include <array>
#include <charconv>

#include "base/number.h"
#include "components/json_reader.h"
#include "components/pyroscope/multipart.h"
#include "components/pyroscope/received_parts.h"
#include "profile/text_formats.h"

namespace weir::pyroscope {
namespace {

constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr std::uint32_t kUsualRate = 100;
constexpr std::uint32_t kMostRate = 1'000'000;

// What the last word of an application's name says of its profiles, as a Pyroscope server reads it.
struct NamedType {
  std::string_view word;
  std::string_view name;  // label __name__
  std::string_view unit;
};
constexpr std::array kNamedTypes = {
    NamedType{"cpu", "process_cpu", "nanoseconds"},
    NamedType{"itimer", "process_cpu", "nanoseconds"},
    NamedType{"wall", "wall", "nanoseconds"},
    NamedType{"alloc_objects", "memory", "count"},
    NamedType{"alloc_space", "memory", "bytes"},
    NamedType{"inuse_objects", "memory", "count"},
    NamedType{"inuse_space", "memory", "bytes"},
    NamedType{"goroutines", "goroutines", "count"},
    NamedType{"goroutine", "goroutine", "count"},
    NamedType{"mutex_count", "mutex", "count"},
    NamedType{"mutex_duration", "mutex", "nanoseconds"},
    NamedType{"block_count", "block", "count"},
    NamedType{"block_duration", "block", "nanoseconds"},
    NamedType{"lock_count", "block", "count"},
    NamedType{"lock_duration", "block", "nanoseconds"},
    NamedType{"exceptions", "exceptions", "count"},
};

const NamedType* named_type(std::string_view word) {
  for (const NamedType& type : kNamedTypes) {
    if (type.word == word) return &type;
  }
  return nullptr;
}

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// Seconds since 1970, or as many milli-, micro- or nanoseconds: told apart by their size.
WallTime time_of(std::string_view text, WallTime otherwise) {
  auto number = whole_number<std::int64_t>(text).value_or(0);
  if (number <= 0) return otherwise;
  // Below: the year 2255 in each unit.
  struct Unit {
    std::int64_t below, nanoseconds;
  };
  static constexpr Unit kUnits[] = {{9'000'000'000, 1'000'000'000},
                                    {9'000'000'000'000, 1'000'000},
                                    {9'000'000'000'000'000, 1'000},
                                    {INT64_MAX, 1}};
  for (const Unit& unit : kUnits) {
    if (number >= unit.below) continue;
    auto since = std::chrono::nanoseconds(number * unit.nanoseconds);
    return WallTime(std::chrono::duration_cast<WallTime::duration>(since));
  }
  return otherwise;
}

// One request's parameters.
struct Ingest {
  profile::Labels labels;  // of the series; __name__ is the application's name without the type's word
  const NamedType* type = nullptr;  // null: the name says none
  WallTime from, until;
  std::uint32_t rate = kUsualRate;
  std::string format, units;
};

std::expected<Ingest, Refusal> parameters_of(const net::Request& request, WallTime now) {
  auto labels = read_series_name(request.query("name"));
  if (!labels) return std::unexpected(labels.error());
  Ingest ingest{
      .labels = *std::move(labels), .format = request.query("format"), .units = request.query("units")};
  ingest.until = time_of(request.query("until"), now);
  ingest.from = std::min(time_of(request.query("from"), ingest.until), ingest.until);
  std::string rate = request.query("sampleRate");
  std::uint32_t number = 0;
  if (std::from_chars(rate.data(), rate.data() + rate.size(), number).ec == std::errc() && number > 0)
    ingest.rate = std::min(number, kMostRate);
  return ingest;
}

// "shop.cpu" is the service shop, of type cpu: the older protocol has no other place for the type.
void split_name(Ingest& ingest) {
  std::vector<profile::Labels::Pair> pairs = ingest.labels.pairs();
  std::string app(ingest.labels.get("__name__"));
  std::size_t dot = app.rfind('.');
  if (dot != std::string::npos && dot != 0) ingest.type = named_type(std::string_view(app).substr(dot + 1));
  if (ingest.type) app.resize(dot);
  std::erase_if(pairs, [](const auto& pair) { return pair.first == "__name__"; });
  pairs.emplace_back(ingest.labels.get("service_name").empty() ? "service_name" : "app_name", app);
  ingest.labels = profile::Labels(std::move(pairs));
}

void set_times(profile::Profile& profile, const Ingest& ingest) {
  profile.start = ingest.from;
  profile.duration = std::chrono::duration_cast<Duration>(ingest.until - ingest.from);
}

// One line a stack, each with a value, or each once.
Received folded_profile(const Ingest& ingest, std::string_view body, profile::MemoryBudget& budget) {
  auto lines =
      ingest.format == "lines" ? profile::FoldedLines::stacks_only : profile::FoldedLines::with_values;
  auto profile = profile::decode_folded(body, lines, budget);
  if (!profile) return std::unexpected(unreadable(profile.error().message, budget));
  static constexpr NamedType kCpu = kNamedTypes.front();
  static constexpr NamedType kObjects{"alloc_objects", "memory", "count"},
      kBytes{"alloc_space", "memory", "bytes"};
  const NamedType* type = ingest.type                 ? ingest.type
                          : ingest.units == "objects" ? &kObjects
                          : ingest.units == "bytes"   ? &kBytes
                                                      : &kCpu;
  profile->type = {.name = std::string(type->name),
                   .sample_type = std::string(type->word),
                   .sample_unit = std::string(type->unit),
                   .period_type = std::string(type->word),
                   .period_unit = std::string(type->unit)};
  bool is_sampled_time = type->word == "cpu" || type->word == "wall" || type->word == "itimer";
  if (is_sampled_time && (ingest.units.empty() || ingest.units == "samples")) {
    profile->period = kNanosecondsPerSecond / ingest.rate;
    for (profile::Sample& sample : profile->samples) {
      sample.count = sample.value;
      if (__builtin_mul_overflow(sample.count, profile->period, &sample.value))
        return std::unexpected(bad_request("a value is too large"));
    }
  }
  set_times(*profile, ingest);
  set_labels(*profile, ingest.labels);
  std::vector<profile::Profile> all;
  all.push_back(*std::move(profile));
  return all;
}

// {"alloc_objects": {"units": "objects", "display-name": "…", "cumulative": false}, …}
std::expected<void, Refusal> check_config(std::string_view text, profile::MemoryBudget& budget) {
  if (!budget.take(json_bytes(text))) return std::unexpected(unreadable("", budget));
  auto root = parse_json(text, "sample_type_config");
  if (!root) return std::unexpected(bad_request(root.error().message));
  for (const auto& [name, config] : as_object(*root)) {
    if (bool_at(as_object(config), "cumulative"))
      return std::unexpected(Refusal{422, "cumulative",
                                     "the profile grows since the program's start: send the difference (a "
                                     "current SDK does), or its sums would "
                                     "be counted again and again"});
  }
  return {};
}

Received pprof_profiles(const Ingest& ingest, const net::Request& request, std::string_view body,
                        profile::MemoryBudget& budget) {
  std::string_view pprof = body;
  std::vector<Part> parts;
  std::string boundary = multipart_boundary(request.headers.get("Content-Type"));
  if (!boundary.empty()) {
    auto split = split_multipart(body, boundary);
    if (!split) return std::unexpected(bad_request(split.error().message));
    pprof = {};
    for (const Part& part : *split) {
      if (part.name == "profile") pprof = part.content;
      if (part.name != "sample_type_config") continue;
      if (auto checked = check_config(part.content, budget); !checked)
        return std::unexpected(checked.error());
    }
    if (pprof.empty()) return std::unexpected(bad_request("the form has no field \"profile\""));
  }
  auto profiles = profiles_of(pprof, budget);
  if (!profiles) return profiles;
  for (profile::Profile& profile : *profiles) {
    if (const NamedType* type = named_type(profile.type.sample_type)) profile.type.name = type->name;
    if (profile.start == WallTime()) set_times(profile, ingest);
    set_labels(profile, ingest.labels);
  }
  return profiles;
}

}  // namespace

std::expected<profile::Labels, Refusal> read_series_name(std::string_view text) {
  std::size_t brace = text.find('{');
  std::string_view app = trim(text.substr(0, brace));
  if (app.empty()) return std::unexpected(bad_request("the parameter name is missing: name=APP{k=v,…}"));
  std::vector<profile::Labels::Pair> pairs;
  if (brace != std::string_view::npos) {
    std::string_view rest = trim(text.substr(brace + 1));
    if (!rest.ends_with('}')) return std::unexpected(bad_request("the labels in name do not end with }"));
    rest.remove_suffix(1);
    while (!trim(rest).empty()) {
      std::size_t comma = std::min(rest.find(','), rest.size());
      std::string_view pair = rest.substr(0, comma);
      rest.remove_prefix(std::min(comma + 1, rest.size()));
      std::size_t equals = pair.find('=');
      if (equals == std::string_view::npos || trim(pair.substr(0, equals)).empty())
        return std::unexpected(bad_request(fmt::format("\"{}\" in name is no k=v", pair.substr(0, 80))));
      if (pairs.size() == kMostSentLabels)
        return std::unexpected(bad_request(fmt::format("more than {} labels in name", kMostSentLabels)));
      pairs.emplace_back(trim(pair.substr(0, equals)), trim(pair.substr(equals + 1)));
    }
  }
  pairs.emplace_back("__name__", app);
  return profile::Labels(std::move(pairs));
}

Received read_ingest(const net::Request& request, WallTime now, profile::MemoryBudget& budget) {
  auto ingest = parameters_of(request, now);
  if (!ingest) return std::unexpected(ingest.error());
  split_name(*ingest);
  std::string unpacked;
  auto body = plain_body(request, budget, unpacked);
  if (!body) return std::unexpected(body.error());
  bool is_form = !multipart_boundary(request.headers.get("Content-Type")).empty();
  const std::string& format = ingest->format;
  bool is_pprof = format == "pprof" || (format.empty() && is_form);
  bool is_text = format.empty() || format == "folded" || format == "groups" || format == "lines";
  if (!is_pprof && !is_text)
    return std::unexpected(
        Refusal{422, "format",
                fmt::format("format \"{}\": pprof, folded and lines are taken", format.substr(0, 64))});
  auto received =
      is_pprof ? pprof_profiles(*ingest, request, *body, budget) : folded_profile(*ingest, *body, budget);
  budget.give_back(unpacked.size());
  return received;
}

}  // namespace weir::pyroscope
