#include "profiler/aggregator.h"

#include <algorithm>
#include <cstring>

namespace weir::profiler {

namespace {

using profile::FrameKind;
using profile::NoName;

Place place_of(TargetWindow& window, const ProcessMapping& mapping, std::uint64_t address) {
  Place place;
  place.mapping = window.mapping(mapping);
  if (mapping.module->is_anonymous()) {
    place.kind = FrameKind::jit;
    place.why = NoName::jit;
    place.offset = address;
    return place;
  }
  place.kind = FrameKind::native;
  place.why = NoName::named;
  place.offset = address - mapping.start + mapping.offset;
  return place;
}

}  // namespace

Outcome Aggregator::add(const SampleView& sample, MonoTime now) {
  Outcome outcome = attribute(sample, now);
  ++counts_[static_cast<std::size_t>(outcome)];
  return outcome;
}

Outcome Aggregator::attribute(const SampleView& sample, MonoTime now) {
  const cpu_sample& head = *sample.head;
  bool undecided = (head.flags & CPU_SAMPLE_UNDECIDED) != 0;
  TargetState* target = targets_.find(head.tgid, "");
  std::string_view container;
  std::optional<std::string> known;
  // Sampled only because it might have been a child of a target's process.
  bool only_for_children =
      targets_.has_children() && !targets_.has_containers() && !targets_.default_target();
  if (!target && only_for_children) return Outcome::unselected;
  if (!target && head.cgroup != 0) {
    known = cgroups_.container_of(head.cgroup, head.tgid, now);
    if (!known) return Outcome::container_unknown;
    container = *known;
    target = targets_.find(head.tgid, container);
    if (undecided) {
      decide_(head.cgroup,
              targets_.wants_container(container) ? CPU_SAMPLE_CHOICE_YES : CPU_SAMPLE_CHOICE_NO);
    }
  }
  if (!target) target = targets_.default_target();
  if (!target) return undecided || targets_.has_children() ? Outcome::unselected : Outcome::target_removed;

  if (options_.is_full) return Outcome::memory_limit;
  if (!may_admit(head.tgid)) return Outcome::not_admitted;
  Process& process = table_.sampled(head.tgid, head.time);
  table_.admit(process);
  if (!process.container_read) {
    process.container_read = true;
    process.container_id = known ? *known : cgroups_.container_of_process(head.tgid);
  }
  frames_.clear();
  bool kernel = target->target.collect_kernel.value_or(options_.collect_kernel);
  if (kernel) add_kernel_frames(target->window, sample);
  if (!kernel && sample.user_frames == 0) return Outcome::kernel_off;
  StackEnding ending{.end = sample.end, .stop = sample.user_stop, .truncated = sample.truncated};
  if (!add_user_frames(target->window, process, sample)) ending.stop = CPU_SAMPLE_STOP_NO_MAPPING;
  if (sampled_) sampled_(process, sample);
  if (!target->window.add(frames_, ending)) return Outcome::window_full;
  tag(target->window, process, head);
  ++process.samples;
  if (ending.end == StackEnd::chain_end) {
    remember_end(*target, head.tgid);
  } else if (ending.end == StackEnd::thread_start && !ending.truncated) {
    ++process.complete_samples;
  }
  if (std::ranges::find(target->pids, head.tgid) == target->pids.end()) target->pids.push_back(head.tgid);
  return Outcome::attributed;
}

bool Aggregator::may_admit(std::uint32_t pid) const {
  if (table_.admitted() < options_.processes) return true;
  const Process* known = table_.find(pid);
  return known && (known->admitted || known->exited);
}

void Aggregator::tag(TargetWindow& window, const Process& process, const cpu_sample& head) {
  if (!options_.comm_tag && !options_.pid_tag) return;
  SampleTag tag{.pid = options_.pid_tag ? head.tgid : 0, .comm = {}};
  if (options_.comm_tag) tag.comm.assign(head.comm, strnlen(head.comm, sizeof head.comm));
  // Taken before the kernel was told to send names.
  if (options_.comm_tag && tag.comm.empty()) tag.comm = process.comm;
  window.tag_last(tag);
}

void Aggregator::remember_end(TargetState& target, std::uint32_t pid) {
  constexpr std::size_t kMostEnds = 4096;
  if (frames_.size() < 2 || target.ends.size() >= kMostEnds) return;
  ++target.ends[{pid, {frames_[frames_.size() - 2], frames_.back()}}];
}

void Aggregator::add_kernel_frames(TargetWindow& window, const SampleView& sample) {
  for (std::uint32_t i = 0; i < sample.kernel_frames; ++i) {
    Place place{.kind = FrameKind::kernel, .why = NoName::named};
    // A caller's address is that of the next instruction, which may belong to another line or function.
    place.offset = sample.kernel[i] - (i == 0 ? 0 : 1);
    frames_.push_back(window.place(place));
  }
}

bool Aggregator::add_user_frames(TargetWindow& window, Process& process, const SampleView& sample) {
  // Tables do not lead astray: the code is there, though its mapping may not have been seen.
  bool by_tables = sample.user_mode == CPU_SAMPLE_UNWIND_TABLES;
  for (std::uint32_t i = 0; i < sample.user_frames; ++i) {
    // A return address may already belong to the next line or function; that of an interrupted place does
    // not.
    bool is_exact = i == 0 || (sample.user[i] & CPU_SAMPLE_EXACT) != 0;
    std::uint64_t address = (sample.user[i] & ~CPU_SAMPLE_EXACT) - (is_exact ? 0 : 1);
    bool is_code = i == 0 || by_tables;
    const ProcessMapping* mapping =
        is_code ? table_.find_mapping(process, address, sample.head->time) : process.mappings.find(address);
    if (mapping) {
      frames_.push_back(window.place(place_of(window, *mapping, address)));
      continue;
    }
    // What was followed was no frame pointer, and all further is chance.
    if (!is_code) return false;
    Place place;
    place.why = process.gone || process.exited ? NoName::process_gone : NoName::no_mapping;
    place.offset = address;
    frames_.push_back(window.place(place));
    if (process.mappings.size() != 0 && !by_tables) return false;
  }
  return true;
}

}  // namespace weir::profiler
