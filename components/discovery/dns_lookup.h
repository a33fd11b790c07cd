// Asking DNS for records, by c-ares: the servers and search domains of
// /etc/resolv.conf, UDP first and TCP for what does not fit.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/duration.h"
#include "base/fd.h"
#include "base/result.h"

namespace weir::discovery {

enum class DnsType : std::uint8_t { srv, a, aaaa, mx, ns };

// "SRV", in any case.
std::optional<DnsType> dns_type(std::string_view word);

struct DnsRecord {
  std::string host;        // an address, or a name without its final dot
  std::uint16_t port = 0;  // SRV

  auto operator<=>(const DnsRecord&) const = default;
};

// Sorted: servers turn their answers round. A name that has none, or that there is not, has no records.
using DnsRecords = Result<std::vector<DnsRecord>>;

// Gives a lookup up, from any thread.
class DnsStop {
 public:
  DnsStop();
  void request();
  int fd() const { return event_.get(); }  // readable when it was

 private:
  Fd event_;
};

struct DnsOptions {
  std::string servers;  // "127.0.0.1:5353,…"; empty: those of /etc/resolv.conf
  Duration try_limit = std::chrono::seconds(2);
  Duration deadline = std::chrono::seconds(10);
};

// All names at the same time; waits until each has an answer, or the deadline, or the stop. One result a
// name.
std::vector<DnsRecords> dns_lookup(const std::vector<std::string>& names, DnsType type,
                                   const DnsOptions& options, const DnsStop& stop);

// From the bytes of a server's answer.
DnsRecords dns_records(std::string_view message, DnsType type);

}  // namespace weir::discovery
