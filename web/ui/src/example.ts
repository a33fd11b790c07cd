// Lines of a config that the page gives to who has none of the kind yet.

export const kProfiledMachine = `discovery.process "all" { }

pyroscope.ebpf "machine" {
  targets    = discovery.process.all.targets
  forward_to = [pyroscope.store.local.receiver]
}`;

export const kStore = `pyroscope.store "local" { }`;
