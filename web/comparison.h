// Two selections of profiles beside each other.
#pragma once

#include <cstddef>
#include <expected>

#include "net/http.h"
#include "profile/compare.h"
#include "profile/flame.h"
#include "web/profile_query.h"

namespace weir::web {

struct Comparison {
  profile::Profile before;  // as it is
  profile::Profile after;
  double factor = 1;  // by what the values before have to be multiplied
};

// The error is what to answer.
std::expected<Comparison, net::Response> compare(const ProfileQuery& before, const ProfileQuery& after,
                                                 profile::Basis basis);
// Of both, with the values before already multiplied.
profile::FlameTree flame_of(const profile::Profile& before, const profile::Profile& after,
                            std::size_t max_nodes);

profile::Basis basis_of(const Call& call);

}  // namespace weir::web
