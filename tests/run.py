#!/usr/bin/env python3
"""Builds weir and runs every test; ./test is the way to call it.

  --quick       the release tree's test programs and the house checks only, without what measures for a minute
  --only WORD   only steps whose name contains WORD (may be repeated); --list names them

A test program's cases count one each; a script counts one for each line it prints: `ok NAME`, `not ok NAME`, or
`SKIP: NAME: reason`. Last line: `N passed, N failed, N skipped`.
"""
import argparse
import concurrent.futures
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
JOBS = os.cpu_count() or 2

# Where threads meet: worth a second build.
TSAN_PROGRAMS = ['base_test', 'runtime_test', 'net_test', 'store_test', 'web_test', 'components_test']

DOCTEST = re.compile(r'test cases:\s*(\d+) \|\s*(\d+) passed \|\s*(\d+) failed')
# Printed of cases that failed, and of those that only have something to say.
CASE = re.compile(r'^TEST CASE:\s*(.*)\n((?:(?!={40}).*\n)*)', re.M)
LINE = re.compile(r'^(ok|not ok|SKIP:) (.*)$', re.M)


@dataclasses.dataclass
class Outcome:
    """What one test program or script came to."""
    name: str
    passed: int = 0
    failures: list = dataclasses.field(default_factory=list)
    skips: list = dataclasses.field(default_factory=list)
    output: str = ''
    seconds: float = 0


class Tally:
    def __init__(self):
        self.outcomes = []
        self.lock = threading.Lock()

    def add(self, outcome):
        with self.lock:
            self.outcomes.append(outcome)
            self.show(outcome)

    @staticmethod
    def show(outcome):
        verdict = 'FAILED' if outcome.failures else 'ok'
        counts = f'{outcome.passed} passed, {len(outcome.failures)} failed, {len(outcome.skips)} skipped'
        print(f'{verdict:6} {outcome.name}: {counts} ({outcome.seconds:.1f} s)', flush=True)
        if outcome.failures:
            print(outcome.output, flush=True)
        for line in outcome.output.split('\n'):
            if line.startswith('FIGURE: '):
                print('       ' + line[8:], flush=True)

    def finish(self):
        for outcome in self.outcomes:
            for skip in outcome.skips:
                print(f'skipped: {skip}')
        for outcome in self.outcomes:
            for failure in outcome.failures:
                print(f'failed: {outcome.name}: {failure}')
        failed = sum(len(outcome.failures) for outcome in self.outcomes)
        passed = sum(outcome.passed for outcome in self.outcomes)
        skipped = sum(len(outcome.skips) for outcome in self.outcomes)
        print(f'{passed} passed, {failed} failed, {skipped} skipped')
        return 1 if failed else 0


def run(command, timeout, env=None):
    """(exit code or None after the timeout, everything it printed, seconds)"""
    start = time.monotonic()
    try:
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                              timeout=timeout, env={**os.environ, **(env or {})}, text=True, errors='replace')
        return done.returncode, done.stdout, time.monotonic() - start
    except subprocess.TimeoutExpired as expired:
        printed = expired.stdout or b''
        return None, printed.decode(errors='replace') + f'\nnot finished within {timeout} s', time.monotonic() - start


def unexplained(code):
    return 'not finished in time' if code is None else f'exit code {code}'


def run_program(name, path, env=None):
    """A doctest program: its cases count one each."""
    code, output, seconds = run([path, '--no-colors=true', '--no-path-filenames=true'], 300, env)
    outcome = Outcome(name, output=output, seconds=seconds)
    outcome.skips = re.findall(r'^SKIP: (.*)$', output, re.M)
    # The last one: a test may show what another program of its kind printed.
    for summary in list(DOCTEST.finditer(output))[-1:]:
        # A case that skips prints why and returns: doctest has counted it as passed.
        outcome.passed = max(0, int(summary.group(2)) - len(outcome.skips))
        names = [name for name, text in CASE.findall(output) if 'ERROR: ' in text]
        outcome.failures = list(dict.fromkeys(names))[:int(summary.group(3))]
        outcome.failures += ['a case'] * (int(summary.group(3)) - len(outcome.failures))
    if code != 0 and not outcome.failures:
        outcome.failures = [unexplained(code)]
    return outcome


def run_script(name, command, timeout=300):
    """A script: one for each line it prints."""
    command = list(map(str, command))
    code, output, seconds = run(command, timeout)
    outcome = Outcome(name, output=output, seconds=seconds)
    for verdict, text in LINE.findall(output):
        if verdict == 'ok':
            outcome.passed += 1
        elif verdict == 'not ok':
            outcome.failures.append(text)
        else:
            outcome.skips.append(text)
    nothing = not outcome.passed and not outcome.skips
    if not outcome.failures and (code != 0 or nothing):
        outcome.failures = [unexplained(code) if code != 0 else 'it checked nothing']
    return outcome


def build(preset, folder, targets, before=()):
    """Configures and builds; an Outcome that fails or passes as one test. `before`: what the commands begin with."""
    name = f'build {preset}'
    print(f'       {name} ...', flush=True)
    code, output, seconds = run([*before, 'cmake', '--preset', preset, '--log-level=WARNING'], 600)
    if code == 0:
        command = [*before, 'cmake', '--build', folder, '--target', *targets]
        code, output, more = run(command, 7200)
        seconds += more
    outcome = Outcome(name, output='\n'.join(output.split('\n')[-60:]), seconds=seconds)
    if code == 0:
        outcome.passed = 1
    else:
        outcome.failures = [unexplained(code)]
    return outcome


def programs(folder):
    return sorted(path for path in (ROOT / folder / 'tests').glob('*_test') if os.access(path, os.X_OK))


def run_programs(tally, folder, label, env=None, only=None):
    chosen = [path for path in programs(folder) if only is None or path.name in only]
    # Those that load BPF measure the machine: they get it to themselves, after the others.
    alone = [path for path in chosen if 'root' in path.name]
    beside = [path for path in chosen if path not in alone]
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        for outcome in pool.map(lambda path: run_program(f'{label}{path.name}', path, env), beside):
            tally.add(outcome)
    for path in alone:
        tally.add(run_program(f'{label}{path.name}', path, env))


def step_release(tally):
    tally.add(build('release', 'build', ['weir', 'demo_services', 'weir_tests', 'weir_compiled']))
    if not tally.outcomes[-1].failures:
        run_programs(tally, 'build', '')


def step_quick(tally):
    tally.add(build('release', 'build', ['weir', 'weir_tests']))
    if not tally.outcomes[-1].failures:
        run_programs(tally, 'build', '', only=[path.name for path in programs('build') if 'root' not in path.name])


def step_house(tally):
    for script in sorted((ROOT / 'tests/house').glob('*.py')):
        if script.name not in ('tidy.py', 'project.py'):
            tally.add(run_script(f'house/{script.stem}', [sys.executable, str(script)]))


# Idle: it takes only the CPU time that nothing else wants.
IDLE = ['chrt', '--idle', '0'] if shutil.which('chrt') else ['nice', '-n', '19']


def go_programs(before=()):
    # Eight CPU minutes, once on a machine: within a test it would look as if that hung.
    return run_script('Go programs', [*before, sys.executable, ROOT / 'tests/integration/go_program.py'], 3600)


def tidy(before=()):
    return run_script('house/tidy', [*before, sys.executable, ROOT / 'tests/house/tidy.py'], 3600)


def build_asan(before=()):
    return build('asan-ubsan', 'build-asan', ['weir_tests'], before)


def build_tsan(before=()):
    known = [path.stem for path in (ROOT / 'tests').glob('*/') if f'{path.name}_test' in TSAN_PROGRAMS]
    return build('tsan', 'build-tsan', [f'{name}_test' for name in known], before)


class Scripts:
    """The scripts below tests/, in the order in which they run."""

    TIMED = ('slowloris', 'startup')

    def __init__(self):
        texts = {path: path.read_text() for path in sorted((ROOT / 'tests').glob('*/**/*_test.py'))}
        # Programs that are made once on a machine, and take longer than a script may.
        self.need_go = [path for path, text in texts.items() if 'go_program' in text or 'import Cluster' in text or 'kubernetes' in path.name]
        # They look at the whole machine, or at how fast it is.
        self.measure = [path for path, text in texts.items()
                        if path not in self.need_go and ('need_bpf' in text or path.name.startswith(self.TIMED))]
        self.others = [path for path in texts if path not in self.measure and path not in self.need_go]

    @staticmethod
    def run(tally, paths):
        for path in paths:
            name = path.relative_to(ROOT / 'tests').with_suffix('')
            tally.add(run_script(str(name), [sys.executable, path]))


def run_scripts(tally, meanwhile, pool):
    """Those that wait for daemons most of the time leave the CPUs to `meanwhile`: functions that return an Outcome. Returns
    their outcomes, by function, as futures of the pool."""
    scripts = Scripts()
    Scripts.run(tally, scripts.measure)
    outcomes = {work: pool.submit(work, IDLE) for work in (go_programs, *meanwhile)}
    Scripts.run(tally, scripts.others)
    tally.add(outcomes[go_programs].result())
    Scripts.run(tally, scripts.need_go)
    return outcomes


def run_kernels(tally):
    if (ROOT / 'tests/kernels/run').exists():
        tally.add(run_script('kernels', [str(ROOT / 'tests/kernels/run'), '5.10', '6.1'], 900))


def run_asan(tally):
    options = {'ASAN_OPTIONS': 'detect_stack_use_after_return=1', 'UBSAN_OPTIONS': 'print_stacktrace=1'}
    run_programs(tally, 'build-asan', 'asan/', options)


def run_tsan(tally):
    run_programs(tally, 'build-tsan', 'tsan/', {'TSAN_OPTIONS': 'halt_on_error=1'}, TSAN_PROGRAMS)


# What needs nothing but CPU time, and what it makes is good for.
CPU_WORK = {'tidy': (tidy, None), 'asan': (build_asan, run_asan), 'tsan': (build_tsan, run_tsan)}
STEPS = ['release', 'house', 'scripts', 'kernels', *CPU_WORK]


def run_steps(tally, steps, pool):
    work = {step: CPU_WORK[step] for step in steps if step in CPU_WORK}
    outcomes = {}
    if 'quick' in steps:
        step_quick(tally)
    if 'release' in steps:
        step_release(tally)
    if 'house' in steps:
        step_house(tally)
    if 'scripts' in steps:
        outcomes = run_scripts(tally, [function for function, _ in work.values()], pool)
    if 'kernels' in steps:
        run_kernels(tally)
    # All of it first: programs that measure the machine are to have it to themselves.
    done = {step: outcomes[work[step][0]].result() if outcomes else work[step][0]() for step in work}
    for step, outcome in done.items():
        tally.add(outcome)
        use = work[step][1]
        if use and not outcome.failures:
            use(tally)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--quick', action='store_true')
    parser.add_argument('--only', action='append', metavar='WORD')
    parser.add_argument('--list', action='store_true')
    options = parser.parse_args()
    steps = ['quick', 'house'] if options.quick else STEPS
    if options.only:
        steps = [step for step in steps if any(word in step for word in options.only)]
    if options.list:
        print('\n'.join(steps))
        return 0
    tally = Tally()
    pool = concurrent.futures.ThreadPoolExecutor(1)
    try:
        run_steps(tally, steps, pool)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return tally.finish()


if __name__ == '__main__':
    sys.exit(main())
