// How fast config text is read: a megabyte of components with blocks, lists, objects and comments.
#include <benchmark/benchmark.h>

#include <string>

#include "lang/eval.h"
#include "lang/lexer.h"
#include "lang/parser.h"

namespace weir::lang {
namespace {

std::string big_config() {
  std::string text;
  for (int i = 0; text.size() < 1'000'000; ++i) {
    std::string n = std::to_string(i);
    text += "// Component " + n + "\ndiscovery.relabel \"r" + n +
            "\" {\n  targets = concat(discovery.docker.d" + n + ".targets, [{\"__address__\" = \"10.0.0." +
            n + ":80\", job = \"web\"}])\n  interval = \"15s\"\n" +
            "  rule {\n    action = \"keep\"\n    regex = \"(.+)-\\\\d\"\n    modulus = " + n +
            " * 2 + 1\n  }\n}\n\n";
  }
  return text;
}

void report(benchmark::State& state, const SourcePtr& source) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(source->text().size()));
}

void lex_text(benchmark::State& state) {
  auto source = Source::make("big", big_config());
  for (auto _ : state) benchmark::DoNotOptimize(lex(source));
  report(state, source);
}
BENCHMARK(lex_text)->Unit(benchmark::kMillisecond);

void parse_text(benchmark::State& state) {
  auto source = Source::make("big", big_config());
  for (auto _ : state) {
    auto file = parse(source);
    if (!file) state.SkipWithError("does not parse");
  }
  report(state, source);
}
BENCHMARK(parse_text)->Unit(benchmark::kMillisecond);

void evaluate_targets(benchmark::State& state) {
  std::string text = "[";
  for (int i = 0; i < 1000; ++i)
    text += "{\"__address__\" = \"10.0.0.1:80\", job = \"web\" + \"s\", n = 1 + 2 * 3},";
  auto source = Source::make("targets", text + "]");
  auto expr = parse_expression(source);
  for (auto _ : state) benchmark::DoNotOptimize(evaluate(**expr, source, {}));
  state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK(evaluate_targets)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace weir::lang

BENCHMARK_MAIN();
