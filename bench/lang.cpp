// How fast config text is read: ten megabytes of components with blocks, lists, objects and comments; beside
// it what zstd -1 takes for the same bytes, as a measure of the machine and its hour.
#include <benchmark/benchmark.h>
#include <zstd.h>

#include <ctime>
#include <string>
#include <vector>

#include "lang/eval.h"
#include "lang/lexer.h"
#include "lang/parser.h"
#include "lang/printer.h"

namespace weir::lang {
namespace {

std::string big_config() {
  std::string text;
  for (int i = 0; text.size() < 10'000'000; ++i) {
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

void print_text(benchmark::State& state) {
  auto source = Source::make("big", big_config());
  for (auto _ : state) {
    auto text = print_standard(source);
    if (!text) state.SkipWithError("does not parse");
  }
  report(state, source);
}
BENCHMARK(print_text)->Name("parse_and_print_text")->Unit(benchmark::kMillisecond);

// Turn by turn and by CPU time, so that both have the machine at the same hour.
void parse_beside_zstd(benchmark::State& state) {
  auto source = Source::make("big", big_config());
  std::string_view text = source->text();
  std::vector<char> packed(ZSTD_compressBound(text.size()));
  std::clock_t parsing = 0, packing = 0;
  for (auto _ : state) {
    std::clock_t start = std::clock();
    benchmark::DoNotOptimize(parse(source));
    std::clock_t middle = std::clock();
    benchmark::DoNotOptimize(ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 1));
    parsing += middle - start;
    packing += std::clock() - middle;
  }
  double megabytes = static_cast<double>(state.iterations()) * static_cast<double>(text.size()) / 1e6;
  auto seconds = [](std::clock_t time) { return static_cast<double>(time) / CLOCKS_PER_SEC; };
  state.counters["parse_MB/s"] = megabytes / seconds(parsing);
  state.counters["zstd_MB/s"] = megabytes / seconds(packing);
  state.counters["parse/zstd"] = seconds(packing) / seconds(parsing);
}
BENCHMARK(parse_beside_zstd)->Unit(benchmark::kMillisecond);

// Every attribute of the config, as a load does it.
void evaluate_attributes(benchmark::State& state) {
  auto source = Source::make("big", big_config());
  auto file = parse(source);
  if (!file) return state.SkipWithError("does not parse");
  std::vector<const Expr*> values;
  auto collect = [&](auto&& self, const Body& body) -> void {
    for (const Statement& statement : body.statements) {
      if (auto* attribute = std::get_if<Attribute>(&statement)) {
        // References would need components.
        if (references(*attribute->value).empty()) values.push_back(attribute->value);
      } else {
        self(self, std::get<const Block*>(statement)->body);
      }
    }
  };
  collect(collect, file->body);
  for (auto _ : state) {
    for (const Expr* value : values) benchmark::DoNotOptimize(evaluate(*value, source, {}));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(values.size()));
}
BENCHMARK(evaluate_attributes)->Unit(benchmark::kMillisecond);

void evaluate_targets(benchmark::State& state) {
  std::string text = "[";
  for (int i = 0; i < 1000; ++i)
    text += "{\"__address__\" = \"10.0.0.1:80\", job = \"web\" + \"s\", n = 1 + 2 * 3},";
  auto source = Source::make("targets", text + "]");
  auto expr = parse_expression(source);
  for (auto _ : state) benchmark::DoNotOptimize(evaluate(*expr->root, source, {}));
  state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK(evaluate_targets)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace weir::lang

BENCHMARK_MAIN();
