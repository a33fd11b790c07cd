// WatchedReads: reads of what other processes own, on a thread that may be lost.
// A file on a FUSE or NFS mount, or a process' own memory (cmdline, maps), can hold
// its reader for as long as somebody likes. Here the caller waits for a deadline
// only; what hung is left alone for minutes, and the thread that hangs is replaced.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/duration.h"
#include "base/result.h"

namespace weir::profiler {

// What a read touches, and who answers for it: time that one group wastes is not taken from another.
struct ReadRisk {
  std::string key;
  std::string group;  // empty: ours, trusted
};

// Of a file as process `pid` sees it (0: as we do): its directory, in the process' group.
ReadRisk risk_of_file(std::uint32_t pid, std::string_view path);
// Of the process' own files in /proc.
ReadRisk risk_of_process(std::uint32_t pid);

struct WatchedReadsOptions {
  Duration deadline = std::chrono::seconds(2);
  Duration leave_alone = std::chrono::minutes(5);  // what hung
  Duration patience = std::chrono::seconds(10);    // for the slow reads of one group in that time
  std::size_t most_hanging = 32;                   // threads; beyond it only groups that never hung are read
};

// Since it was made.
struct WatchedReadsStats {
  std::uint64_t hung = 0;        // reads that did not return in time
  std::uint64_t left_alone = 0;  // reads not tried because of that
  std::uint64_t returned = 0;    // reads that hung, and returned later
  std::size_t hanging = 0;       // now
};

// Any thread, several at a time.
class WatchedReads {
 public:
  static std::shared_ptr<WatchedReads> create(WatchedReadsOptions options = {});
  virtual ~WatchedReads() = default;

  // The answer of `work`, a T or a Result<T>, as Result<T>. Where it fails because the read hung, or because
  // it is left alone, `work` may run on: it owns all that it touches, by value.
  template <std::invocable Work>
  auto run(const ReadRisk& risk, Work work) {
    using Answer = std::invoke_result_t<Work>;
    auto answer = std::make_shared<std::optional<Answer>>();
    Result<> ran = run_erased(
        risk, [answer, work = std::make_shared<Work>(std::move(work))] { answer->emplace((*work)()); });
    if constexpr (requires(Answer a) { a.error(); }) {
      if (!ran) return Answer(std::unexpected(ran.error()));
      return Answer(*std::move(*answer));
    } else {
      if (!ran) return Result<Answer>(std::unexpected(ran.error()));
      return Result<Answer>(*std::move(*answer));
    }
  }

  virtual WatchedReadsStats stats() const = 0;

 private:
  virtual Result<> run_erased(const ReadRisk& risk, std::function<void()> work) = 0;
};

}  // namespace weir::profiler
