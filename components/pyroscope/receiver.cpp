#include "components/pyroscope/receiver.h"

namespace weir::lang {

using pyroscope::ProfileReceiver;
using pyroscope::ReceiverPtr;

Converted<ReceiverPtr> Codec<ReceiverPtr>::from_value(const Value& value) {
  if (value.is_null()) return ReceiverPtr();
  auto capsule = value.as_capsule();
  if (!capsule) return mismatch(type(), value);
  if (auto receiver = std::dynamic_pointer_cast<const ProfileReceiver>(capsule)) return receiver;
  return std::unexpected(
      Mismatch{"", "should be " + type() + ", got capsule(" + std::string(capsule->type_name()) + ")"});
}

Value Codec<ReceiverPtr>::to_value(const ReceiverPtr& receiver) {
  if (!receiver) return {};
  return Value(std::shared_ptr<const Capsule>(receiver));
}

}  // namespace weir::lang
