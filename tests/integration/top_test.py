#!/usr/bin/env python3
"""weir top in a terminal: its views, the filter, freezing, other sizes, and how it gives the terminal back; and in a pipe."""
import os
import pathlib
import signal
import subprocess
import sys
import termios

from browsing import a_browser, driver
from harness import ROOT, WEIR, need_bpf, run, run_weir, started
from terminal import Terminal

SIZES = [(80, 24), (120, 40)]


def quit_top(terminal):
    terminal.type('q')
    terminal.read(1)
    assert terminal.process.wait(5) == 0, terminal.process.stderr.read()
    assert termios.tcgetattr(terminal.slave) == terminal.before, 'the terminal is not as it was'


def take_picture(terminal, name):
    """WEIR_SHOTS names a folder for pictures."""
    folder = os.environ.get('WEIR_SHOTS')
    if not folder or driver.missing():
        return
    page = pathlib.Path(folder) / f'{name}.html'
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(terminal.html())
    with a_browser() as browser:
        browser.look(terminal.columns * 9 + 10, terminal.lines * 18 + 24, 'dark')
        browser.open(f'file://{page.resolve()}')
        browser.shot(f'{folder}/{name}.png')
    page.unlink()


def has(*texts):
    return lambda lines: all(any(text in line for line in lines) for text in texts)


def top_shows_processes_functions_and_containers():
    need_bpf()
    with started([ROOT / 'build/services/checkout']), started([ROOT / 'build/services/thumbnails']):
        for columns, lines in SIZES:
            with Terminal([str(WEIR), 'top', '-i', '1'], columns, lines) as t:
                screen = t.wait('both services are listed', has('checkout', 'thumbnails', 'shop::tax_of', '[Processes]'))
                assert len(screen) == lines and 'quit' in screen[-1], screen
                take_picture(t, f'top-processes-{columns}x{lines}')
                t.type('\t')
                t.wait('functions', has('[Functions]', 'blur_rows', 'shop::tax_of'))
                take_picture(t, f'top-functions-{columns}x{lines}')
                t.type('3')
                t.wait('containers', has('[Containers]', 'CONTAINER'))
                quit_top(t)


def the_filter_freezing_and_another_size():
    need_bpf()
    with started([ROOT / 'build/services/checkout']), started([ROOT / 'build/services/thumbnails']):
        with Terminal([str(WEIR), 'top', '-i', '0.5'], 80, 24) as t:
            t.wait('both are listed', has('checkout', 'thumbnails'))
            t.type('/THUMB')
            t.wait('the filter is applied', lambda s: has('thumbnails', '/THUMB')(s) and not has('checkout')(s))
            take_picture(t, 'top-filter-80x24')
            t.type('\r ')
            frozen = t.wait('it says so', has('frozen'))
            t.read(1.5)
            assert t.text() == frozen, (t.text(), frozen)
            t.type('\x1b')
            t.wait('Escape clears the filter', has('checkout', 'thumbnails'))
            t.resize(60, 10)
            screen = t.wait('the screen has the new size', lambda s: 'quit' in s[-1] and has('[Processes]')(s))
            assert len(screen) == 10, screen
            t.type(' ')
            t.process.terminate()
            t.read(1)
            assert t.process.wait(5) == 0


def state_of(pid):
    return pathlib.Path(f'/proc/{pid}/stat').read_text().rpartition(') ')[2][0]


# Runs a program as a shell runs a job: in a process group that somebody can wake.
JOB = """
import os, signal, sys
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
pid = os.fork()
if pid == 0:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execv(sys.argv[1], sys.argv[1:])
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


def ctrl_z_gives_the_terminal_back_for_a_while():
    need_bpf()
    with Terminal([sys.executable, '-c', JOB, str(WEIR), 'top', '-i', '0.5'], 80, 24) as t:
        t.wait('it shows something', has('[Processes]', ' of '))
        assert termios.tcgetattr(t.slave) != t.before
        leader = t.process.pid
        pid = int(pathlib.Path(f'/proc/{leader}/task/{leader}/children').read_text())
        t.type('\x1a')
        t.wait('it is stopped', lambda _: state_of(pid) == 'T', seconds=10)
        assert termios.tcgetattr(t.slave) == t.before, 'the terminal is not as it was'
        t.cells = {}
        os.kill(pid, signal.SIGCONT)
        t.wait('it shows something again', has('[Processes]', ' of '))
        assert termios.tcgetattr(t.slave) != t.before
        quit_top(t)


def ctrl_z_does_not_stop_what_nobody_could_wake():
    need_bpf()
    # The leader of a session, as below ssh -t.
    with Terminal([str(WEIR), 'top', '-i', '0.5'], 80, 24) as t:
        t.wait('it shows something', has('[Processes]', ' of '))
        t.type('\x1a')
        t.read(1)
        t.cells = {}
        t.wait('it goes on', has('[Processes]', ' of '))
        assert termios.tcgetattr(t.slave) != t.before
        quit_top(t)


def whatever_ends_it_gives_the_terminal_back():
    need_bpf()
    for end, number in ((lambda t: t.type('\x1c'), signal.SIGQUIT),
                        (lambda t: t.process.send_signal(signal.SIGSEGV), signal.SIGSEGV),
                        (lambda t: t.process.send_signal(signal.SIGABRT), signal.SIGABRT)):
        with Terminal([str(WEIR), 'top', '-i', '0.5'], 80, 24) as t:
            t.wait('it shows something', has('[Processes]', ' of '))
            end(t)
            t.read(1)
            assert t.process.wait(10) == -number, (number, t.process.returncode)
            assert termios.tcgetattr(t.slave) == t.before, number


def it_ends_with_its_terminal():
    need_bpf()
    master, slave = os.openpty()
    process = subprocess.Popen([str(WEIR), 'top', '-i', '0.5'], stdin=slave, stdout=slave, stderr=subprocess.DEVNULL)
    os.close(slave)
    assert os.read(master, 16)
    os.close(master)
    process.wait(10)


def a_pipe_gets_tables():
    need_bpf()
    with started([ROOT / 'build/services/checkout']):
        done = run_weir('top', '-i', '1', '-n', '2', '--by', 'functions', timeout=30)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('weir top') == 2 and 'shop::tax_of' in done.stdout, done.stdout
    assert '\x1b' not in done.stdout, done.stdout


run(top_shows_processes_functions_and_containers, the_filter_freezing_and_another_size,
    ctrl_z_gives_the_terminal_back_for_a_while, ctrl_z_does_not_stop_what_nobody_could_wake,
    whatever_ends_it_gives_the_terminal_back, it_ends_with_its_terminal, a_pipe_gets_tables)
