// Components made for the tests of the runtime, and the Stage they play on:
// what they did, and what the test makes them do.
//
//   test.source    exports `value`; with `hold` not before the test publishes it
//   test.join      a transform: exports `value`, the `values` joined
//   test.sink      takes `value`; exports nothing
//   test.stuck     a transform that hangs
//   test.io        uses fetch, http, offload, timers and descriptors
//   test.trouble   hangs or throws where `at` says, as long as the stage says so
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/component.h"

namespace weir::runtime::testing {

// One for the whole program (components are made by plain functions): each test begins with reset().
class Stage {
 public:
  void reset();

  void did(std::string_view what, std::string_view id);  // "start test.sink.a"
  std::vector<std::string> take_events();                // sorted: strands run beside each other

  void enter(std::string_view id, std::function<void(std::string)> publish);
  void leave(std::string_view id);
  // Makes a test.source publish; false when there is none of that id.
  bool publish(std::string_view id, std::string value);
  // Makes it "fail", "throw" or "block"; false when there is none of that id.
  using Obey = std::function<void(std::string)>;
  void obey(std::string_view id, Obey obey);
  bool tell(std::string_view id, std::string what);

  // Hangs until release(); counts those who hang.
  void hang();
  void release();
  int hanging() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> events_;
  std::map<std::string, std::function<void(std::string)>, std::less<>> publishers_;
  std::map<std::string, Obey, std::less<>> obedient_;
  bool released_ = false;
  int hanging_ = 0;
};

Stage& stage();

void register_test_components(Registry& registry);

}  // namespace weir::runtime::testing
