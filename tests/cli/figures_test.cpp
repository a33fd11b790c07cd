#include "cli/figures.h"

#include <doctest/doctest.h>

namespace weir::cli {
namespace {

TEST_CASE("numbers for people: three figures and a unit") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1'234'567) == "1,234,567");
  CHECK(amount_text(0, "nanoseconds") == "0 s");
  CHECK(amount_text(433'000'000, "nanoseconds") == "433 ms");
  CHECK(amount_text(-41'200'000, "nanoseconds") == "-41.2 ms");
  CHECK(amount_text(5'610'000'000, "nanoseconds") == "5.61 s");
  CHECK(amount_text(300'000'000'000, "nanoseconds") == "5.00 min");
  CHECK(amount_text(1234, "count") == "1,234");
  CHECK(amount_text(INT64_MIN, "count") == "-9,223,372,036,854,775,808");
  CHECK(amount_text(12'500, "bytes") == "12.5 kB");
  CHECK(size_text(999) == "999 bytes");
  CHECK(size_text(184'000) == "184 kB");
  CHECK(size_text(3'100'000'000) == "3.10 GB");
  CHECK(percent_text(0.1234) == "12.3 %");
  CHECK(change_text(0, 5) == "new");
  CHECK(change_text(5, 0) == "gone");
  CHECK(change_text(5, 5) == "=");
  CHECK(change_text(100, 162) == "+62.0 %");
  CHECK(change_text(100, 50) == "-50.0 %");
}

}  // namespace
}  // namespace weir::cli
