#include "cli/sampling.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <vector>

namespace weir::cli {
namespace {

// For a shell.
std::string shell_word(std::string_view word) {
  constexpr std::string_view kPlain = "+,-./:=@_%";
  bool is_plain = !word.empty() && std::ranges::all_of(word, [&](unsigned char c) {
    return std::isalnum(c) != 0 || kPlain.find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (is_plain) return std::string(word);
  std::string out = "'";
  for (char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + '\'';
}

int milliseconds_until(MonoTime time) {
  auto left = std::chrono::ceil<std::chrono::milliseconds>(time - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
}

}  // namespace

Result<std::unique_ptr<Sampling>> Sampling::open(profiler::SessionOptions options, Logger log) {
  Fd urgent(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!urgent) return fail_errno(errno, "make an event descriptor");
  auto session = profiler::Session::open(std::move(options), std::move(log));
  if (!session) return fail(session.error());
  return std::unique_ptr<Sampling>(new Sampling(*std::move(session), std::move(urgent)));
}

Sampling::Sampling(std::unique_ptr<profiler::Session> session, Fd urgent)
    : session_(std::move(session)), urgent_(std::move(urgent)) {
  session_->on_urgent([fd = urgent_.get()] { ::eventfd_write(fd, 1); });
  drain();
}

Sampling::~Sampling() {
  session_->on_urgent(nullptr);
}

void Sampling::drain() {
  session_->drain();
  next_drain_ = std::chrono::steady_clock::now() + session_->next_drain();
}

std::vector<profile::ProfilePtr> Sampling::collect() {
  auto profiles = session_->collect(std::chrono::system_clock::now());
  next_drain_ = std::chrono::steady_clock::now() + session_->next_drain();
  return profiles;
}

bool Sampling::wait(std::initializer_list<int> descriptors, MonoTime until) {
  std::vector<pollfd> polled{{.fd = urgent_.get(), .events = POLLIN, .revents = 0}};
  for (int fd : descriptors) polled.push_back({.fd = fd, .events = POLLIN, .revents = 0});
  for (;;) {
    int ready = ::poll(polled.data(), polled.size(), milliseconds_until(std::min(until, next_drain_)));
    bool is_urgent = ready > 0 && polled.front().revents != 0;
    eventfd_t count = 0;
    if (is_urgent) ::eventfd_read(urgent_.get(), &count);
    if (is_urgent || std::chrono::steady_clock::now() >= next_drain_) drain();
    if (ready > (is_urgent ? 1 : 0)) return true;
    if (std::chrono::steady_clock::now() >= until) return false;
  }
}

ExitCode no_sampling(const Error& error, const Invocation& invocation) {
  fmt::print(stderr, "Error: {}\n", error.message);
  if (::geteuid() == 0) return kNoWorld;
  std::error_code failed;
  auto program = std::filesystem::read_symlink("/proc/self/exe", failed);
  std::string line =
      fmt::format("sudo {} {}", failed ? "weir" : shell_word(program.string()), invocation.command->name);
  for (const std::string& word : invocation.words) line += ' ' + shell_word(word);
  fmt::print(stderr, "\nSampling needs root. Run:\n  {}\n", line);
  return kNoWorld;
}

}  // namespace weir::cli
