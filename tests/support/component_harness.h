// ComponentHarness: one component in a world driven by hand. Everything runs
// on the caller's thread; time moves only by advance(); what the component
// asks of the world (fetches, watches, offloaded work) waits until the test
// answers it; what it says (exports, health, debug info, views) is recorded.
//
//   ComponentHarness<DiscoveryThing> thing(R"(host = "unix:///run/x.sock")");
//   thing.start();
//   thing.world().fetches.at(0)->answer({.status = 200, .body = "[]"});
//   thing.run();
//   CHECK(thing.world().health.state == runtime::HealthState::healthy);
//   CHECK(thing.world().exports == lang::to_object(expected));
//   thing.advance(std::chrono::minutes(1));
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "lang/eval.h"
#include "lang/parser.h"
#include "runtime/component.h"
#include "tests/support/fake_context.h"

namespace weir::testing {

// Decodes the body of a block; the errors otherwise, as text, one a line.
template <class T>
std::expected<T, std::string> decode_text(std::string_view body_text, lang::DecodeOptions options = {}) {
  lang::SourcePtr source = lang::Source::make("test.river", std::string(body_text));
  auto file = lang::parse(source);
  lang::Diagnostics diagnostics;
  std::optional<T> decoded;
  if (file) {
    decoded = lang::decode<T>(file->body, {}, source, options, diagnostics);
  } else {
    diagnostics = file.error();
  }
  if (decoded) return *std::move(decoded);
  std::string text;
  for (const auto& diagnostic : diagnostics) text += one_line(diagnostic) + "\n";
  return std::unexpected(text);
}

template <class C>
class ComponentHarness {
 public:
  using Arguments = typename C::Arguments;

  explicit ComponentHarness(Arguments arguments, std::string id = std::string(C::kName) + ".test")
      : world_(std::move(id)), component_(std::make_unique<C>(world_, std::move(arguments))) {}
  // `body` is what stands between the braces of the block.
  explicit ComponentHarness(std::string_view body, std::string id = std::string(C::kName) + ".test")
      : ComponentHarness(parse(body), std::move(id)) {}
  ~ComponentHarness() {
    if (started_ && !stopped_) stop();
  }

  FakeContext& world() { return world_; }
  C& component() { return *component_; }

  // As the runtime does: then everything that is due, until nothing is.
  void start() {
    started_ = true;
    component_->start();
    run();
  }
  void apply(Arguments arguments) {
    component_->apply(std::move(arguments));
    run();
  }
  void apply(std::string_view body) { apply(parse(body)); }
  void stop() {
    component_->stop();
    stopped_ = true;
    world_.close();
  }
  // Stops and destroys the component; the world stays to be looked at.
  void destroy() {
    stop();
    component_.reset();
  }
  void run() { world_.run(); }
  void advance(Duration by) { world_.advance(by); }

 private:
  static Arguments parse(std::string_view body) {
    auto arguments = decode_text<Arguments>(body);
    if (!arguments) FAIL(arguments.error());
    return *std::move(arguments);
  }

  FakeContext world_;
  std::unique_ptr<C> component_;
  bool started_ = false;
  bool stopped_ = false;
};

}  // namespace weir::testing
