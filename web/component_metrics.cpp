#include "web/component_metrics.h"

#include <charconv>
#include <optional>

#include <fmt/format.h>

namespace weir::web {
namespace {

constexpr std::size_t kMostSeries = 500;
constexpr std::string_view kHelp = "# HELP ";

struct Series {
  std::string_view name, labels, value;
};

std::optional<Series> parse_series(std::string_view line) {
  auto open = line.find('{');
  auto close = line.rfind("} ");
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return std::nullopt;
  return Series{.name = line.substr(0, open),
                .labels = line.substr(open + 1, close - open - 1),
                .value = line.substr(close + 2)};
}

// False: it is not among them. Ids have no characters that are written otherwise.
bool take_label(std::string& labels, const std::string& label) {
  auto at = labels.find(label);
  if (at == std::string::npos || (at != 0 && labels[at - 1] != ',')) return false;
  std::size_t end = at + label.size();
  if (end < labels.size() && labels[end] == ',')
    ++end;
  else if (at != 0)
    --at;
  labels.erase(at, end - at);
  return true;
}

}  // namespace

std::vector<ComponentSeries> component_metrics(std::string_view exposition, std::string_view module_id,
                                               std::string_view local_id) {
  const std::string id = fmt::format("component_id=\"{}\"", local_id);
  const std::string path = fmt::format("component_path=\"/{}\"", module_id);
  std::vector<ComponentSeries> found;
  std::string_view help;
  while (!exposition.empty() && found.size() < kMostSeries) {
    auto end = exposition.find('\n');
    std::string_view line = exposition.substr(0, end);
    exposition.remove_prefix(end == std::string_view::npos ? exposition.size() : end + 1);
    if (line.starts_with(kHelp)) {
      help = line.substr(kHelp.size());
      auto space = help.find(' ');
      help = space == std::string_view::npos ? "" : help.substr(space + 1);
      continue;
    }
    auto series = line.contains(id) ? parse_series(line) : std::nullopt;
    if (!series || series->name.ends_with("_bucket")) continue;
    ComponentSeries one{
        .name = std::string(series->name), .help = std::string(help), .labels = std::string(series->labels)};
    if (!take_label(one.labels, id) || !take_label(one.labels, path)) continue;
    std::from_chars(series->value.data(), series->value.data() + series->value.size(), one.value);
    found.push_back(std::move(one));
  }
  return found;
}

}  // namespace weir::web
