#include "profiler/kernel_error.h"

#include <bpf/libbpf.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdio>

#include "base/file_system.h"

namespace weir::profiler {

namespace {

// libbpf has one print function for the whole process; it finds the listener of its thread here.
thread_local LibbpfMessages* listener = nullptr;

int print(libbpf_print_level level, const char* format, va_list arguments) {
  if (level == LIBBPF_DEBUG || !listener) return 0;
  char line[1024];
  int size = std::vsnprintf(line, sizeof line, format, arguments);
  if (size > 0) listener->add(std::string_view(line, std::min<std::size_t>(size, sizeof line - 1)));
  return 0;
}

std::string first_lines(std::string_view text) {
  constexpr std::size_t kMost = 600;
  std::string lines(text.substr(0, kMost));
  while (!lines.empty() && lines.back() == '\n') lines.pop_back();
  for (char& c : lines) {
    if (c == '\n') c = ';';
  }
  return lines;
}

bool locked_down() {
  auto text = read_file("/sys/kernel/security/lockdown", 256);
  return text && text->find("[confidentiality]") != std::string::npos;
}

std::string_view remedy(int error_number) {
  if (access("/sys/kernel/btf/vmlinux", R_OK) != 0) {
    return "the kernel has no type information (/sys/kernel/btf/vmlinux): use a kernel of 5.10 or later "
           "built "
           "with CONFIG_DEBUG_INFO_BTF, or mount /sys";
  }
  if (error_number != EPERM && error_number != EACCES) return "";
  if (locked_down())
    return "the kernel is locked down in confidentiality mode: boot with lockdown=integrity or none";
  if (geteuid() != 0) return "run weir as root, or give it CAP_BPF and CAP_PERFMON";
  return "weir is root without the right capabilities: in a container, run it privileged and with the host's "
         "pid "
         "namespace, or add CAP_BPF, CAP_PERFMON and CAP_SYS_PTRACE and a seccomp profile that allows bpf "
         "and "
         "perf_event_open";
}

std::string with_remedy(std::string message, std::string_view remedy) {
  if (!remedy.empty()) message.append(" (").append(remedy).append(")");
  return message;
}

}  // namespace

LibbpfMessages::LibbpfMessages() : outer_(listener) {
  libbpf_set_print(print);
  listener = this;
}

LibbpfMessages::~LibbpfMessages() {
  listener = outer_;
}

void LibbpfMessages::add(std::string_view text) {
  constexpr std::size_t kMost = 16384;
  if (text_.size() < kMost) text_.append(text);
}

Error bpf_error(int error_number, std::string_view what, std::string_view messages) {
  std::string message = fmt::format("{}: {}", what, errno_text(error_number));
  std::string_view help = remedy(error_number);
  // Where we know what to do, the loader's own words would only hide it.
  if (help.empty() && !messages.empty()) message.append(": ").append(first_lines(messages));
  return Error{with_remedy(std::move(message), help)};
}

Error perf_error(int error_number, int cpu) {
  std::string message = fmt::format("open the clock event of CPU {}: {}", cpu, errno_text(error_number));
  if (error_number == EMFILE) return Error{with_remedy(std::move(message), "raise the limit of open files")};
  if (error_number == EACCES || error_number == EPERM) {
    auto paranoid = read_file("/proc/sys/kernel/perf_event_paranoid", 16);
    if (geteuid() != 0 && paranoid && std::atoi(paranoid->c_str()) > 0) {
      return Error{
          with_remedy(std::move(message),
                      "run weir as root, give it CAP_PERFMON, or set kernel.perf_event_paranoid to 0")};
    }
    return Error{with_remedy(std::move(message), remedy(error_number))};
  }
  return Error{std::move(message)};
}

}  // namespace weir::profiler
