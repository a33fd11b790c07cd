// ledger: adds up accounts all day, in a container of its own: one static file, so that its image holds
// nothing else.
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

namespace bank {

// Kept out of line so that each step is a frame of its own.
#define STEP __attribute__((noinline))

STEP std::uint64_t sign(std::uint64_t entry) {
  for (int round = 0; round < 24; ++round) entry = (entry ^ (entry >> 29)) * 0xbf58476d1ce4e5b9u;
  return entry;
}

STEP std::uint64_t book(std::vector<std::uint64_t>& accounts, std::uint64_t seed) {
  std::uint64_t chain = seed;
  for (std::uint64_t& account : accounts) account += chain = sign(chain + account);
  return chain;
}

STEP std::uint64_t balance(const std::vector<std::uint64_t>& accounts) {
  std::uint64_t sum = 0;
  for (int pass = 0; pass < 8; ++pass) {
    for (std::uint64_t account : accounts) sum = sum * 3 + account;
  }
  return sum;
}

STEP std::uint64_t close_the_day(std::vector<std::uint64_t>& accounts, std::uint64_t day) {
  return book(accounts, day) ^ balance(accounts);
}

}  // namespace bank

int main() {
  using namespace std::chrono_literals;
  std::vector<std::uint64_t> accounts(20'000);
  std::uint64_t day = 1;
  for (;;) {
    // A third of one CPU, for as long as it is left alone.
    auto until = std::chrono::steady_clock::now() + 10ms;
    while (std::chrono::steady_clock::now() < until) day += bank::close_the_day(accounts, day);
    std::this_thread::sleep_for(20ms);
  }
}
