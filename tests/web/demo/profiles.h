// Profiles of services that do not exist.
#pragma once

#include <memory>
#include <string_view>

#include "tests/web/fake.h"

namespace weir::web::testing {

// One more profile every 15 s, for each service, up to whenever it is asked; of one with `has_memory` also
// what it keeps in memory. A new version of another has run for seven minutes.
std::shared_ptr<MemoryStore> growing_store(bool has_memory);
// The same services, none of whose profiles can be read.
std::shared_ptr<MemoryStore> broken_store();

}  // namespace weir::web::testing
