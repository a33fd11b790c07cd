// Answers relabel cases line by line, so that a corpus in a file can be run
// from outside.
#include <iostream>
#include <string>

#include "tests/components/relabel_rows.h"

int main() {
  std::string line;
  while (std::getline(std::cin, line)) {
    if (!line.empty()) std::cout << weir::tests::answer_relabel_case(line) << '\n';
  }
  return 0;
}
