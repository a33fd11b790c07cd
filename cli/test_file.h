// A .test.river file: what a config has to make of targets. Decoded by the
// language's own tables, so that its errors stand at their places.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "lang/codec.h"
#include "lang/diagnostic.h"
#include "lang/field.h"
#include "lang/source.h"
#include "lang/value.h"

namespace weir::cli {

struct TestOverride {
  std::string component;
  lang::Value exports;

  static constexpr auto fields() {
    using Self = TestOverride;
    return std::tuple{
        lang::required("component", &Self::component,
                       "Id of the component, such as \"discovery.docker.local\"."),
        lang::required("exports", &Self::exports, "What it exports in this test, an object."),
    };
  }
  void check(lang::Problems& problems) const;
  bool operator==(const TestOverride&) const = default;
};

struct TestExports {
  std::string component;
  lang::Value exports;

  static constexpr auto fields() {
    using Self = TestExports;
    return std::tuple{
        lang::required("component", &Self::component,
                       "Id of the component, such as \"discovery.relabel.services\"."),
        lang::required("exports", &Self::exports,
                       "What it has to export, an object; fields that are not named here may be anything."),
    };
  }
  void check(lang::Problems& problems) const;
  bool operator==(const TestExports&) const = default;
};

struct TestTarget {
  std::map<std::string, std::string> labels;
  std::string at;
  std::map<std::string, std::string> becomes;
  std::string dropped_by;
  std::optional<std::uint64_t> rule;

  static constexpr auto fields() {
    using Self = TestTarget;
    return std::tuple{
        lang::required("labels", &Self::labels,
                       "Labels of the target as it was found; enough to tell it from others."),
        lang::optional("at", &Self::at, "Id of a component that it has to come to."),
        lang::optional("becomes", &Self::becomes,
                       "Labels it has to have there, or wherever it ends; an empty one must not be there."),
        lang::optional("dropped_by", &Self::dropped_by, "Id of the component that has to drop it."),
        lang::optional("rule", &Self::rule, "Which of its rules does, counted from 0."),
    };
  }
  void check(lang::Problems& problems) const;
  bool operator==(const TestTarget&) const = default;
};

struct TestCase {
  std::string block_label;
  std::map<std::string, std::string> env;
  std::vector<TestOverride> overrides;
  std::vector<TestExports> expected;
  std::vector<TestTarget> targets;

  static constexpr auto fields() {
    using Self = TestCase;
    return std::tuple{
        lang::optional("env", &Self::env, "Environment variables that the config sees; it sees no others."),
        lang::block("override", &Self::overrides, "What a component exports instead of what it would find."),
        lang::block("expect", &Self::expected, "What a component has to export."),
        lang::block("target", &Self::targets, "What has to become of a target."),
    };
  }
  bool operator==(const TestCase&) const = default;
};

struct TestFile {
  std::string config;
  std::vector<TestCase> tests;

  static constexpr auto fields() {
    using Self = TestFile;
    return std::tuple{
        lang::optional("config", &Self::config,
                       "The config, as seen from this file; else the one named like it, without .test."),
        lang::block("test", &Self::tests, "One test; its label is its name."),
    };
  }
  bool operator==(const TestFile&) const = default;
};

// Null with errors.
std::optional<TestFile> read_test_file(const lang::SourcePtr& source, lang::Diagnostics& diagnostics);

}  // namespace weir::cli
