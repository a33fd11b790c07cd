#!/usr/bin/env python3
"""record.py [SECONDS] [HERTZ] [STACKS] [MICROSECONDS]: what `weir record` of a program with very many different stacks costs; by
default 30 s at 997 Hz of 50,000 stacks, each for as long as lets all of them have their turn on all CPUs. Prints how many distinct stacks were seen, weir's CPU time and peak memory, how long it took from the
end of the recording until all files were there, and their sizes. Needs root, and a machine that does nothing else.
"""
import base64
import gzip
import os
import pathlib
import re
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / 'tests/integration'))
from harness import WEIR, need_bpf, started  # noqa: E402

FORMS = ['pb.gz', 'folded', 'speedscope.json', 'html']


def distinct_paths(folded):
    """Stacks by the names of their functions, and their values."""
    lines = [line.rsplit(' ', 1) for line in folded.read_text(errors='replace').splitlines()]
    return len({stack for stack, _ in lines}), len(lines)


def main():
    given = [int(text) for text in sys.argv[1:]]
    seconds, rate, stacks, microseconds = given + [30, 997, 50_000, 0][len(given):]
    need_bpf()
    if not microseconds:
        microseconds = seconds * 1_000_000 * (os.cpu_count() or 1) * 9 // 10 // stacks
    with tempfile.TemporaryDirectory() as folder, started([ROOT / 'build/workloads/many_stacks', str(stacks), str(microseconds)]) as program:
        files = {form: pathlib.Path(folder) / f'out.{form}' for form in FORMS}
        command = [str(WEIR), 'record', '-d', str(seconds), '-r', str(rate), '-p', str(program.pid)]
        command += [word for path in files.values() for word in ('-o', str(path))]
        begun = time.monotonic()
        pid = os.posix_spawn(command[0], command, os.environ)
        _, status, used = os.wait4(pid, 0)
        took = time.monotonic() - begun
        assert status == 0, status
        by_name, in_all = distinct_paths(files['folded'])
        print(f'{in_all} distinct stacks, {by_name} of them by name')
        print(f'weir: {used.ru_utime + used.ru_stime:.2f} s of CPU time, peak memory {used.ru_maxrss / 1024:.0f} MB, '
              f'{took - seconds:.1f} s more than was recorded')
        for form, path in files.items():
            print(f'  {form}: {path.stat().st_size / 1e6:.2f} MB')
        page = files['html'].read_text()
        data = re.search(r'id="profile">([^<]+)<', page).group(1)
        print(f'  data in the page: {len(gzip.decompress(base64.b64decode(data))) / 1e6:.2f} MB unpacked')


main()
