// What a pyroscope.ebpf block may say.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "base/duration.h"
#include "components/discovery/target_list.h"
#include "components/pyroscope/receiver.h"
#include "lang/field.h"
#include "lang/source.h"
#include "profiler/session.h"

namespace weir::pyroscope {

// Block debug_info, of configs written for another profiler.
struct SymbolUploadArguments {
  bool on_target_symbolization = true;
  bool upload = false;
  std::int64_t cache_size = 262144;
  bool strip_text_section = false;
  std::int64_t queue_size = 256;
  std::int64_t worker_num = 16;

  static constexpr auto fields() {
    using S = SymbolUploadArguments;
    constexpr std::string_view kWhy = "weir names functions on this machine and uploads nothing";
    return std::tuple{
        lang::optional("on_target_symbolization", &S::on_target_symbolization, "Name functions here.")
            .without_effect(kWhy),
        lang::optional("upload", &S::upload, "Upload debug files.").without_effect(kWhy),
        lang::optional("cache_size", &S::cache_size, "Uploads remembered.").without_effect(kWhy),
        lang::optional("strip_text_section", &S::strip_text_section, "Leave out the code.")
            .without_effect(kWhy),
        lang::optional("queue_size", &S::queue_size, "Uploads that wait.").without_effect(kWhy),
        lang::optional("worker_num", &S::worker_num, "Uploads at a time.").without_effect(kWhy),
    };
  }
  bool operator==(const SymbolUploadArguments&) const = default;
};

struct EbpfArguments {
  std::vector<ReceiverPtr> forward_to;
  discovery::Targets targets;
  Duration collect_interval = std::chrono::seconds(15);
  std::uint32_t sample_rate = 97;
  std::string demangle = "none";
  bool collect_user_profile = true;
  bool collect_kernel_profile = true;
  bool kernel_frames = true;
  std::int64_t pid_cache_size = 32;
  std::int64_t build_id_cache_size = 64;
  std::int64_t same_file_cache_size = 8;
  std::int64_t container_id_cache_size = 1024;
  std::int64_t cache_rounds = 3;
  std::int64_t pid_map_size = 2048;
  std::string comm = "none";
  bool pid_label = false;
  bool targets_only = true;
  std::map<std::string, std::string> default_target;
  std::int64_t memory_limit = 0;
  bool lazy_mode = false, no_kernel_version_check = false;

  // Accepted, without effect.
  std::int64_t symbols_map_size = 16384;
  bool python_enabled = true, perl_enabled = true, php_enabled = true, hotspot_enabled = true;
  bool ruby_enabled = true, v8_enabled = true, dotnet_enabled = true, go_enabled = true;
  bool go_table_fallback = false;
  double off_cpu_threshold = 0;
  bool load_probe = false;
  std::vector<std::string> probe_links, u_probe_links;
  bool verbose_mode = false;
  std::string bpf_fs_root = "/sys/fs/bpf/";
  bool obi_process_context_enabled = true;
  std::string symb_cache_path = "/tmp/symb-cache";
  std::int64_t symb_cache_size = 2048;
  bool reporter_unsymbolized_stubs = false;
  SymbolUploadArguments debug_info;

  static constexpr auto working_fields() {
    using A = EbpfArguments;
    return std::tuple{
        lang::required("forward_to", &A::forward_to, "Receivers to hand the profiles to."),
        lang::optional("targets", &A::targets,
                       "What to profile: each target names a process (__process_pid__) or a container "
                       "(__container_id__, or what discovery.docker and discovery.kubernetes set)."),
        lang::optional("collect_interval", &A::collect_interval, "Length of the window of one profile.")
            .at_least(0.1),
        lang::optional("sample_rate", &A::sample_rate,
                       "How often each CPU is sampled. In a .alloy file the default is 19.")
            .unit("Hz")
            .at_least(1)
            .at_most(10000),
        lang::optional("demangle", &A::demangle, "How much of a C++ name is shown.")
            .one_of("none|simplified|templates|full"),
        lang::optional("collect_user_profile", &A::collect_user_profile, "Collect stacks of programs."),
        lang::optional("collect_kernel_profile", &A::collect_kernel_profile, "Collect stacks of the kernel."),
        lang::optional("kernel_frames", &A::kernel_frames, "Show frames of the kernel."),
        lang::optional(
            "pid_cache_size", &A::pid_cache_size,
            "Processes whose mappings are remembered beyond those of the last cache_rounds windows.")
            .at_least(1),
        lang::optional("build_id_cache_size", &A::build_id_cache_size,
                       "Symbol tables of files with a build id kept beyond those of the last cache_rounds "
                       "windows.")
            .at_least(1),
        lang::optional("same_file_cache_size", &A::same_file_cache_size,
                       "Symbol tables of files without a build id kept beyond those of the last cache_rounds "
                       "windows.")
            .at_least(1),
        lang::optional("cache_rounds", &A::cache_rounds,
                       "For how many windows an entry stays in its cache after it was used, whatever the "
                       "cache's size.")
            .at_least(0)
            .at_most(1000),
        lang::optional("container_id_cache_size", &A::container_id_cache_size, "Container ids remembered.")
            .at_least(1),
        lang::optional("pid_map_size", &A::pid_map_size,
                       "Processes profiled at a time; samples of further ones are lost, and counted.")
            .at_least(1)
            .at_most(1 << 20),
    };
  }

  static constexpr auto more_working_fields() {
    using A = EbpfArguments;
    return std::tuple{
        lang::optional(
            "comm", &A::comm,
            "Where the thread's name goes: into the label comm of samples, into a frame at the root "
            "of stacks, or both.")
            .one_of("|none|label|stackframe|both"),
        lang::optional("pid_label", &A::pid_label, "Give samples the label pid."),
        lang::optional("targets_only", &A::targets_only,
                       "Profile only what targets name. Otherwise the rest goes to default_target, or to the "
                       "service ebpf/unspecified."),
        lang::optional("default_target", &A::default_target,
                       "Labels of what no target names. Without it such processes are not sampled."),
        lang::optional("memory_limit", &A::memory_limit,
                       "Memory of weir and of its maps in the kernel. Close to it weir forgets symbols and "
                       "unwind tables first, then takes no new stacks; 0: no limit.")
            .unit("bytes")
            .at_least(0),
        lang::optional("lazy_mode", &A::lazy_mode, "Attach to the kernel when the first target comes."),
        lang::optional(
            "no_kernel_version_check", &A::no_kernel_version_check,
            "Attach also to kernels that are known to freeze under such programs: 5.19 to 6.2, 6.1 "
            "before 6.1.36, and 6.3 before 6.3.10."),
    };
  }

  static constexpr auto interpreter_fields() {
    using A = EbpfArguments;
    constexpr std::string_view kWhy =
        "frames of this interpreter are not read yet: its stacks show the interpreter's own functions";
    return std::tuple{
        lang::optional("python_enabled", &A::python_enabled, "Read Python frames.").without_effect(kWhy),
        lang::optional("perl_enabled", &A::perl_enabled, "Read Perl frames.").without_effect(kWhy),
        lang::optional("php_enabled", &A::php_enabled, "Read PHP frames.").without_effect(kWhy),
        lang::optional("hotspot_enabled", &A::hotspot_enabled, "Read Java frames.").without_effect(kWhy),
        lang::optional("ruby_enabled", &A::ruby_enabled, "Read Ruby frames.").without_effect(kWhy),
        lang::optional("v8_enabled", &A::v8_enabled, "Read JavaScript frames.").without_effect(kWhy),
        lang::optional("dotnet_enabled", &A::dotnet_enabled, "Read .NET frames.").without_effect(kWhy),
        lang::optional("go_enabled", &A::go_enabled, "Read Go frames.")
            .without_effect("Go is compiled: its frames are always read"),
    };
  }

  static constexpr auto idle_fields() {
    using A = EbpfArguments;
    return std::tuple{
        lang::optional("symbols_map_size", &A::symbols_map_size, "Functions of interpreters remembered.")
            .at_least(1)
            .without_effect("frames of interpreters are not read yet, so there is nothing to remember"),
        lang::optional("go_table_fallback", &A::go_table_fallback, "Also use C symbols in Go programs.")
            .without_effect("weir reads both tables always"),
        lang::optional("off_cpu_threshold", &A::off_cpu_threshold, "Share of waits that are sampled.")
            .without_effect("weir does not sample waits yet"),
        lang::optional("load_probe", &A::load_probe, "Load a program for probes.")
            .without_effect("weir has no probes yet"),
        lang::optional("probe_links", &A::probe_links, "Probes to attach.")
            .without_effect("weir has no probes yet"),
        lang::optional("u_probe_links", &A::u_probe_links, "Probes to attach, in an older form.")
            .without_effect("weir has no probes yet"),
        lang::optional("verbose_mode", &A::verbose_mode, "Log more.")
            .without_effect("the log level is set for all of weir"),
        lang::optional("bpf_fs_root", &A::bpf_fs_root, "Folder of pinned maps.")
            .without_effect("weir pins no maps"),
        lang::optional("obi_process_context_enabled", &A::obi_process_context_enabled,
                       "Read the process context of OpenTelemetry.")
            .without_effect("weir does not read it yet"),
    };
  }

  static constexpr auto more_idle_fields() {
    using A = EbpfArguments;
    return std::tuple{
        lang::optional("symb_cache_path", &A::symb_cache_path, "Folder of a symbol cache.")
            .without_effect("weir keeps symbols in memory"),
        lang::optional("symb_cache_size", &A::symb_cache_size, "Files in the symbol cache.")
            .without_effect("weir keeps symbols in memory"),
        lang::optional("reporter_unsymbolized_stubs", &A::reporter_unsymbolized_stubs,
                       "Name frames without a function after their file.")
            .without_effect("weir always does, as FILE+0xOFFSET"),
        lang::block("debug_info", &A::debug_info, "How another profiler uploads debug files."),
    };
  }

  static constexpr auto fields() {
    return std::tuple_cat(working_fields(), more_working_fields(), interpreter_fields(), idle_fields(),
                          more_idle_fields());
  }
  bool operator==(const EbpfArguments&) const = default;

  // A config of the newer dialect expects the newer default.
  void use_dialect(lang::Dialect dialect) {
    if (dialect == lang::Dialect::alloy) sample_rate = 19;
  }
  profiler::SessionOptions session_options() const;
};

}  // namespace weir::pyroscope
