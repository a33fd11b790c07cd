// Profiles of services that do not exist.
#pragma once

#include <memory>
#include <string_view>

#include "tests/web/fake.h"

namespace weir::web::testing {

// One more profile every 15 s, for each service, up to whenever it is asked.
std::shared_ptr<MemoryStore> growing_store();

}  // namespace weir::web::testing
