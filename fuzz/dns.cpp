// What a DNS server answers. The first byte says what was asked.
#include <cstdint>
#include <string_view>

#include "components/discovery/dns.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view message(reinterpret_cast<const char*>(data) + 1, size - 1);
  auto type = static_cast<weir::discovery::DnsType>(data[0] % 5);
  auto records = weir::discovery::dns_records(message, type);
  if (records) (void)weir::discovery::dns_targets("n", *records, type, 80);
  return 0;
}
