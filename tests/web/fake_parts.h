// Made-up parts of a config for the API to tell of: types of components, a receiver, what has been handed
// over.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "lang/field.h"
#include "profile/handover.h"
#include "runtime/component.h"

namespace weir::web::testing {

// One whose arguments are a T.
template <class T>
runtime::ComponentType component_type(std::string_view name, std::string_view doc) {
  runtime::ComponentType type;
  type.name = name;
  type.doc = doc;
  type.arguments = &lang::schema<T>();
  type.to_body = [](const runtime::ArgumentsPtr& arguments) {
    return lang::to_body(*static_cast<const T*>(arguments.get()));
  };
  return type;
}

class FakeReceiver final : public lang::Capsule {
 public:
  std::string_view type_name() const override { return "ProfilesReceiver"; }

  static lang::Value value() {
    return lang::Value(std::shared_ptr<const lang::Capsule>(std::make_shared<FakeReceiver>()));
  }
};

class FakeHandover final : public profile::Handover {
 public:
  std::uint64_t profiles() const override { return 42; }
};

}  // namespace weir::web::testing
