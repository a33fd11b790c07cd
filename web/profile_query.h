// What the questions about profiles have in common: which store, which profiles, which range.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "store/store.h"
#include "web/site.h"

namespace weir::web {

using QuerierPtr = std::shared_ptr<const store::Querier>;

struct QueryRange {  // Unix milliseconds
  std::int64_t from = 0;
  std::int64_t until = 0;

  store::TimeRange times() const { return {from_unix_ms(from), from_unix_ms(until)}; }
};

struct ProfileQuery {
  QuerierPtr querier;
  QueryRange range;
  store::Selection selection;
};

// The last hour unless the request says otherwise.
Result<QueryRange> parse_range(const Site& site, const net::Request& request);
// The store that is named, else the first of the config.
Result<QuerierPtr> find_querier(const Site& site, const net::Request& request);

// Reply with the error themselves when there is one. The second is what another is compared with: its
// parameters begin with "before_", and those that are missing are as in `after`, but for the range, which
// then is as long and ends where the other begins.
std::optional<ProfileQuery> parse_query(const Site& site, const Call& call);
std::optional<ProfileQuery> parse_query_before(const Call& call, const ProfileQuery& after);

void write_range(JsonWriter& json, const QueryRange& range);

}  // namespace weir::web
