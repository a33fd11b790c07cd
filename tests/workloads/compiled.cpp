// Some seconds of work for a compiler that is profiled: templates, and code to optimize.
#include <iostream>
#include <map>
#include <regex>
#include <string>

template <int N>
int count(const std::string& text) {
  std::map<int, std::string> found;
  for (char c : text) found[c * N] = text;
  bool matches = std::regex_search(text, std::regex(text + "a"));
  return static_cast<int>(found.size()) + (matches ? 1 : 0) + count<N - 1>(text);
}

template <>
int count<0>(const std::string&) {
  return 0;
}

int main() {
  std::cout << count<400>("x");
}
