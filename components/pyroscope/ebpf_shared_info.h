// What pyroscope.ebpf shows of that which all its blocks share.
#pragma once

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "lang/field.h"

namespace weir::pyroscope {

struct UnwindFailureInfo {
  std::string reason;
  std::uint64_t times = 0;

  static constexpr auto fields() {
    using I = UnwindFailureInfo;
    return std::tuple{
        lang::optional("reason", &I::reason, "Why there is none."),
        lang::optional("times", &I::times, "How often, since the first block started."),
    };
  }
};

struct UnwindTablesInfo {
  std::uint64_t ready = 0, pending = 0, no_room = 0, processes = 0;
  std::uint64_t bytes = 0, byte_limit = 0, kernel_bytes = 0;
  std::uint64_t made = 0, evicted = 0, refused_processes = 0, refused_rules = 0;
  std::vector<UnwindFailureInfo> failures;

  static constexpr auto fields() {
    using I = UnwindTablesInfo;
    return std::tuple{
        lang::optional("ready", &I::ready, "Tables in the kernel."),
        lang::optional("pending", &I::pending, "Files whose table is still to be made."),
        lang::optional("no_room", &I::no_room,
                       "Files whose table does not fit into byte_limit: raise memory_limit."),
        lang::optional("processes", &I::processes, "Processes whose stacks are followed by them."),
        lang::optional("bytes", &I::bytes, "Memory they take.").unit("bytes"),
        lang::optional("byte_limit", &I::byte_limit, "Memory they may take.").unit("bytes"),
        lang::optional("kernel_bytes", &I::kernel_bytes, "Memory that the kernel holds for them in all.")
            .unit("bytes"),
        lang::optional("made", &I::made, "Tables made since the first block started."),
        lang::optional("evicted", &I::evicted, "Of these, given up to make room."),
        lang::optional("refused_processes", &I::refused_processes,
                       "Times a process had no room, or the kernel refused it."),
        lang::optional("refused_rules", &I::refused_rules, "Times a rule had no room: stacks end there."),
        lang::block("failed", &I::failures, "Tables that could not be made, by reason."),
    };
  }
};

struct ReadsInfo {
  std::uint64_t hung = 0, left_alone = 0, returned = 0, hanging = 0;

  static constexpr auto fields() {
    using I = ReadsInfo;
    return std::tuple{
        lang::optional("hung", &I::hung, "Reads that did not return in time."),
        lang::optional("left_alone", &I::left_alone, "Reads not tried, because others like them hung."),
        lang::optional("returned", &I::returned, "Reads that hung, and returned later."),
        lang::optional("hanging", &I::hanging, "Reads that hang now, and hold a thread each."),
    };
  }
};

struct SharedInfo {
  UnwindTablesInfo unwind_tables;
  ReadsInfo reads;

  static constexpr auto fields() {
    using I = SharedInfo;
    return std::tuple{
        lang::block("unwind_tables", &I::unwind_tables,
                    "By which stacks without frame pointers are followed."),
        lang::block("reads", &I::reads, "Reads of other processes' files, which may hang."),
    };
  }
};

}  // namespace weir::pyroscope
