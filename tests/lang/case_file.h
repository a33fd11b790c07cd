// Case files: inputs with what must come of them.
//
//   # name: adding a number to a string
//   eval   "a" + 1
//   error  Error: input:1:7: …
//
// The first seven columns of a line hold its keyword; lines without one go on with the text above. With
// WEIR_UPDATE_CASES=1 in the environment the expected texts are rewritten, and the diff is the review.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace weir::lang {

struct Outcome {
  std::string keyword;  // "value" or "error"
  std::string text;

  bool operator==(const Outcome&) const = default;
};

struct Case {
  std::string name;
  std::string kind;  // "eval", "config", …
  std::string input;
  Outcome expected;
};

std::vector<Case> read_cases(const std::filesystem::path& file);
void write_cases(const std::filesystem::path& file, const std::vector<Case>& cases);

// Runs every case of the folder's files and compares, or rewrites what is expected; returns how many there
// are.
std::size_t check_cases(const std::filesystem::path& folder, const std::function<Outcome(const Case&)>& run);

}  // namespace weir::lang
