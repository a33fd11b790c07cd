// Enters the kernel in many ways at once: system calls that sleep and wake, faults, new processes, the
// network. Runs until it is killed or its parent ends.
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace {

char page[4096];

void hand_over() {
  std::mutex mutex;
  std::condition_variable changed;
  int turn = 0;
  auto play = [&](int own) {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [&] { return turn == own; });
      turn = 1 - own;
      changed.notify_one();
    }
  };
  std::thread other(play, 1);
  play(0);
}

void send_and_receive(int a, int b) {
  std::thread echo([b] {
    char byte = 0;
    while (read(b, &byte, 1) == 1 && write(b, &byte, 1) == 1) {
    }
  });
  char byte = 'x';
  while (write(a, &byte, 1) == 1) {
    pollfd readable{.fd = a, .events = POLLIN, .revents = 0};
    poll(&readable, 1, 100);
    if (read(a, &byte, 1) != 1) break;
  }
  echo.join();
}

void talk_locally() {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0) send_and_receive(pair[0], pair[1]);
}

void talk_by_tcp() {
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener, 1) != 0) return;
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  int client = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(client, reinterpret_cast<sockaddr*>(&address), size) != 0) return;
  send_and_receive(client, accept(listener, nullptr, nullptr));
}

void touch_memory() {
  constexpr std::size_t kSize = 1 << 20;
  for (;;) {
    auto* memory = static_cast<volatile char*>(
        mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    for (std::size_t at = 0; at < kSize; at += sizeof page) memory[at] = 1;
    munmap(const_cast<char*>(memory), kSize);
  }
}

void start_processes() {
  for (;;) {
    pid_t child = vfork();
    if (child == 0) {
      execl("/bin/true", "true", nullptr);
      _exit(1);
    }
    waitpid(child, nullptr, 0);
  }
}

void read_files() {
  for (;;) {
    for (const char* name :
         {"/proc/self/stat", "/proc/self/maps", "/proc/stat", "/proc/meminfo", "/etc/passwd"}) {
      int fd = open(name, O_RDONLY | O_CLOEXEC);
      struct stat status;
      fstat(fd, &status);
      while (read(fd, page, sizeof page) > 0) {
      }
      close(fd);
    }
  }
}

void write_file() {
  int fd = memfd_create("kernel_busy", MFD_CLOEXEC);
  for (off_t at = 0;; at = (at + 512) % (1 << 20)) {
    if (pwrite(fd, page, 3000, at) < 0) return;
  }
}

void get_signals() {
  signal(SIGUSR1, [](int) {});
  for (;;) raise(SIGUSR1);
}

// Faults whose signals find a stack that is not in memory yet: the kernel faults itself, on its way out of a
// fault.
void fault_into_signals() {
  constexpr std::size_t kStack = 1 << 16;
  static char* guarded =
      static_cast<char*>(mmap(nullptr, sizeof page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  struct sigaction action{};
  action.sa_flags = SA_ONSTACK;
  action.sa_handler = [](int) { mprotect(guarded, sizeof page, PROT_READ | PROT_WRITE); };
  sigaction(SIGSEGV, &action, nullptr);
  for (;;) {
    stack_t stack{};
    stack.ss_sp = mmap(nullptr, kStack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    stack.ss_size = kStack;
    sigaltstack(&stack, nullptr);
    *const_cast<volatile char*>(guarded) = 1;
    mprotect(guarded, sizeof page, PROT_NONE);
    stack_t none{};
    none.ss_flags = SS_DISABLE;
    sigaltstack(&none, nullptr);
    munmap(stack.ss_sp, kStack);
  }
}

void sleep_often() {
  for (;;) usleep(100);
}

}  // namespace

int main() {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::vector<std::thread> threads;
  for (void (*work)() : {hand_over, talk_locally, talk_by_tcp, touch_memory, start_processes, read_files,
                         write_file, get_signals, fault_into_signals, sleep_often}) {
    threads.emplace_back(work);
  }
  for (std::thread& thread : threads) thread.join();
  return 1;
}
