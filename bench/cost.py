#!/usr/bin/env python3
"""cost.py [SECONDS]: what profiling a busy machine costs. Runs seven busy programs of different kinds (callbacks and threads in C,
C++ without frame pointers, the demo service checkout, Python, Node, Go, Rust), profiles them at 97 Hz and pushes every 15 s; prints weir's CPU time and the kernel program's, per minute and per sample, what both weigh, what was
lost, and how many stacks of each program are complete. Needs root; about 70 s.
"""
import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / 'tests/integration'))
from harness import Weir, need_bpf, started, wait_for  # noqa: E402
from receiver import Receiver  # noqa: E402

WORKLOADS = ROOT / 'build/workloads'
STATS = pathlib.Path('/proc/sys/kernel/bpf_stats_enabled')

CONFIG = '''
pyroscope.ebpf "all" {{
  targets = [{targets}]
  forward_to = [{receivers}]
  demangle = "simplified"
}}
pyroscope.store "local" {{ }}
pyroscope.write "out" {{
  endpoint {{ url = "{url}" }}
}}
'''


def programs():
    """(name, command) of each program that can run here."""
    found = [
        ('c callbacks', [WORKLOADS / 'callbacks', 'threads']),
        ('c++ without', [WORKLOADS / 'shares_no_frame_pointers']),
        ('checkout', [ROOT / 'build/services/checkout']),
        ('python', ['/usr/bin/python3', ROOT / 'tests/workloads/interpreted.py']),
        ('node', [shutil.which('node') or 'node', ROOT / 'tests/workloads/interpreted.js']),
        ('go', [WORKLOADS / 'go_busy']),
        ('rust', [WORKLOADS / 'rust_busy']),
    ]
    return [(name, command) for name, command in found if shutil.which(command[0])]


def cpu_seconds(pid):
    fields = pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


@contextlib.contextmanager
def kernel_counts_run_time():
    before = STATS.read_text()
    STATS.write_text('1')
    try:
        yield
    finally:
        STATS.write_text(before)


def measure(seconds):
    with contextlib.ExitStack() as stack:
        stack.enter_context(kernel_counts_run_time())
        receiver = stack.enter_context(Receiver())
        running = [(name, stack.enter_context(started([str(part) for part in command]))) for name, command in programs()]
        targets = ', '.join(f'{{"__process_pid__" = "{p.pid}", "service_name" = "{name}"}}' for name, p in running)

        def config(*receivers):
            return CONFIG.format(targets=targets, url=receiver.url, receivers=', '.join(receivers))

        weir = stack.enter_context(Weir(config('pyroscope.write.out.receiver')))
        weir.wait_ready()
        wait_for('the first push', lambda: receiver.profiles, 30)

        def state():
            status = weir.json('/api/v0/web/status')['collection']
            return time.monotonic(), cpu_seconds(weir.process.pid), status

        begin, cpu_before, before = state()
        time.sleep(seconds)
        end, cpu_after, after = state()
        minutes = (end - begin) / 60
        samples = after['samples'] - before['samples']
        kernel = after['kernelSeconds'] - before['kernelSeconds']
        print(f'{len(running)} busy programs, {os.cpu_count()} CPUs, {end - begin:.0f} s, {samples} samples')
        print(f'weir {(cpu_after - cpu_before) / minutes:.3f} s CPU a minute, kernel program {kernel / minutes:.3f} s a minute, '
              f'{1e6 * kernel / max(samples, 1):.2f} us a sample')
        print(f'VmRSS {weir.rss_kb() / 1024:.1f} MB, BPF maps {after["mapBytes"] / 2**20:.1f} MB, lost {after["lost"]}')
        # The store is for the reader of this table: what it costs is not part of the figures above.
        weir.config.write_text(config('pyroscope.store.local.receiver'))
        wait_for('every program in the store', lambda: len(weir.services()) == len(running), 60)
        for name, row in sorted(weir.services().items()):
            query = urllib.parse.urlencode({'service': name, 'type': row['type']})
            answer = weir.json('/api/v0/web/profiles/flame?' + query)
            samples, complete = answer['samples'], answer['completeSamples']
            print(f'  {name}: {samples} samples, {100 * complete / max(samples, 1):.2f} % complete')


if __name__ == '__main__':
    need_bpf()
    measure(float(sys.argv[1]) if len(sys.argv) > 1 else 60)
