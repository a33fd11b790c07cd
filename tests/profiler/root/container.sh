#!/bin/sh
# container.sh start|stop docker|podman|containerd DIR: a container that is busy, of a real runtime whose data
# all lie in DIR. `start` prints its id and its pid; exit code 77: this runtime cannot be used here.
set -eu
what=$1 runtime=$2 dir=$3
busy='while :; do :; done'
id64=$(printf 'c%.0s' $(seq 64))

skip() { echo "$1" >&2; exit 77; }
have() { command -v "$1" >/dev/null || skip "$1 is not installed"; }
wait_for() {  # COMMAND…: until it succeeds, or 20 s
  for _ in $(seq 200); do "$@" >/dev/null 2>&1 && return 0; sleep 0.1; done
  not_started
}
not_started() {
  tail -3 "$dir/log" >&2
  skip "$runtime does not start"
}
make_root() {
  mkdir -p "$dir/root/bin" "$dir/root/proc" "$dir/root/sys" "$dir/root/dev"
  cp "$(command -v busybox)" "$dir/root/bin/busybox"
}

docker_() { docker -H "unix://$dir/docker.sock" "$@"; }
ctr_() { ctr -a "$dir/containerd.sock" "$@"; }
podman_() {
  CONTAINERS_CONF="$dir/containers.conf" podman --root "$dir/storage" --runroot "$dir/run" --runtime runc \
    --cgroup-manager=cgroupfs --storage-driver vfs --events-backend=none "$@"
}

start_docker() {
  have dockerd; have docker
  dockerd --iptables=false --ip6tables=false --bridge=none --storage-driver=vfs --data-root "$dir/data" \
    --exec-root "$dir/exec" -p "$dir/docker.pid" -H "unix://$dir/docker.sock" >"$dir/log" 2>&1 </dev/null &
  wait_for docker_ version
  tar -C "$dir/root" -c . | docker_ import - busy:1 >/dev/null
  container=$(docker_ run -d --network none busy:1 /bin/busybox sh -c "$busy")
  docker_ inspect -f '{{.Id}} {{.State.Pid}}' "$container"
}
stop_docker() {
  docker_ ps -q | while read -r id; do docker_ rm -f "$id"; done >/dev/null 2>&1 || true
  [ ! -f "$dir/docker.pid" ] || kill "$(cat "$dir/docker.pid")" || true
  wait_until_gone "$dir/docker.pid"
}

start_podman() {
  have podman; have runc
  echo '[containers]
default_ulimits = ["nofile=4096:4096", "nproc=8192:8192"]' >"$dir/containers.conf"
  tar -C "$dir/root" -c . | podman_ import - busy:1 >/dev/null 2>"$dir/log" || not_started
  container=$(podman_ run -d --network none busy:1 /bin/busybox sh -c "$busy" 2>"$dir/log") || not_started
  podman_ inspect -f '{{.Id}} {{.State.Pid}}' "$container"
}
stop_podman() { podman_ rm -f -t 0 -a >/dev/null 2>&1 || true; }

start_containerd() {
  have containerd; have ctr
  cat >"$dir/config.toml" <<END
version = 2
root = "$dir/data"
state = "$dir/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper"]
[grpc]
  address = "$dir/containerd.sock"
END
  containerd -c "$dir/config.toml" >"$dir/log" 2>&1 </dev/null &
  echo $! >"$dir/containerd.pid"
  wait_for ctr_ version
  # As the kubelet has it made: below the group of its pod.
  ctr_ run -d --rootfs --cgroup "/kubepods/besteffort/pod01234567-89ab/$id64" "$dir/root" "$id64" \
    /bin/busybox sh -c "$busy" </dev/null >>"$dir/log" 2>&1 || not_started
  echo "$id64 $(ctr_ task ls | awk -v id="$id64" '$1 == id { print $2 }')"
}
stop_containerd() {
  ctr_ task kill -s KILL "$id64" >/dev/null 2>&1 || true
  for _ in $(seq 50); do ctr_ task rm "$id64" >/dev/null 2>&1 && break; sleep 0.1; done
  ctr_ container rm "$id64" >/dev/null 2>&1 || true
  [ ! -f "$dir/containerd.pid" ] || kill "$(cat "$dir/containerd.pid")" || true
}

wait_until_gone() {
  for _ in $(seq 100); do [ -e "$1" ] || return 0; sleep 0.1; done
}

[ "$what" = stop ] || make_root
"${what}_$runtime"
