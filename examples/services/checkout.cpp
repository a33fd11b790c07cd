// checkout: prices orders all day. Built with frame pointers, so that a profile shows its whole stack by
// name.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace shop {

struct Item {
  std::uint32_t product;
  std::uint32_t count;
};
using Order = std::vector<Item>;

// Kept out of line so that each step is a frame of its own.
#define STEP __attribute__((noinline))

class Random {
 public:
  std::uint32_t next() {
    return static_cast<std::uint32_t>((state_ = state_ * 6364136223846793005u + 1442695040888963407u) >> 33);
  }

 private:
  std::uint64_t state_ = 42;
};

STEP Order receive_order(Random& random) {
  Order order(400);
  for (Item& item : order) item = {random.next() % 5000, 1 + random.next() % 4};
  return order;
}

STEP std::uint64_t tax_of(std::uint64_t cents) {
  std::uint64_t tax = cents;
  for (int round = 0; round < 60; ++round) tax = (tax * 19 + 50) / 100 + cents;
  return tax;
}

STEP std::uint64_t price_order(const Order& order) {
  std::uint64_t total = 0;
  for (const Item& item : order) total += tax_of(std::uint64_t{item.product} * item.count);
  return total;
}

STEP void sort_by_shelf(Order& order) {
  std::ranges::sort(order, {}, &Item::product);
}

STEP std::string print_receipt(const Order& order, std::uint64_t total) {
  std::string receipt;
  for (const Item& item : order)
    receipt += std::to_string(item.product) + " x " + std::to_string(item.count) + '\n';
  return receipt + "total " + std::to_string(total);
}

STEP std::size_t handle_order(Random& random) {
  Order order = receive_order(random);
  sort_by_shelf(order);
  std::uint64_t total = price_order(order);
  return print_receipt(order, total).size();
}

}  // namespace shop

int main() {
  using namespace std::chrono_literals;
  shop::Random random;
  std::size_t printed = 0;
  for (;;) {
    // A third of one CPU, for as long as it is left alone.
    auto until = std::chrono::steady_clock::now() + 10ms;
    while (std::chrono::steady_clock::now() < until) printed += shop::handle_order(random);
    std::this_thread::sleep_for(20ms);
    if (printed == 0) return 1;
  }
}
