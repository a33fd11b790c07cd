// Every process that used CPU, and what weir does with it.
#include <algorithm>
#include <array>
#include <cctype>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include <fmt/format.h>

#include "base/ascii.h"
#include "base/number.h"
#include "base/seconds.h"
#include "base/utf8.h"
#include "profile/process_report.h"
#include "web/api.h"
#include "web/left_out.h"
#include "web/parameters.h"
#include "web/process_list.h"

namespace weir::web {
namespace {

// Labels may be of any length, and a page shows their beginning.
constexpr std::size_t kLongestText = 1024;

using Order = bool (*)(const ProcessRow& a, const ProcessRow& b);

double complete_share(const ProcessRow& row) {
  if (row.samples == 0) return 2;  // behind all that have one
  return static_cast<double>(row.complete_samples) / static_cast<double>(row.samples);
}

struct Sorting {
  std::string_view name;
  Order order;
};

// Those that the parameter may name.
constexpr std::array kSortings{
    Sorting{"cpu",
            [](const ProcessRow& a, const ProcessRow& b) {
              if (a.cpu_percent != b.cpu_percent) return a.cpu_percent > b.cpu_percent;
              return a.cpu_seconds > b.cpu_seconds;
            }},
    Sorting{"pid", [](const ProcessRow& a, const ProcessRow& b) { return a.pid < b.pid; }},
    Sorting{"name", [](const ProcessRow& a, const ProcessRow& b) { return a.comm < b.comm; }},
    Sorting{"complete",
            [](const ProcessRow& a, const ProcessRow& b) { return complete_share(a) < complete_share(b); }},
};

struct Asked {
  std::optional<std::uint32_t> pid;
  std::string filter;  // lower case
  std::optional<ProcessFate> fate;
  Order order = kSortings.front().order;
  std::size_t offset = 0;
  std::size_t limit = 0;
};

Asked read_asked(const net::Request& request) {
  std::string state = word_of(request, parameter::kState);
  Asked asked{
      .pid = whole_number<std::uint32_t>(text_of(request, parameter::kProcessPid)),
      .filter = to_lower(text_of(request, parameter::kProcessFilter)),
      .fate = {},
      .order = std::ranges::find(kSortings, word_of(request, parameter::kSort), &Sorting::name)->order,
      .offset = size_of(request, parameter::kOffset),
      .limit = size_of(request, parameter::kPageLimit),
  };
  for (std::size_t i = 0; i < kProcessFates; ++i) {
    if (state == to_string(static_cast<ProcessFate>(i))) asked.fate = static_cast<ProcessFate>(i);
  }
  return asked;
}

bool matches(const ProcessRow& row, const Asked& asked) {
  if (asked.pid && row.pid != *asked.pid) return false;
  const std::string& filter = asked.filter;
  auto has = [&](const std::string& text) { return to_lower(text).contains(filter); };
  return filter.empty() || has(std::to_string(row.pid)) || has(row.comm) || has(row.service) ||
         has(row.container) || std::ranges::any_of(row.found_by, has);
}

void write_text(JsonWriter& json, std::string_view name, std::string_view text) {
  if (text.size() <= kLongestText) {
    json.member(name, text);
    return;
  }
  json.member(name, fmt::format("{} …", text.substr(0, utf8_floor(text, kLongestText))));
}

void write_row(JsonWriter& json, const ProcessRow& row) {
  json.begin_object().member("pid", row.pid);
  write_text(json, "comm", row.comm);
  json.member("state", to_string(row.fate));
  write_text(json, "why", row.why);
  write_text(json, "service", row.service);
  // Cut, it is the name of no service.
  if (row.service.size() > kLongestText) json.member("serviceLength", row.service.size());
  json.member("container", row.container).member("collector", row.collector);
  json.key("foundBy").begin_array();
  for (const auto& id : row.found_by) json.value(id);
  json.end_array().member("exited", row.exited);
  json.member("cpuPercent", row.cpu_percent).member("cpuSeconds", row.cpu_seconds);
  json.member("samples", row.samples).member("completeSamples", row.complete_samples);
  json.member("frames", row.frames).member("namedFrames", row.named_frames).end_object();
}

void write_counts(JsonWriter& json, const std::vector<ProcessRow>& rows) {
  std::array<std::size_t, kProcessFates> counts{};
  for (const auto& row : rows) ++counts[static_cast<std::size_t>(row.fate)];
  json.key("states").begin_object();
  for (std::size_t i = 0; i < counts.size(); ++i)
    json.member(to_string(static_cast<ProcessFate>(i)), counts[i]);
  json.end_object();
}

// Counts are of all that the pid and the filter leave, whatever the state asked for.
net::Response page_of(const runtime::Snapshot& snapshot, const ProcessUse& use, const Asked& asked) {
  auto rows = list_processes(snapshot, use);
  std::size_t total = rows.size();
  std::erase_if(rows, [&](const ProcessRow& row) { return !matches(row, asked); });
  JsonWriter json;
  json.begin_object().member("collectors", snapshot.services<profile::ProcessReport>().size());
  json.member("window", in_seconds(use.window)).member("total", total);
  write_counts(json, rows);
  if (asked.fate) std::erase_if(rows, [&](const ProcessRow& row) { return row.fate != *asked.fate; });
  // Equals stay in one order from answer to answer.
  std::ranges::sort(rows, [&](const ProcessRow& a, const ProcessRow& b) {
    return asked.order(a, b) || (!asked.order(b, a) && a.pid < b.pid);
  });
  json.member("matching", rows.size()).member("offset", asked.offset).member("limit", asked.limit);
  json.key("rows").begin_array();
  auto shown = std::span(rows).subspan(std::min(rows.size(), asked.offset));
  shown = shown.first(std::min(shown.size(), asked.limit));
  tell_why_left_out(snapshot, shown);
  for (const ProcessRow& row : shown) write_row(json, row);
  json.end_array().end_object();
  return json_response(std::move(json));
}

}  // namespace

void answer_targets(Site& site, const Call& call) {
  // Reading all processes takes some milliseconds.
  site.offload(call.reply, [snapshot = site.snapshot(), meter = site.processes(),
                            asked = read_asked(call.request), now = site.options().clock->mono()] {
    return page_of(*snapshot, meter->measure(now), asked);
  });
}

}  // namespace weir::web
