// What parses decodes into a struct, or there are errors at places inside the text.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <tuple>

#include "fuzz/places.h"
#include "lang/diagnostic.h"
#include "lang/eval.h"
#include "lang/parser.h"

namespace weir::lang {
namespace {

struct Header {
  std::string block_label;
  std::string value;
  Secret secret;

  static constexpr auto fields() {
    return std::tuple{required("value", &Header::value, "Text."),
                      optional("secret", &Header::secret, "Secret.")};
  }
};

struct Arguments {
  std::vector<std::map<std::string, std::string>> targets;
  Duration interval{};
  std::int32_t rate = 1;
  double share = 0.5;
  bool on = false;
  std::string mode = "full";
  Value any;
  std::vector<Header> headers;

  static constexpr auto fields() {
    return std::tuple{
        optional("a", &Arguments::targets, "Targets."),
        optional("b", &Arguments::interval, "Duration.").at_least(0).at_most(10),
        optional("c", &Arguments::rate, "Number.").at_least(1),
        optional("d", &Arguments::share, "Number."),
        optional("e", &Arguments::on, "Bool."),
        optional("f", &Arguments::mode, "Choice.").one_of("none|full"),
        optional("g", &Arguments::any, "Anything."),
        block("x", &Arguments::headers, "Blocks."),
    };
  }
  void check(Problems& problems) const {
    if (mode == "none") problems.add("x[1].value", "is here");
  }
};

void decode_config(const SourcePtr& source, Dialect dialect) {
  auto file = parse(source);
  if (!file) return;
  Diagnostics diagnostics;
  DecodeOptions options{.eval = {.dialect = dialect}};
  auto decoded = decode<Arguments>(file->body, {}, source, options, diagnostics);
  if (decoded.has_value() == has_errors(diagnostics)) std::abort();
  if (decoded) (void)describe(to_object(*decoded));
  check_places(diagnostics, source->text().size());
}

}  // namespace
}  // namespace weir::lang

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::lang;
  if (size == 0 || size > kLongestInput) return 0;
  auto source = source_of(data + 1, size - 1);
  decode_config(source, data[0] & 1 ? Dialect::alloy : Dialect::river);
  return 0;
}
