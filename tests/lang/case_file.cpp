#include "tests/lang/case_file.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string_view>

namespace weir::lang {
namespace {

constexpr std::size_t kMargin = 7;
constexpr std::string_view kName = "# name: ";

std::string without_blank_end(std::string text) {
  std::size_t last = text.find_last_not_of('\n');
  text.erase(last == std::string::npos ? 0 : last + 1);
  return text;
}

void write_text(std::ofstream& out, std::string keyword, const std::string& text) {
  keyword.resize(kMargin, ' ');
  std::size_t begin = 0;
  for (bool first = true; first || begin <= text.size(); first = false) {
    std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string line = (first ? keyword : std::string(kMargin, ' ')) + text.substr(begin, end - begin);
    line.erase(line.find_last_not_of(' ') + 1);
    out << line << '\n';
    begin = end + 1;
  }
}

}  // namespace

std::vector<Case> read_cases(const std::filesystem::path& file) {
  std::vector<Case> cases;
  std::ifstream in(file);
  std::string* text = nullptr;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(kName)) {
      cases.push_back({.name = line.substr(kName.size())});
      text = nullptr;
      continue;
    }
    if (cases.empty()) continue;
    std::string rest = line.size() > kMargin ? line.substr(kMargin) : "";
    std::string keyword = line.substr(0, kMargin);
    keyword.erase(keyword.find_last_not_of(' ') + 1);
    if (keyword.empty()) {
      if (text) (*text += '\n') += rest;
    } else if (cases.back().kind.empty()) {
      cases.back().kind = keyword;
      text = &cases.back().input;
      *text = rest;
    } else {
      cases.back().expected.keyword = keyword;
      text = &cases.back().expected.text;
      *text = rest;
    }
  }
  for (Case& one : cases) {
    one.input = without_blank_end(one.input);
    one.expected.text = without_blank_end(one.expected.text);
  }
  return cases;
}

void write_cases(const std::filesystem::path& file, const std::vector<Case>& cases) {
  std::ofstream out(file);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    if (i > 0) out << '\n';
    out << kName << cases[i].name << '\n';
    write_text(out, cases[i].kind, cases[i].input);
    write_text(out, cases[i].expected.keyword, cases[i].expected.text);
  }
}

std::size_t check_cases(const std::filesystem::path& folder, const std::function<Outcome(const Case&)>& run) {
  bool update = std::getenv("WEIR_UPDATE_CASES") != nullptr;
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".test") continue;
    std::vector<Case> cases = read_cases(entry.path());
    for (Case& one : cases) {
      ++count;
      Outcome outcome = run(one);
      if (update) {
        one.expected = outcome;
        continue;
      }
      CAPTURE(entry.path().filename().string());
      CAPTURE(one.name);
      CHECK(outcome.keyword == one.expected.keyword);
      CHECK(outcome.text == one.expected.text);
    }
    if (update) write_cases(entry.path(), cases);
  }
  return count;
}

}  // namespace weir::lang
