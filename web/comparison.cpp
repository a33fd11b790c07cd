#include "web/comparison.h"

#include <string>
#include <utility>

namespace weir::web {

std::expected<Comparison, net::Response> compare(const ProfileQuery& before, const ProfileQuery& after,
                                                 profile::Basis basis) {
  auto then = before.querier->merge(before.selection);
  auto now = after.querier->merge(after.selection);
  if (!then || !now)
    return std::unexpected(json_error(500, !then ? then.error().message : now.error().message));
  // Nothing is as much in any unit and any time.
  bool nothing = then->samples.empty() || now->samples.empty();
  auto factor = nothing ? Result<double>(1) : profile::factor(*then, *now, basis);
  if (!factor)
    return std::unexpected(json_error(400, "the two cannot be compared so: " + factor.error().message));
  return Comparison{*std::move(then), *std::move(now), *factor};
}

profile::FlameTree flame_of(const profile::Profile& before, const profile::Profile& after,
                            std::size_t max_nodes) {
  profile::FlameTree tree;
  tree.add_before(before);
  tree.add(after);
  tree.finish(max_nodes);
  return tree;
}

std::optional<profile::Basis> parse_basis(const Call& call) {
  std::string by = call.request.query("by");
  if (by.empty() || by == "total") return profile::Basis::total;
  if (by == "time") return profile::Basis::time;
  if (by == "share") return profile::Basis::share;
  call.reply(json_error(400, fmt::format("parameter by: \"{}\" is none of total, time, share", by)));
  return std::nullopt;
}

}  // namespace weir::web
