// Any expression has a value, or an error at a place inside it.
#include <cstdint>
#include <map>
#include <string>

#include "fuzz/places.h"
#include "lang/eval.h"
#include "lang/parser.h"

namespace weir::lang {
namespace {

class Variables final : public Scope {
 public:
  std::optional<Value> find(std::string_view name) const override {
    if (name == "a") return Value::array({Value(1), Value("x"), Value()});
    if (name == "b") return Value::object({{"x", Value(1)}, {"y", Value("z")}});
    if (name == "c") return Value(Secret{"hidden"});
    if (name == "d") return Value(OptionalSecret{"shown", false});
    if (name == "e") return Value(DurationText{"5s"});
    if (name == "f") return Value(std::uint64_t{1} << 63);
    return std::nullopt;
  }
};

}  // namespace
}  // namespace weir::lang

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::lang;
  if (size == 0 || size > kLongestInput) return 0;
  auto source = source_of(data + 1, size - 1);
  auto expr = parse_expression(source);
  if (!expr) return 0;
  Variables variables;
  EvalOptions options{
      .dialect = data[0] & 1 ? Dialect::alloy : Dialect::river, .scope = &variables, .env = {}};
  auto value = evaluate(*expr->root, source, options);
  if (value) {
    (void)describe(*value);
    (void)(*value == *value);
  } else {
    check_places({value.error()}, source->text().size());
  }
  return 0;
}
