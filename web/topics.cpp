#include "web/topics.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "base/number.h"

namespace weir::web {

std::uint64_t Topics::Watched::changes_with(std::uint64_t now) {
  if (std::exchange(sum, now) != now) ++changes;
  return changes;
}

TopicRevisions Topics::now(const Overview& overview) {
  auto snapshot = controller_.snapshot();
  if (!snapshot || !snapshot->revisions) return {};
  const runtime::Revisions& counts = *snapshot->revisions;
  std::uint64_t kept = 0;
  for (const auto& store : overview.stores()) kept += 1 + store->revision();
  const std::uint64_t loads = counts.loads, services = counts.services;
  const std::uint64_t components = loads + counts.healths;
  return {
      components,
      loads + counts.nodes + (log_ ? log_->lines() : 0),
      components + counts.exports + handed_over_.changes_with(overview.handed_over()),
      loads,
      loads + kept_.changes_with(kept),
      loads + services,
  };
}

std::string to_text(std::int64_t run, const TopicRevisions& revisions) {
  return fmt::format("{}-{}", run, fmt::join(revisions, "-"));
}

std::optional<TopicRevisions> revisions_in(std::string_view text, std::int64_t run) {
  auto take = [&]<class Number>(Number& number) {
    std::string_view digits = text.substr(0, text.find('-'));
    text.remove_prefix(std::min(text.size(), digits.size() + 1));
    auto value = whole_number<Number>(digits);
    if (value) number = *value;
    return value.has_value();
  };
  std::int64_t of_run = 0;
  if (!take(of_run) || of_run != run) return std::nullopt;
  TopicRevisions revisions;
  for (auto& revision : revisions) {
    if (!take(revision)) return std::nullopt;
  }
  return revisions;
}

}  // namespace weir::web
