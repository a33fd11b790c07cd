// The fuzz targets of the language, on what fuzzing has found: what once took a new way through the code goes
// that way again, under the sanitizers too.
#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>

#include "lang/encoding.h"

// fuzz/lang_*.cpp, each with a name of its own.
extern "C" int run_lang_parse(const std::uint8_t* data, std::size_t size);
extern "C" int run_lang_eval(const std::uint8_t* data, std::size_t size);
extern "C" int run_lang_decode(const std::uint8_t* data, std::size_t size);
extern "C" int run_lang_print(const std::uint8_t* data, std::size_t size);

namespace weir::lang {
namespace {

TEST_CASE("what fuzzing found is gone through again") {
  struct Row {
    const char* name;
    const char* corpus;
    int (*run)(const std::uint8_t* data, std::size_t size);
  };
  const Row rows[] = {{"lang_parse", "lang_parse", run_lang_parse},
                      {"lang_print", "lang_parse", run_lang_print},
                      {"lang_eval", "lang_eval", run_lang_eval},
                      {"lang_decode", "lang_decode", run_lang_decode}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    std::ifstream file(std::string(FUZZ_CORPUS "/") + row.corpus + ".txt");
    int count = 0;
    for (std::string line; std::getline(file, line); ++count) {
      auto input = decode_base64(line, Base64::standard);
      REQUIRE(input.has_value());
      // A target that finds something wrong aborts.
      CHECK(row.run(reinterpret_cast<const std::uint8_t*>(input->data()), input->size()) == 0);
    }
    CHECK(count > 100);
  }
}

}  // namespace
}  // namespace weir::lang
