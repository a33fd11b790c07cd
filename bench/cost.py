#!/usr/bin/env python3
"""cost.py [MIX] [SECONDS] [RUNS]: what profiling a busy machine costs. Runs seven busy programs, profiles them at
97 Hz and pushes every 15 s; prints weir's CPU time and the kernel program's, per minute and per sample, what both weigh, what
was lost, and how many stacks of each program are complete; of several runs the medians too. `compiled` (the default): C and C++
with and without frame pointers, among them a callback of qsort, a signal handler, alloca and threads, the demo service checkout,
Go and Rust. `mixed`: Python and Node in place of those with frame pointers; their stacks are deeper and more often in the kernel.
Needs root; about SECONDS + 15, by default 60, a run.
"""
import argparse
import contextlib
import os
import pathlib
import re
import shutil
import statistics
import sys
import time

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


def programs(mix):
    """(name, command) of each program of the mix that can run here."""
    both = [
        ('c callbacks', [WORKLOADS / 'callbacks', 'threads']),
        ('c++', [WORKLOADS / 'shares_no_frame_pointers']),
        ('checkout', [ROOT / 'build/services/checkout']),
        ('go', [WORKLOADS / 'go_busy']),
        ('rust', [WORKLOADS / 'rust_busy']),
    ]
    more = {
        'compiled': [
            ('c callbacks, frame pointers', [WORKLOADS / 'callbacks_frame_pointers', 'threads']),
            ('c++, frame pointers', [WORKLOADS / 'shares']),
        ],
        'mixed': [
            ('python', ['/usr/bin/python3', ROOT / 'tests/workloads/interpreted.py']),
            ('node', [shutil.which('node') or 'node', ROOT / 'tests/workloads/interpreted.js']),
        ],
    }
    return [(name, command) for name, command in both + more[mix] if shutil.which(command[0])]


@contextlib.contextmanager
def kernel_counts_run_time():
    before = STATS.read_text()
    STATS.write_text('1')
    try:
        yield
    finally:
        STATS.write_text(before)


def measure(mix, seconds):
    with contextlib.ExitStack() as stack:
        stack.enter_context(kernel_counts_run_time())
        receiver = stack.enter_context(Receiver())
        running = [(name, stack.enter_context(started(command))) for name, command in programs(mix)]
        targets = ', '.join(f'{{"__process_pid__" = "{p.pid}", "service_name" = "{name}"}}' for name, p in running)

        def config(*receivers):
            return CONFIG.format(targets=targets, url=receiver.url, receivers=', '.join(receivers))

        weir = stack.enter_context(Weir(config('pyroscope.write.out.receiver')))
        weir.wait_ready()
        wait_for('the first push', lambda: receiver.profiles, 30)

        def state():
            status = weir.json('/api/v0/web/status')['collection']
            return time.monotonic(), weir.cpu_seconds(), status

        begin, cpu_before, before = state()
        time.sleep(seconds)
        end, cpu_after, after = state()
        minutes = (end - begin) / 60
        samples = after['samples'] - before['samples']
        kernel = after['kernelSeconds'] - before['kernelSeconds']
        print(f'{len(running)} busy programs, {os.cpu_count()} CPUs, {end - begin:.0f} s, {samples} samples, lost {after["lost"]}')
        figures = {'weir, s CPU a minute': (cpu_after - cpu_before) / minutes,
                   'kernel program, s CPU a minute': kernel / minutes,
                   'kernel program, us a sample': 1e6 * kernel / max(samples, 1),
                   'VmRSS, MB': weir.rss_kb() / 1024,
                   'BPF maps, MB': after['mapBytes'] / 2**20}
        # The store is for the reader of this table: what it costs is not part of the figures above.
        weir.config.write_text(config('pyroscope.store.local.receiver'))
        wait_for('every program in the store', lambda: len(weir.services()) == len(running), 60)
        for name in sorted(weir.services()):
            answer = weir.flame(name)
            figures[f'{name}, % of {answer["samples"]} stacks complete'] = 100 * answer['completeSamples'] / max(answer['samples'], 1)
        return figures


def main(mix, seconds, runs):
    measured = []
    for _ in range(runs):
        measured.append(measure(mix, seconds))
        for name, value in measured[-1].items():
            print(f'  {name}: {value:.3f}', flush=True)
    if runs == 1:
        return
    print(f'medians of {runs} runs')
    # How many stacks differs by run.
    columns = {}
    for figures in measured:
        for name, value in figures.items():
            columns.setdefault(re.sub(r' of \d+ ', ' of ', name), []).append(value)
    for name, values in columns.items():
        print(f'  {name}: {statistics.median(values):.3f} ({min(values):.3f} to {max(values):.3f})')


if __name__ == '__main__':
    need_bpf()
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument('mix', nargs='?', choices=['compiled', 'mixed'], default='compiled')
    parser.add_argument('seconds', nargs='?', type=float, default=60)
    parser.add_argument('runs', nargs='?', type=int, default=1)
    chosen = parser.parse_args()
    main(chosen.mix, chosen.seconds, chosen.runs)
