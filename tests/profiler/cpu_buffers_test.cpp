#include "profiler/cpu_buffers.h"

#include <doctest/doctest.h>
#include <sys/mman.h>

#include <cstring>
#include <vector>

#include "base/fd.h"

namespace weir::profiler {

namespace {

constexpr std::uint32_t kCpus = 2;

using Taken = std::vector<std::pair<std::uint32_t, std::size_t>>;

// The memory of a map `buffers`, written as the program writes it.
class Buffers {
 public:
  Buffers() : file_(memfd_create("buffers", MFD_CLOEXEC)) {
    constexpr std::size_t kBytes = kCpus * sizeof(cpu_sample_buffer);
    REQUIRE(ftruncate(file_.get(), kBytes) == 0);
    void* at = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), 0);
    REQUIRE(at != MAP_FAILED);
    buffers_ = static_cast<cpu_sample_buffer*>(at);
    auto taker = CpuBuffers::open(file_.get(), kCpus);
    REQUIRE(taker);
    taker_ = std::move(*taker);
  }
  ~Buffers() { munmap(buffers_, kCpus * sizeof *buffers_); }
  Buffers(const Buffers&) = delete;
  Buffers& operator=(const Buffers&) = delete;

  cpu_sample_buffer& of(std::uint32_t cpu) { return buffers_[cpu]; }

  // `size` is what the record says of itself, `bytes` what it takes.
  void put(std::uint32_t cpu, std::uint32_t tid, std::uint32_t size, std::uint64_t bytes) {
    cpu_sample_buffer& buffer = of(cpu);
    if (buffer.taken == buffer.written) buffer.begin = buffer.written;
    cpu_sample record{};
    record.size = size;
    record.tid = tid;
    std::memcpy(buffer.data + (buffer.written - buffer.begin), &record, sizeof record);
    buffer.written += bytes;
  }

  // The threads of the records that are taken, and how many bytes each has.
  Taken drain() {
    Taken taken;
    taker_.drain([&](const void* record, std::size_t size) {
      taken.emplace_back(static_cast<const cpu_sample*>(record)->tid, size);
    });
    return taken;
  }

 private:
  Fd file_;
  cpu_sample_buffer* buffers_ = nullptr;
  CpuBuffers taker_;
};

constexpr std::uint32_t kRecord = sizeof(cpu_sample);

}  // namespace

TEST_CASE("records are taken once, CPU by CPU, and a buffer that was emptied begins anew") {
  Buffers buffers;
  CHECK(buffers.drain().empty());
  buffers.put(1, 11, kRecord, kRecord);
  buffers.put(0, 1, kRecord + 5, kRecord + 8);
  buffers.put(0, 2, kRecord, kRecord);
  CHECK(buffers.drain() == Taken{{1, kRecord + 8}, {2, kRecord}, {11, kRecord}});
  CHECK(buffers.drain().empty());
  buffers.put(0, 3, kRecord, kRecord);
  CHECK(buffers.of(0).begin == 2 * kRecord + 8);
  CHECK(buffers.drain() == Taken{{3, kRecord}});
}

TEST_CASE("what is no record is given out whole, once, and the buffer goes on") {
  for (std::uint32_t size : {0u, 8u, kRecord - 1, kRecord + 1, 0xffffffffu}) {
    CAPTURE(size);
    Buffers buffers;
    buffers.put(0, 1, size, kRecord);
    CHECK(buffers.drain() == Taken{{1, kRecord}});
    buffers.put(0, 2, kRecord, kRecord);
    CHECK(buffers.drain() == Taken{{2, kRecord}});
  }
}

TEST_CASE("counts that lead out of the buffer are told, not followed") {
  for (std::uint64_t written : {std::uint64_t{CPU_SAMPLE_BUFFER_BYTES}, ~std::uint64_t{0}}) {
    CAPTURE(written);
    Buffers buffers;
    buffers.of(0).written = written;
    CHECK(buffers.drain() == Taken{{0, 0}});
    CHECK(buffers.drain().empty());
  }
  Buffers buffers;
  buffers.of(0).begin = 1;
  buffers.of(0).written = kRecord;
  CHECK(buffers.drain() == Taken{{0, 0}});
}

}  // namespace weir::profiler
