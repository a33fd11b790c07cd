#include "runtime/health_history.h"

#include <utility>

#include "base/utf8.h"

namespace weir::runtime {
namespace {

// Enough for a person; a thousand components that change all the time stay within some ten megabytes.
constexpr std::size_t kMostChanges = 48;
constexpr std::size_t kLongestMessage = 300;

}  // namespace

HealthHistoryPtr continued(const HealthHistoryPtr& before, const Health& now) {
  if (before && before->changes.back().state == now.state) return before;
  HealthHistory next = before ? *before : HealthHistory();
  if (next.changes.size() == kMostChanges) {
    next.changes.erase(next.changes.begin());
    ++next.forgotten;
  }
  next.changes.push_back(now);
  std::string& message = next.changes.back().message;
  if (message.size() > kLongestMessage) {
    message.resize(utf8_floor(message, kLongestMessage));
    message += " …";
  }
  return std::make_shared<const HealthHistory>(std::move(next));
}

}  // namespace weir::runtime
