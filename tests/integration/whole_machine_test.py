#!/usr/bin/env python3
"""A machine with many processes: what weir weighs there, in its own memory and in the kernel's maps."""
import contextlib
import os

from harness import ROOT, Weir, figure, need_bpf, run, started, wait_for

PROCESSES = 110


def processes():
    """Those with an executable: kernel threads have none."""
    return sum(1 for name in os.listdir('/proc') if name.isdigit() and os.path.exists(f'/proc/{name}/exe'))


def a_whole_machine_is_profiled_within_its_means():
    need_bpf()
    with contextlib.ExitStack() as stack:
        stack.enter_context(started([ROOT / 'build/services/checkout']))
        stack.enter_context(started([ROOT / 'build/services/thumbnails']))
        for _ in range(max(0, PROCESSES - processes())):
            stack.enter_context(started(['sleep', '600']))
        with Weir((ROOT / 'examples/local.river').read_text()) as w:
            w.wait_ready()
            wait_for('both services have profiles', lambda: {'checkout', 'thumbnails'} <= set(w.services()), 30)
            wait_for('a second round is over', lambda: w.services()['checkout']['profiles'] >= 2, 30)
            collection = w.json('/api/v0/web/status')['collection']
            maps = collection['mapBytes'] / 2**20
            figure(f'{processes()} processes, {w.metric("pyroscope_ebpf_active_targets"):.0f} targets: '
                   f'VmRSS {w.rss_kb() / 1024:.1f} MB + BPF maps {maps:.1f} MB = {w.rss_kb() / 1024 + maps:.1f} MB')
            assert collection['attributed'] > 0, collection
            assert w.stop() == 0, w.log()


run(a_whole_machine_is_profiled_within_its_means)
