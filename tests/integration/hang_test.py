#!/usr/bin/env python3
"""A program on a file system that has stopped answering: everything else is profiled, and weir ends when it is told to."""
import contextlib
import pathlib
import signal
import time

from harness import ROOT, Weir, figure, need_bpf, profiling, run, started, wait_for
from stuck_files import StuckFiles


def reads(w, reason):
    return w.count('pyroscope_ebpf_failed_reads_total', reason=reason)


def samples(w, service):
    return w.services().get(service, {}).get('samples', 0)


def flame(w, service):
    flame = w.flame(service)['flame']
    return [{column: flame['strings'][flame[column][node]] for column in ('name', 'why', 'reason')} for node in range(len(flame['name']))]


def has_ended(process):
    """As far as it can: a thread that waits in the kernel for a file system holds the rest of it back."""
    status = pathlib.Path(f'/proc/{process.pid}/status')
    return process.poll() is not None or 'State:\tZ' in status.read_text()


def goes_on(w, files):
    wait_for('a read hangs', lambda: reads(w, 'hung') >= 1, 20)
    wait_for('it is left alone', lambda: reads(w, 'left_alone') >= 1, 20)
    assert w.metric('pyroscope_ebpf_hanging_reads') >= 1
    # Both are profiled, one with names.
    before = samples(w, 'other'), samples(w, 'stuck')
    begin = time.monotonic()
    wait_for('both have samples', lambda: samples(w, 'other') > before[0] + 200 and samples(w, 'stuck') > before[1] + 200, 30)
    figure(f'{reads(w, "hung"):.0f} reads hung, {reads(w, "left_alone"):.0f} were left alone, {files.waiting} have no answer; '
           f'then 200 samples of each in {time.monotonic() - begin:.1f} s')
    assert any(frame['name'] == 'burn_seventy' for frame in flame(w, 'other')), flame(w, 'other')
    unnamed = [frame for frame in flame(w, 'stuck') if frame['name'].startswith('busy+0x')]
    assert unnamed and all(frame['why'] == 'unreadable' for frame in unnamed), flame(w, 'stuck')
    assert any('hung' in frame['reason'] or 'left alone' in frame['reason'] for frame in unnamed), unnamed
    hung = reads(w, 'hung')
    assert hung <= 6, hung  # 10 s of patience with one owner, 2 s each, and the one that uses it up
    lost = w.metric('pyroscope_ebpf_lost_samples_total')
    assert lost <= 0.02 * (samples(w, 'other') + samples(w, 'stuck')), lost


def ends(w, seconds):
    begin = time.monotonic()
    w.process.send_signal(signal.SIGTERM)
    wait_for('weir ends', lambda: has_ended(w.process), seconds)
    figure(f'ended {time.monotonic() - begin:.2f} s after SIGTERM')


@contextlib.contextmanager
def beside_a_stuck_file_system():
    """A weir that profiles a program on it, and another one; and the file system."""
    need_bpf()
    program = ROOT / 'build/workloads/shares_no_frame_pointers'
    with StuckFiles('busy', program) as files, started(files.command) as stuck, started([program]) as other:
        wait_for('it runs', lambda: int(pathlib.Path(f'/proc/{stuck.pid}/stat').read_text().split()[13]) > 10)
        files.stick()
        with Weir(profiling({'stuck': stuck, 'other': other})) as w:
            try:
                yield w, files
            finally:
                files.let_go()  # nothing else ends a thread that waits for it
            assert w.process.wait(5) == 0, w.log()


def a_file_system_that_hangs_costs_nobody_else():
    with beside_a_stuck_file_system() as (w, files):
        w.wait_ready()
        goes_on(w, files)
        ends(w, 2)


def weir_ends_while_a_read_hangs():
    with beside_a_stuck_file_system() as (w, files):
        wait_for('a read has no answer', lambda: files.waiting, 20)
        ends(w, 3)  # a read is waited for 2 s


run(a_file_system_that_hangs_costs_nobody_else, weir_ends_while_a_read_hangs)
