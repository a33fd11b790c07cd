// Spends most of its time in the kernel: reads zeroes. Runs until it is killed or its parent ends.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <vector>

int main() {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  int fd = open("/dev/zero", O_RDONLY);
  std::vector<char> buffer(1 << 20);
  while (fd >= 0 && read(fd, buffer.data(), buffer.size()) > 0) {
  }
  return 1;
}
