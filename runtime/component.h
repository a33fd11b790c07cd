// What a component is, for the runtime: a name, three field tables, and how to
// make one. A component is a class like this (see components/discovery/process.h for a real one):
//
//   class Thing {
//    public:
//     static constexpr std::string_view kName = "discovery.thing";
//     static constexpr auto kStability = runtime::Stability::stable;
//     static constexpr std::string_view kDoc = "Finds things.";     // one or two sentences
//     struct Arguments { … static constexpr auto fields() …; void check(lang::Problems&) const; bool
//     operator==… }; struct Exports { … };     // or lang::Nothing struct DebugInfo { … };   // or
//     lang::Nothing
//
//     Thing(runtime::Context& ctx, Arguments args);  // opens, binds and connects nothing
//     void start();               // on the strand; from here on it may touch the world
//     void apply(Arguments args); // on the strand, after start; cannot fail: Arguments::check has passed
//     void finish(std::function<void()> done);  // where there is one: on the strand, before stop(); ends
//     what
//                                               // is on its way and calls `done`, in 2 s at the latest
//     void stop();                // on the strand; lets go of everything
//   };
//
// A transform has no life of its own; its exports are a function of its
// arguments, evaluated within the wave that changed them:
//
//   class Relabel {
//     … kName, kStability, kDoc, Arguments, Exports, DebugInfo …
//     Relabel(runtime::Context& ctx, Arguments args);   // args are given to evaluate() as well
//     Exports evaluate(const Arguments& args);          // may remember; must not wait
//   };
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "lang/ast.h"
#include "lang/eval.h"
#include "lang/field.h"
#include "runtime/context.h"

namespace weir::runtime {

enum class Stability { stable, beta, experimental };
std::string_view to_string(Stability stability);

// Decoded arguments of some component type: immutable, shared.
using ArgumentsPtr = std::shared_ptr<const void>;

// A running component, whatever its class. Constructed on the controller's
// thread; everything else is called on the strand (evaluate: see the wave).
class Instance {
 public:
  virtual ~Instance() = default;
  virtual void start() = 0;
  virtual void apply(const ArgumentsPtr& arguments) = 0;
  virtual void finish(std::function<void()> done) = 0;
  virtual void stop() = 0;
  // Transforms only.
  virtual lang::Value evaluate(const ArgumentsPtr& arguments) = 0;
};

struct ComponentType {
  std::string_view name;
  Stability stability = Stability::stable;
  std::string_view doc;
  bool is_transform = false;
  const lang::BodySchema* arguments = nullptr;
  const lang::BodySchema* exports = nullptr;
  const lang::BodySchema* debug_info = nullptr;
  std::span<const MetricInfo> metrics;  // where it lists them

  // Null when there is an error; errors are appended, each at its place.
  ArgumentsPtr (*decode)(const lang::Body& body, lang::Span at, const lang::SourcePtr& source,
                         const lang::DecodeOptions& options, lang::Diagnostics& diagnostics) = nullptr;
  // With the values of these attributes anew, and everything else as it was.
  ArgumentsPtr (*decode_again)(const ArgumentsPtr& before, std::span<const lang::Attribute* const> attributes,
                               const lang::Body& body, lang::Span at, const lang::SourcePtr& source,
                               const lang::DecodeOptions& options, lang::Diagnostics& diagnostics) = nullptr;
  bool (*equal)(const ArgumentsPtr& a, const ArgumentsPtr& b) = nullptr;
  lang::BodyValue (*to_body)(const ArgumentsPtr& arguments) = nullptr;
  std::unique_ptr<Instance> (*create)(Context& ctx, const ArgumentsPtr& arguments) = nullptr;
};

template <class C>
concept Transform = requires(C c, const typename C::Arguments& args) {
  { c.evaluate(args) } -> std::same_as<typename C::Exports>;
};

namespace detail {

template <class C>
class InstanceOf final : public Instance {
 public:
  using Arguments = typename C::Arguments;

  InstanceOf(Context& ctx, const Arguments& args) : component_(ctx, args) {}

  void start() override {
    if constexpr (!Transform<C>) component_.start();
  }
  void apply(const ArgumentsPtr& arguments) override {
    if constexpr (!Transform<C>) component_.apply(*static_cast<const Arguments*>(arguments.get()));
  }
  void finish(std::function<void()> done) override {
    if constexpr (requires { component_.finish(done); }) {
      component_.finish(std::move(done));
    } else {
      done();
    }
  }
  void stop() override {
    if constexpr (!Transform<C>) component_.stop();
  }
  lang::Value evaluate(const ArgumentsPtr& arguments) override {
    if constexpr (Transform<C>) {
      return lang::to_object(component_.evaluate(*static_cast<const Arguments*>(arguments.get())));
    }
    return {};
  }

 private:
  C component_;
};

}  // namespace detail

template <class C>
ComponentType component_type() {
  using Arguments = typename C::Arguments;
  ComponentType type;
  type.name = C::kName;
  type.stability = C::kStability;
  type.doc = C::kDoc;
  type.is_transform = Transform<C>;
  type.arguments = &lang::schema<Arguments>();
  type.exports = &lang::schema<typename C::Exports>();
  type.debug_info = &lang::schema<typename C::DebugInfo>();
  if constexpr (requires { C::kMetrics; }) type.metrics = C::kMetrics;
  type.decode = [](const lang::Body& body, lang::Span at, const lang::SourcePtr& source,
                   const lang::DecodeOptions& options, lang::Diagnostics& diagnostics) -> ArgumentsPtr {
    auto arguments = lang::decode<Arguments>(body, at, source, options, diagnostics);
    if (!arguments) return nullptr;
    return std::make_shared<const Arguments>(*std::move(arguments));
  };
  type.decode_again = [](const ArgumentsPtr& before, std::span<const lang::Attribute* const> attributes,
                         const lang::Body& body, lang::Span at, const lang::SourcePtr& source,
                         const lang::DecodeOptions& options, lang::Diagnostics& diagnostics) -> ArgumentsPtr {
    auto arguments = lang::decode_again(*static_cast<const Arguments*>(before.get()), attributes, body, at,
                                        source, options, diagnostics);
    if (!arguments) return nullptr;
    return std::make_shared<const Arguments>(*std::move(arguments));
  };
  type.equal = [](const ArgumentsPtr& a, const ArgumentsPtr& b) {
    return *static_cast<const Arguments*>(a.get()) == *static_cast<const Arguments*>(b.get());
  };
  type.to_body = [](const ArgumentsPtr& arguments) {
    return lang::to_body(*static_cast<const Arguments*>(arguments.get()));
  };
  type.create = [](Context& ctx, const ArgumentsPtr& arguments) -> std::unique_ptr<Instance> {
    return std::make_unique<detail::InstanceOf<C>>(ctx, *static_cast<const Arguments*>(arguments.get()));
  };
  return type;
}

// The component types a program knows, by name. Filled once, in components/builtin.cpp; read from any thread.
class Registry {
 public:
  // A function, so that a table is made only for what a config uses.
  using Make = ComponentType (*)();

  void add(std::string_view name, Make make);
  // Null when there is none.
  const ComponentType* find(std::string_view name) const;
  std::vector<std::string_view> names() const;  // sorted

 private:
  struct Entry {
    std::string_view name;
    Make make;
    std::unique_ptr<ComponentType> type;
  };
  mutable std::mutex mutex_;  // guards the making of types
  mutable std::vector<Entry> entries_;
};

}  // namespace weir::runtime
