#!/usr/bin/env python3
"""sample_cost.py [MIX] [SECONDS]: what a sample costs in the kernel, beside one that is taken with the kernel's own helpers
(helper_stacks.bpf.c), in turn over the same busy programs at 97 Hz. How cold caches are depends on what else the host of a
virtual machine does, so a time alone says as much about that as about the program. MIX as of cost.py; needs root.
"""
import argparse
import contextlib
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / 'tests/integration'))
from cost import kernel_counts_run_time, programs  # noqa: E402
from harness import need_bpf, started  # noqa: E402

BENCH = next((folder for folder in (ROOT / 'build-dev/bench', ROOT / 'build/bench') if folder.is_dir()), ROOT / 'build-dev/bench')
OBJECTS = [BENCH / 'helper_stacks.bpf.o', ROOT / 'build/bpf/cpu_sample.bpf.o']
RATE = 97
SETTLE = 1  # s, until each program is at what it does all the time


def main(mix, seconds):
    with contextlib.ExitStack() as stack:
        stack.enter_context(kernel_counts_run_time())
        running = [stack.enter_context(started(command)) for _, command in programs(mix)]
        time.sleep(SETTLE)
        command = [BENCH / 'kernel_program_bench', RATE, seconds, *OBJECTS, '--', *(p.pid for p in running)]
        subprocess.run([str(part) for part in command], check=True)


if __name__ == '__main__':
    need_bpf()
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument('mix', nargs='?', choices=['compiled', 'mixed'], default='compiled')
    parser.add_argument('seconds', nargs='?', type=int, default=60)
    chosen = parser.parse_args()
    main(chosen.mix, chosen.seconds)
