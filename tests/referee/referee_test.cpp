// lang/River.g4 against the conformance corpora: what they say is a config the grammar accepts, and nothing
// else. No code of lang/ takes part, so that the grammar, the corpora and (by a test of its own) the parser
// are three witnesses.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "RiverLexer.h"
#include "RiverParser.h"
#include "tests/referee/token_source.h"

namespace weir::referee {
namespace {

namespace json = boost::json;

enum class Start { tokens, file, expression };

// Whether nothing illegal stands before `end`.
bool is_clean(const TerminatedTokens& tokens, std::size_t end) {
  return std::ranges::none_of(tokens.illegal(), [&](std::size_t at) { return at < end; });
}

bool accepts(const std::string& text, Start start) {
  antlr4::ANTLRInputStream input(text);
  RiverLexer lexer(&input);
  lexer.removeErrorListeners();
  TerminatedTokens source(lexer);
  antlr4::CommonTokenStream stream(&source);
  if (start == Start::tokens) {
    stream.fill();
    return source.illegal().empty();
  }
  RiverParser parser(&stream);
  parser.removeErrorListeners();
  parser.setErrorHandler(std::make_shared<antlr4::BailErrorStrategy>());
  try {
    if (start == Start::file) {
      parser.file();
      return source.illegal().empty();
    }
    return is_clean(source, parser.single()->getStop()->getStartIndex());
  } catch (const antlr4::ParseCancellationException&) {
    return false;
  }
}

// The length of a well-formed sequence, 0 for none: no overlong forms, no surrogates, nothing above U+10FFFF.
std::size_t sequence_size(std::string_view text) {
  auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  unsigned first = byte(0);
  std::size_t size = first < 0x80   ? 1
                     : first < 0xC2 ? 0
                     : first < 0xE0 ? 2
                     : first < 0xF0 ? 3
                     : first < 0xF5 ? 4
                                    : 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  bool is_wrong = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F) ||
                  (first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F);
  return is_wrong ? 0 : size;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    std::size_t size = sequence_size(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

std::string decode_base64(std::string_view text) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned bits = 0;
  int count = 0;
  for (char c : text.substr(0, text.find('='))) {
    bits = bits << 6 | static_cast<unsigned>(kDigits.find(c));
    count += 6;
    if (count >= 8) out += static_cast<char>(bits >> (count -= 8) & 0xFF);
  }
  return out;
}

std::string text_of(const json::object& input) {
  if (const json::value* text = input.if_contains("src")) return std::string(text->as_string());
  return decode_base64(input.at("src64").as_string());
}

struct Kind {
  std::string_view name;
  Start start;
};
constexpr std::array kKinds = {Kind{"tokens", Start::tokens}, Kind{"parse", Start::file},
                               Kind{"fmt", Start::file}, Kind{"decode", Start::file},
                               Kind{"eval", Start::expression}};

// Whether the text is wrong by its form; a value may be wrong in a text that is not.
bool is_well_formed(const json::object& want) {
  const json::value* phase = want.if_contains("phase");
  return want.at("ok").as_bool() || (phase && *phase != "parse");
}

TEST_CASE("the grammar accepts what is a config, and nothing else") {
  for (const Kind& kind : kKinds) {
    std::ifstream file(std::filesystem::path(CONFORMANCE_FOLDER) / (std::string(kind.name) + ".jsonl"));
    int count = 0, same = 0;
    for (std::string line; std::getline(file, line); ++count) {
      json::value one = json::parse(line);
      std::string text = text_of(one.at("in").as_object());
      bool expected = is_well_formed(one.at("want").as_object());
      bool got = is_utf8(text) && accepts(text, kind.start);
      same += got == expected;
      std::string id(one.at("id").as_string());
      CAPTURE(id);
      CAPTURE(text);
      CHECK(got == expected);
    }
    MESSAGE("FIGURE: grammar and corpus agree on ", same, " of ", count, " cases of kind ",
            std::string(kind.name));
    CHECK(count > 500);
  }
}

}  // namespace
}  // namespace weir::referee
