// What parses has a standard form that parses to the same tree, and whose standard form is itself.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "fuzz/places.h"
#include "lang/parser.h"
#include "lang/printer.h"
#include "tests/conformance/tree.h"

namespace weir::lang {
namespace {

std::string tree_of(const File& file) {
  return conformance::write_tree(file, conformance::Places::left_out);
}

}  // namespace
}  // namespace weir::lang

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::lang;
  if (size > kLongestInput) return 0;
  auto source = source_of(data, size);
  auto file = parse(source);
  auto once = print_standard(source);
  if (file.has_value() != once.has_value()) std::abort();
  if (!file) return 0;
  auto printed = Source::make("printed", *once);
  auto again = parse(printed);
  if (!again || tree_of(*file) != tree_of(*again)) std::abort();
  if (file->comments.size() != again->comments.size()) std::abort();
  auto twice = print_standard(printed);
  if (!twice || *twice != *once) std::abort();
  return 0;
}
