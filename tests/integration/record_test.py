#!/usr/bin/env python3
"""weir record: one run in every form agrees to the sample; short commands, whole machines, refusals; the page in a file."""
import base64
import contextlib
import gzip
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time

from browsing import DOWN, ENTER, ESCAPE, a_browser, driver, need_browser, page, take_shots
from harness import ROOT, WEIR, Skip, figure, need_bpf, need_root, run, run_weir, started
from receiver import total_of

NOBODY = 65534
FOLDER = pathlib.Path(tempfile.mkdtemp(prefix='weir-record-'))
FORMS = ('pb.gz', 'folded', 'speedscope.json', 'html')
# A child of a shell, which itself does something too: both are recorded.
SHORT = ['sh', '-c', 'i=0; while [ $i -lt 40000 ]; do i=$((i+1)); done; python3 -c "sum(i * i for i in range(1500000))"; times']


def seconds_of(times):
    """What the shell's `times` says: user and system time, its own and its children's."""
    return sum(60 * int(minutes) + float(seconds) for minutes, seconds in re.findall(r'(\d+)m([\d.]+)s', times))


def record(*arguments, seconds=60, **options):
    """(exit code, what it said)"""
    done = run_weir('record', *map(str, arguments), timeout=seconds, **options)
    return done.returncode, done.stderr


def outputs(name):
    return [word for form in FORMS for word in ('-o', FOLDER / f'{name}.{form}')]


def folded_stacks(path):
    return [line.rsplit(' ', 1) for line in path.read_text(errors='replace').splitlines()]


def data_of_page(path):
    found = re.search(r'id="profile">([^<]+)<', path.read_text())
    return json.loads(gzip.decompress(base64.b64decode(found.group(1))))


def totals(name):
    """What each form says the run took, in nanoseconds."""
    speedscope = json.loads((FOLDER / f'{name}.speedscope.json').read_text())['profiles'][0]
    assert sum(speedscope['weights']) == speedscope['endValue']
    flame = data_of_page(FOLDER / f'{name}.html')['flame']
    assert sum(flame['self']) == flame['total'][0]
    return {'pprof': total_of((FOLDER / f'{name}.pb.gz').read_bytes()),
            'folded': sum(int(value) for _, value in folded_stacks(FOLDER / f'{name}.folded')),
            'speedscope': speedscope['endValue'], 'html': flame['total'][0]}


def a_short_command_is_recorded_from_its_first_instruction_in_every_form_alike():
    need_bpf()
    begun = time.monotonic()
    done = run_weir('record', '-r', '997', *outputs('short'), '--', *SHORT)
    code, said, used = done.returncode, done.stderr, seconds_of(done.stdout)
    assert code == 0, said
    samples = int(re.search(r': ([\d,]+) samples', said).group(1).replace(',', ''))
    wall = float(re.search(r'for ([\d.]+) s', said).group(1))
    seen = totals('short')
    figure(f'a command of {wall} s with {used:.2f} s of CPU time at 997 Hz: {samples} samples, {time.monotonic() - begun:.1f} s in all')
    assert used < 1, said
    # A sample stands for a period: 1e9 / 997 ns, in whole nanoseconds.
    assert set(seen.values()) == {samples * (10**9 // 997)}, (seen, samples)
    assert '0 samples lost' in said, said
    # All the time that it used is there, and all of its processes.
    # `times` counts in hundredths.
    assert abs(seen['pprof'] / 1e9 - used) < 0.1 * used + 0.04, (seen, used)
    roots = {stack.split(';')[0] for stack, _ in folded_stacks(FOLDER / 'short.folded')}
    assert {'sh', 'python3'} <= roots, roots


def the_whole_machine_and_one_process_and_ctrl_c():
    need_bpf()
    with started([ROOT / 'build/services/checkout']) as checkout, started([ROOT / 'build/services/thumbnails']):
        code, said = record('-d', 2, *outputs('machine'))
        assert code == 0, said
        roots = {stack.split(';')[0] for stack, _ in folded_stacks(FOLDER / 'machine.folded')}
        assert {'checkout', 'thumbnails'} <= roots, roots
        assert len(set(totals('machine').values())) == 1, totals('machine')

        command = [str(WEIR), 'record', '-d', '600', '-p', str(checkout.pid), '-o', str(FOLDER / 'one.folded')]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert 'Recording' in process.stderr.readline()
        time.sleep(1.5)  # what is sampled in this time must be kept
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=10)[1]
        assert process.returncode == 0 and 'stopped by a signal' in said, said
        stacks = folded_stacks(FOLDER / 'one.folded')
        assert stacks and {stack.split(';')[0] for stack, _ in stacks} == {'checkout'}, stacks[:5]
        assert any('shop::tax_of' in stack for stack, _ in stacks), stacks[:5]


def what_a_shell_has_ignored_does_no_harm():
    need_bpf()
    # nohup ignores SIGHUP: whoever logs out does not end the recording.
    command = [str(WEIR), 'record', '-d', '3', '-o', str(FOLDER / 'nohup.folded')]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    assert 'Recording' in process.stderr.readline()
    process.send_signal(signal.SIGHUP)
    said = process.communicate(timeout=30)[1]
    assert process.returncode == 0 and 'for 3.0 s' in said and 'signal' not in said, said
    # Who ignores SIGCHLD would never hear that the command has ended.
    code, said = record('-o', FOLDER / 'child.folded', '--', 'sh', '-c', 'exit 3', seconds=30,
                        preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
    assert code == 0 and 'the command ended with code 3' in said, said


def all_that_a_command_has_started_ends_with_it():
    need_bpf()
    mark = f'600.{os.getpid()}'
    script = f'sleep {mark} & setsid sleep {mark} & sleep {mark}'
    code, said = record('-d', 1, '-o', FOLDER / 'group.folded', '--', 'sh', '-c', script)
    assert code == 0, said
    left = subprocess.run(['pgrep', '-f', f'sleep {mark}'], capture_output=True, text=True, check=False).stdout
    assert left == '', left
    # But not what the shell had started that became the recorder.
    shell = f'sleep {mark} >&- & echo $!; exec {WEIR} record -d 1 -o {FOLDER}/exec.folded -- sleep 600'
    done = subprocess.run(['sh', '-c', shell], stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL, timeout=60, start_new_session=True, check=False)
    os.kill(int(done.stdout), signal.SIGKILL)
    assert done.returncode == 0, done


def the_browser_of_who_called_sudo_finds_their_things():
    need_bpf()
    need_root()
    folder = FOLDER / 'browser'
    folder.mkdir()
    os.chmod(FOLDER, 0o755)
    os.chmod(folder, 0o777)
    fake = folder / 'xdg-open'
    fake.write_text(f'#!/bin/sh\n{{ id -u; env; echo "file $1"; }} > {folder}/told\n')
    fake.chmod(0o755)
    page_file = folder / 'page.html'
    code, said = record('-d', 1, '-o', page_file, '--open', env={
        'PATH': f'{folder}:{os.environ["PATH"]}', 'HOME': '/root', 'USER': 'root', 'XDG_RUNTIME_DIR': '/run/user/0', 'DISPLAY': ':7',
        'SUDO_UID': str(NOBODY), 'SUDO_GID': str(NOBODY)})
    assert code == 0 and 'xdg-open' not in said, said
    uid, *told = (folder / 'told').read_text().splitlines()
    nobody = pwd.getpwuid(NOBODY)
    assert uid == str(NOBODY), uid
    for line in (f'HOME={nobody.pw_dir}', f'USER={nobody.pw_name}', f'XDG_RUNTIME_DIR=/run/user/{NOBODY}', 'DISPLAY=:7', f'file {page_file}'):
        assert line in told, (line, told)
    assert not any(line.startswith('SUDO_') for line in told), told
    assert page_file.stat().st_uid == NOBODY


def help_is_given_behind_other_flags():
    done = run_weir('record', '-d', '10', '--help', timeout=10)
    assert done.returncode == 0 and 'Usage:' in done.stdout, done


@contextlib.contextmanager
def in_container(pid):
    """Puts the process into a cgroup as a container runtime makes it."""
    root = pathlib.Path('/sys/fs/cgroup')
    if not (root / 'cgroup.controllers').exists():
        root /= 'memory'  # where version 1 has it
    if not os.access(root, os.W_OK):
        raise Skip(f'{root} cannot be written to')
    identity = 'c0ffee' + '0' * 58
    group = root / f'docker-{identity}.scope'
    try:
        group.mkdir()
        (group / 'cgroup.procs').write_text(str(pid))
        yield identity
    except OSError as error:
        raise Skip(f'no cgroup of our own: {error}') from None
    finally:
        with contextlib.suppress(OSError):
            (root / 'cgroup.procs').write_text(str(pid))
            group.rmdir()


def a_container_is_found_by_the_start_of_its_id():
    need_bpf()
    with started([ROOT / 'build/services/checkout']) as checkout, started([ROOT / 'build/services/thumbnails']):
        with in_container(checkout.pid) as identity:
            code, said = record('-d', 2, '--container', identity[:8], '-o', FOLDER / 'container.folded')
            assert code == 0, said
            assert {stack.split(';')[0] for stack, _ in folded_stacks(FOLDER / 'container.folded')} == {'checkout'}, said


def a_recording_ends_with_its_process():
    need_bpf()
    with started(['sh', '-c', 'sleep 1']) as process:
        wait = subprocess.Popen([str(WEIR), 'record', '-d', '600', '-p', str(process.pid), '-o', str(FOLDER / 'gone.html')],
                                stderr=subprocess.PIPE, text=True)
        process.wait(10)
        said = wait.communicate(timeout=10)[1]
    assert wait.returncode == 0 and 'the process has ended' in said, said


def a_plain_user_reads_what_to_run():
    need_root()
    if not shutil.which('setpriv'):
        raise Skip('setpriv is missing (apt install util-linux)')
    copy = FOLDER / 'weir'
    shutil.copy(WEIR, copy)
    FOLDER.chmod(0o777)
    done = subprocess.run(['setpriv', f'--reuid={NOBODY}', f'--regid={NOBODY}', '--clear-groups', '--inh-caps=-all', str(copy),
                           'record', '-d', '1', '--', 'sh', '-c', "echo 'a b'"], capture_output=True, text=True, cwd=FOLDER)
    assert done.returncode == 2, done
    assert f"\n  sudo {copy} record -d 1 -- sh -c 'echo '\\''a b'\\'''\n" in done.stderr, done.stderr


def two_recordings_are_compared():
    need_bpf()
    work = 'sum(sum(range(20000)) for i in range(300))'
    for name, code in (('before', work), ('after', work + "\nsorted(str(i) for i in range(300000))")):
        done, said = record('-r', 499, *outputs(name), '--', 'python3', '-c', code)
        assert done == 0, said
    files = [FOLDER / f'{name}.pb.gz' for name in ('before', 'after')]
    done = run_weir('diff', *files)
    assert done.returncode == 0 and ' new ' in done.stdout, done
    shown = [re.search(r'^(before|after) +(\S+) (\S+)', line).group(2, 3) for line in done.stdout.splitlines()[:2]]
    assert shown[0] != shown[1], done.stdout
    done = run_weir('diff', *files, '-o', FOLDER / 'diff.folded')
    assert done.returncode == 0, done
    lines = [line.rsplit(' ', 2) for line in (FOLDER / 'diff.folded').read_text(errors='replace').splitlines()]
    sums = [sum(int(line[column]) for line in lines) for column in (1, 2)]
    assert sums == [totals('before')['pprof'], totals('after')['pprof']], sums
    done = run_weir('diff', *files, '-o', FOLDER / 'diff.html')
    assert done.returncode == 0, done
    if driver.missing():
        return
    with a_browser() as browser:
        url = f'file://{FOLDER}/diff.html'
        browser.open(url)
        browser.wait_text('Before: before.pb.gz. After: after.pb.gz.')
        assert page.is_drawn(browser)
        assert not browser.complaints()
        take_shots(browser, {'file-diff': (url, 'canvas')})


HOSTILE = """</script><script>document.title = 'taken'</script>;<img src=x onerror="document.title = 'taken'">;\u202eleaf 5
main;%data%<!-- 7
"""


def names_are_only_names_in_the_page():
    need_browser()
    for name, text in (('plain', 'main;leaf 9\n'), ('hostile', HOSTILE)):
        (FOLDER / f'{name}.folded').write_text(text)
    done = run_weir('diff', FOLDER / 'plain.folded', FOLDER / 'hostile.folded', '-o', FOLDER / 'hostile.html')
    assert done.returncode == 0, done
    with a_browser() as browser:
        browser.open(f'file://{FOLDER}/hostile.html')
        browser.wait_text('</script><script>document.title')
        assert browser.run('return document.title') == 'hostile.folded'
        assert browser.run('return document.images.length + document.scripts.length') == 2
        assert not browser.complaints()


FUNCTIONS = ['shop::tax_of', 'handle_order', 'main']


def the_page_in_a_file_opens_without_a_server():
    need_bpf()
    with started([ROOT / 'build/services/checkout']) as checkout, a_browser() as browser:
        code, said = record('-d', 3, '-p', checkout.pid, '-o', FOLDER / 'page.html')
        assert code == 0, said
        url = f'file://{FOLDER}/page.html'
        browser.open(url)
        browser.wait('the graph is there', 'return document.querySelector("canvas") !== null')
        assert page.is_drawn(browser)
        for function in FUNCTIONS:
            assert any(function in name for name in page.functions_listed(browser, function)), function
        page.functions_listed(browser, '')
        complaints = browser.complaints()
        assert not complaints, complaints
        keyboard_works(browser)
        take_shots(browser, {'file-process': (url, 'canvas')})


def keyboard_works(browser):
    focused = 'return document.activeElement?.hasAttribute("data-slash")'
    browser.press('/')
    browser.wait('“/” goes to the search', focused)
    browser.press('t', 'a', 'x')
    browser.wait('it searches', 'return document.querySelector(".tools [role=status]") !== null')
    browser.press(ESCAPE, ESCAPE)
    browser.wait('Escape clears it', 'return document.querySelector(".tools [role=status]") === null')
    browser.run('document.querySelector("canvas").focus()')
    browser.press(DOWN, DOWN, ENTER)
    browser.wait('Enter zooms', 'return document.querySelector(".path .link") !== null')
    browser.press(ESCAPE)
    dark = browser.run('return getComputedStyle(document.body).backgroundColor')
    browser.press('t')
    browser.wait('“t” changes dark and light', 'return getComputedStyle(document.body).backgroundColor !== arguments[0]', dark)
    browser.press('t', '?')
    browser.wait('“?” lists the keys', 'return document.querySelector("dialog[open]") !== null')
    browser.press(ESCAPE)


try:
    run(a_short_command_is_recorded_from_its_first_instruction_in_every_form_alike,
        the_whole_machine_and_one_process_and_ctrl_c,
        a_container_is_found_by_the_start_of_its_id,
        a_recording_ends_with_its_process,
        what_a_shell_has_ignored_does_no_harm,
        all_that_a_command_has_started_ends_with_it,
        the_browser_of_who_called_sudo_finds_their_things,
        help_is_given_behind_other_flags,
        a_plain_user_reads_what_to_run,
        two_recordings_are_compared,
        names_are_only_names_in_the_page,
        the_page_in_a_file_opens_without_a_server)
finally:
    shutil.rmtree(FOLDER, ignore_errors=True)
