#include "profiler/process/container_id.h"

#include <doctest/doctest.h>

#include <string>

#include "profiler/process/cgroups.h"
#include "profiler/process/proc_files.h"

namespace weir::profiler {

namespace {

const std::string kId = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const std::string kOther = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";
const std::string kTask = "0123456789abcdef0123456789abcdef-1234567890";

}  // namespace

TEST_CASE("container ids in cgroup paths") {
  struct Row {
    const char* name;
    std::string path;
    std::string id;
  };
  const Row rows[] = {
      {"docker, cgroupfs driver", "/docker/" + kId, kId},
      {"docker, systemd driver", "/system.slice/docker-" + kId + ".scope", kId},
      {"docker, a group of its own below", "/system.slice/docker-" + kId + ".scope/init", kId},
      {"docker, a group below a plain id", "/docker/" + kId + "/init", kId},
      {"docker in docker names the inner one", "/docker/" + kOther + "/docker/" + kId, kId},
      {"containerd in kubernetes, systemd driver",
       "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1a2b.slice/cri-containerd-" + kId +
           ".scope",
       kId},
      {"containerd in kubernetes, cgroupfs driver", "/kubepods/besteffort/pod6e1f3a52-8d2c/" + kId, kId},
      {"containerd with its systemd prefix",
       "/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:" + kId, kId},
      {"cri-o", "/kubepods.slice/kubepods-pod1.slice/crio-" + kId + ".scope", kId},
      {"cri-o, with a container group below", "/kubepods.slice/crio-" + kId + ".scope/container", kId},
      {"podman", "/machine.slice/libpod-" + kId + ".scope/container", kId},
      {"podman, rootless",
       "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + kId + ".scope", kId},
      {"seen from another cgroup namespace", "/../../kubepods.slice/cri-containerd-" + kId + ".scope", kId},
      {"ecs", "/ecs/task/" + kTask, kTask},
      {"ecs, with a group below", "/ecs/0123456789abcdef0123456789abcdef/" + kTask + "/init", kTask},
      {"ecs, systemd driver", "/ecstasks.slice/ecstasks-0123.slice/docker-" + kTask + ".scope", kTask},
      {"ecs on a machine of one's own", "/ecs/0123456789abcdef0123456789abcdef/" + kId, kId},
      {"a task without a number", "/ecs/0123456789abcdef0123456789abcdef-", ""},
      {"a task with 31 digits", "/ecs/123456789abcdef0123456789abcdef-1", ""},
      {"podman, older", "/libpod_parent/libpod-" + kId + "/libpod-payload-" + kId, kId},
      {"docker in a kubernetes pod, cgroupfs driver",
       "/kubepods/burstable/pod1a2b/" + kOther + "/docker/" + kId, kId},
      {"no container", "/system.slice/ssh.service", ""},
      {"the root", "/", ""},
      {"nothing", "", ""},
      {"32 digits are no id", "/process_api/0123456789abcdef0123456789abcdef", ""},
      {"63 digits are no id", "/docker/" + kId.substr(1), ""},
      {"65 digits are no id", "/docker/0" + kId, ""},
      {"capitals are no id", "/docker/0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef", ""},
      {"an id must end its element", "/docker/" + kId + "x", ""},
      {"an id must begin after a dash", "/docker/x" + kId, ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(container_id(row.path) == row.id);
  }
}

TEST_CASE("the path of a hierarchy in /proc/PID/cgroup") {
  const std::string text = "12:cpu,cpuacct:/a\n4:memory:/b:c\n1:name=systemd:/d\n0::/e\n";
  CHECK(parse_cgroup_path(text, "cpuacct") == "/a");
  CHECK(parse_cgroup_path(text, "memory") == "/b:c");
  CHECK(parse_cgroup_path(text, "") == "/e");
  CHECK(parse_cgroup_path(text, "mem") == std::nullopt);
  CHECK(parse_cgroup_path("rubbish\n:\n::\n", "memory") == std::nullopt);
}

TEST_CASE("which hierarchy tells containers apart") {
  const char* header = "#subsys_name\thierarchy\tnum_cgroups\tenabled\n";
  const std::string mounts =
      "30 25 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
      "31 25 0:27 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
      "32 25 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
  struct Row {
    const char* name;
    std::string cgroups;
    cpu_sample_hierarchy kind;
    std::string mount;
  };
  const Row rows[] = {
      {"unified", "cpu\t0\t60\t1\nmemory\t0\t60\t1\n", CPU_SAMPLE_UNIFIED, "/sys/fs/cgroup/unified"},
      {"version 1", "cpu\t2\t60\t1\nmemory\t5\t60\t1\n", CPU_SAMPLE_MEMORY, "/sys/fs/cgroup/memory"},
      {"memory switched off", "cpu\t2\t60\t1\nmemory\t5\t60\t0\n", CPU_SAMPLE_CPU,
       "/sys/fs/cgroup/cpu,cpuacct"},
      {"nothing known", "", CPU_SAMPLE_UNIFIED, "/sys/fs/cgroup/unified"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CgroupHierarchy chosen = choose_hierarchy(header + row.cgroups, mounts);
    CHECK(chosen.kind == row.kind);
    CHECK(chosen.mount == row.mount);
  }
}

}  // namespace weir::profiler
