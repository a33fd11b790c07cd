// ProfileReceiver: where profiles go. Exported by pyroscope.write and
// pyroscope.store, taken by every forward_to.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <tuple>

#include "lang/codec.h"
#include "lang/field.h"
#include "lang/value.h"
#include "profile/profile.h"

namespace weir::pyroscope {

class ProfileReceiver : public lang::Capsule {
 public:
  std::string_view type_name() const final { return "ProfilesReceiver"; }

  // Hands a profile over and returns at once, whatever the receiver is doing;
  // what it cannot keep it counts. Any thread.
  virtual void push(profile::ProfilePtr profile) const = 0;
};

// What a forward_to holds. Equality is identity. A receiver lives as long as
// its component (an update does not make a new one).
using ReceiverPtr = std::shared_ptr<const ProfileReceiver>;

}  // namespace weir::pyroscope

template <>
struct weir::lang::Codec<weir::pyroscope::ReceiverPtr> {
  static std::string type() { return "capsule(ProfilesReceiver)"; }
  static Converted<weir::pyroscope::ReceiverPtr> from_value(const Value& value);
  static Value to_value(const weir::pyroscope::ReceiverPtr& receiver);
};

namespace weir::pyroscope {

struct ReceiverExports {
  ReceiverPtr receiver;

  static constexpr auto fields() {
    return std::tuple{
        lang::required("receiver", &ReceiverExports::receiver, "Takes profiles; for a forward_to.")};
  }
  bool operator==(const ReceiverExports&) const = default;
};

}  // namespace weir::pyroscope
