#include "profiler/unwind/arena.h"

#include <bpf/bpf.h>
#include <sys/mman.h>

#include <bit>
#include <cstdlib>
#include <cstring>

#include "base/file_system.h"
#include "profiler/kernel_error.h"

namespace weir::profiler {

namespace {

constexpr std::size_t kChangesBytes = 4096;  // a page: the least that can be mapped
constexpr std::size_t kSegmentBytes = std::size_t{UNWIND_SEGMENT_WORDS} * sizeof(std::uint32_t);

std::uint32_t segment_of(std::uint32_t address) {
  return address / UNWIND_SEGMENT_WORDS;
}

std::size_t memory_of(const Fd& map) {
  auto text = read_file("/proc/self/fdinfo/" + std::to_string(map.get()), 4096);
  if (!text) return 0;
  constexpr std::string_view kName = "memlock:";
  auto at = text->find(kName);
  return at == std::string::npos ? 0 : std::strtoull(text->c_str() + at + kName.size(), nullptr, 10);
}

Result<Fd> create(bpf_map_type type, const char* name, std::uint32_t key, std::size_t value,
                  std::uint32_t entries, const bpf_map_create_opts* options = nullptr) {
  int fd = bpf_map_create(type, name, key, static_cast<std::uint32_t>(value), entries, options);
  if (fd < 0) return fail(bpf_error(errno, fmt::format("create the map {}", name), ""));
  return Fd(fd);
}

Result<Fd> create_segment() {
  bpf_map_create_opts options{};
  options.sz = sizeof options;
  options.map_flags = BPF_F_MMAPABLE;
  return create(BPF_MAP_TYPE_ARRAY, "unwind_segment", sizeof(std::uint32_t), kSegmentBytes, 1, &options);
}

}  // namespace

Result<std::unique_ptr<Arena>> Arena::open(const Clock& clock) {
  std::unique_ptr<Arena> arena(new Arena(clock));
  if (auto created = arena->create_maps(); !created) return fail(created.error());
  return arena;
}

Arena::~Arena() {
  end_writing();
  if (changes_) munmap(changes_, kChangesBytes);
}

Result<> Arena::create_maps() {
  // The kernel wants an example of what the outer map will hold; it keeps the shape only.
  auto example = create_segment();
  if (!example) return fail(example.error());
  bpf_map_create_opts options{};
  options.sz = sizeof options;
  options.inner_map_fd = static_cast<std::uint32_t>(example->get());
  auto segments = create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "unwind_segments", sizeof(std::uint32_t),
                         sizeof(std::uint32_t), UNWIND_SEGMENTS, &options);
  if (!segments) return fail(segments.error());
  auto rules =
      create(BPF_MAP_TYPE_ARRAY, "unwind_rules", sizeof(std::uint32_t), sizeof(unwind_rule), UNWIND_RULES);
  if (!rules) return fail(rules.error());
  auto processes = create(BPF_MAP_TYPE_HASH, "unwind_processes", sizeof(std::uint32_t), sizeof(std::uint64_t),
                          UNWIND_PROCESSES);
  if (!processes) return fail(processes.error());
  options = {.sz = sizeof options, .map_flags = BPF_F_MMAPABLE};
  auto changes =
      create(BPF_MAP_TYPE_ARRAY, "unwind_changes", sizeof(std::uint32_t), sizeof(std::uint64_t), 1, &options);
  if (!changes) return fail(changes.error());
  void* word = mmap(nullptr, kChangesBytes, PROT_READ | PROT_WRITE, MAP_SHARED, changes->get(), 0);
  if (word == MAP_FAILED) return fail_errno(errno, "map the count of changes of unwind tables");
  changes_ = static_cast<std::uint64_t*>(word);
  changes_map_ = std::move(*changes);
  segments_map_ = std::move(*segments);
  rules_map_ = std::move(*rules);
  processes_map_ = std::move(*processes);
  map_bytes_ =
      memory_of(segments_map_) + memory_of(rules_map_) + memory_of(processes_map_) + memory_of(changes_map_);
  segments_.resize(1);
  rule_ids_.emplace(std::bit_cast<std::uint64_t>(unwind_rule{}), 0);
  return {};
}

Result<std::uint32_t> Arena::alloc(std::size_t words) {
  if (words == 0 || words > UNWIND_SEGMENT_WORDS) {
    return fail("take {} words of unwind memory: an object has 1 to {}", words, int{UNWIND_SEGMENT_WORDS});
  }
  reclaim();
  auto size = static_cast<std::uint32_t>(words);
  auto address = free_.take(size);
  if (!address) {
    if (auto added = add_segment(); !added) return fail(added.error());
    address = free_.take(size);
  }
  objects_.emplace(*address, size);
  used_words_ += FreeWords::rounded(size);
  return *address;
}

Result<> Arena::add_segment() {
  std::uint32_t number = 1;
  while (number < segments_.size() && segments_[number]) ++number;
  if (number >= UNWIND_SEGMENTS)
    return fail("all {} segments of unwind memory are full", int{UNWIND_SEGMENTS});
  auto segment = create_segment();
  if (!segment) return fail(segment.error());
  int fd = segment->get();
  if (int error = bpf_map_update_elem(segments_map_.get(), &number, &fd, BPF_ANY)) {
    return fail(bpf_error(-error, "add a segment of unwind memory", ""));
  }
  if (segment_bytes_ == 0) segment_bytes_ = memory_of(*segment);
  if (number == segments_.size()) segments_.emplace_back();
  segments_[number] = std::move(*segment);
  free_.add_segment(number);
  return {};
}

void Arena::remove_segment(std::uint32_t segment) {
  if (window_ && window_segment_ == segment) end_writing();
  free_.remove_segment(segment);
  bpf_map_delete_elem(segments_map_.get(), &segment);
  segments_[segment].reset();
  while (segments_.size() > 1 && !segments_.back()) segments_.pop_back();
}

void Arena::reclaim() {
  MonoTime now = clock_.mono();
  while (!resting_.empty() && now - resting_.front().since >= kRest) {
    auto [since, address, words] = resting_.front();
    resting_.pop_front();
    if (free_.give(address, words)) remove_segment(segment_of(address));
  }
}

void Arena::free(std::uint32_t address) {
  auto object = objects_.find(address);
  if (object == objects_.end()) return;
  used_words_ -= FreeWords::rounded(object->second);
  resting_.push_back({clock_.mono(), address, object->second});
  objects_.erase(object);
}

Result<> Arena::map_segment(std::uint32_t segment) {
  if (window_ && window_segment_ == segment) return {};
  end_writing();
  void* at = mmap(nullptr, kSegmentBytes, PROT_READ | PROT_WRITE, MAP_SHARED, segments_[segment].get(), 0);
  if (at == MAP_FAILED) return fail_errno(errno, "map a segment of unwind memory");
  window_ = static_cast<std::byte*>(at);
  window_segment_ = segment;
  return {};
}

void Arena::end_writing() {
  if (window_) munmap(window_, kSegmentBytes);
  window_ = nullptr;
}

Result<> Arena::write(std::uint32_t address, std::span<const std::byte> bytes) {
  auto object = objects_.upper_bound(address);
  if (object != objects_.begin()) --object;
  std::size_t skipped = object == objects_.end() || object->first > address ? 0 : address - object->first;
  if (object == objects_.end() || object->first > address ||
      skipped * sizeof(std::uint32_t) + bytes.size() > object->second * sizeof(std::uint32_t)) {
    return fail("write {} bytes to unwind memory at {:#x}: no object of that size lies there", bytes.size(),
                address);
  }
  if (auto mapped = map_segment(segment_of(address)); !mapped) return mapped;
  std::memcpy(window_ + address % UNWIND_SEGMENT_WORDS * sizeof(std::uint32_t), bytes.data(), bytes.size());
  return {};
}

std::uint16_t Arena::intern(const unwind_rule& rule) {
  auto bytes = std::bit_cast<std::uint64_t>(rule);
  if (auto known = rule_ids_.find(bytes); known != rule_ids_.end()) return known->second;
  auto id = static_cast<std::uint32_t>(rule_ids_.size());
  if (id >= UNWIND_RULES || bpf_map_update_elem(rules_map_.get(), &id, &rule, BPF_ANY) != 0) {
    ++refused_rules_;
    return 0;
  }
  rule_ids_.emplace(bytes, static_cast<std::uint16_t>(id));
  return static_cast<std::uint16_t>(id);
}

Result<> Arena::set_process(std::uint32_t pid, const unwind_process& process) {
  // Programs that remembered something of a number have forgotten it before the number comes again.
  constexpr std::uint32_t kSerials = 1u << 25;
  serial_ = serial_ % (kSerials - 1) + 1;
  std::uint64_t word = UNWIND_PROCESS_WORD(process.mappings, process.count, serial_);
  int error = bpf_map_update_elem(processes_map_.get(), &pid, &word, BPF_ANY);
  count_change();
  if (error == -E2BIG) return fail("unwind process {}: there are {} already", pid, int{UNWIND_PROCESSES});
  if (error) return fail_errno(-error, "unwind process {}", pid);
  return {};
}

void Arena::drop_process(std::uint32_t pid) {
  bpf_map_delete_elem(processes_map_.get(), &pid);
  count_change();
}

void Arena::count_change() {
  __atomic_fetch_add(changes_, 1, __ATOMIC_SEQ_CST);
}

std::size_t Arena::bytes() const {
  std::size_t bytes = map_bytes_;
  for (const Fd& segment : segments_) bytes += segment ? segment_bytes_ : 0;
  return bytes;
}

}  // namespace weir::profiler
