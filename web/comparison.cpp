#include "web/comparison.h"

#include <string>
#include <utility>

#include "web/parameters.h"

namespace weir::web {

std::expected<Comparison, net::Response> compare(const ProfileQuery& before, const ProfileQuery& after,
                                                 profile::Basis basis) {
  auto then = before.querier->merge(before.selection);
  auto now = after.querier->merge(after.selection);
  if (!then || !now)
    return std::unexpected(json_error(500, !then ? then.error().message : now.error().message));
  // Nothing is as much in any unit and any time.
  if (then->samples.empty()) then->type = now->type;
  if (now->samples.empty()) now->type = then->type;
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

profile::Basis basis_of(const Call& call) {
  std::string by = word_of(call.request, parameter::kBasis);
  if (by == "time") return profile::Basis::time;
  return by == "share" ? profile::Basis::share : profile::Basis::total;
}

}  // namespace weir::web
