// Made-up services and components for looking at the page.
#pragma once

#include <memory>
#include <string_view>

#include "base/log.h"
#include "tests/web/fake.h"

namespace weir::web::testing {

// What a demo shows: "full", "refused", "empty", "no-store", "lost", "types", "broken".
struct Canned {
  explicit Canned(std::string_view mode);

  FakeController controller;
  LogHub log{[](std::string_view) {}};
  std::shared_ptr<MemoryStore> store;  // null: no component keeps profiles
};

}  // namespace weir::web::testing
