#!/usr/bin/env python3
"""Nothing that was collected is lost on its way: dead and faulty servers, faulty disks, kill -9, a day of backlog.

  --long   minutes instead of seconds, a hundred kills instead of six
  WORD…    only tests with one of them in their name
"""
import contextlib
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time

from certificates import make_expired, need_openssl
from faulty_server import FaultyServer
from harness import ROOT, Skip, Weir, figure, need_root, run_chosen, wait_for

LONG = '--long' in sys.argv
WRITE = 'pyroscope.write.out'
IN_FLIGHT = 8  # requests of an endpoint
ENDPOINT = '''
  endpoint {{
    url                = "{url}"
    remote_timeout     = "1s"
    min_backoff_period = "50ms"
    max_backoff_period = "300ms"
    {more}
  }}'''


def config(urls, log, load, more='', queue=''):
    endpoints = ''.join(ENDPOINT.format(url=url, more=more) for url in urls)
    return f'''
test.profiles "load" {{
  forward_to = [{WRITE}.receiver]
  log        = "{log}"
  {load}
}}
pyroscope.write "out" {{ {endpoints}
  {queue}
}}
'''


class Loaded(Weir):
    """A weir with a source of profiles; `log` says how many it has made."""

    def __init__(self, urls, load, storage=None, more='', queue=''):
        self.log_of_load = pathlib.Path(tempfile.mkdtemp(prefix='weir-load-')) / 'log'
        super().__init__(config(urls, self.log_of_load, load, more, queue))
        self.command[0] = str(ROOT / 'build/tests/weir_load')
        if storage:
            self.storage = storage
            self.command = [f'--storage.path={storage}' if word.startswith('--storage.path') else word for word in self.command]

    def __exit__(self, *error):
        super().__exit__(*error)
        shutil.rmtree(self.log_of_load.parent, ignore_errors=True)

    def rounds(self):
        """(last number, time) of each round."""
        with contextlib.suppress(FileNotFoundError):
            # The last line may be half written.
            whole = self.log_of_load.read_text().rpartition('\n')[0]
            return [(int(line.split()[0]), float(line.split()[1])) for line in whole.splitlines()]
        return []

    def made(self):
        rounds = self.rounds()
        return rounds[-1][0] + 1 if rounds else 0

    def dropped(self):
        return self.count('pyroscope_write_dropped_profiles_total')

    def waiting(self):
        return self.metric('pyroscope_write_queue_profiles')

    def stop_load(self):
        self.change_config('per_round', 'rounds = 1\n  per_round')
        assert self.status('/-/reload', 'POST') == 200
        made = -1
        while made != self.made():  # a round may be on its way
            made = self.made()
            time.sleep(0.3)


class Patience:
    """Another process asks for the page, the metrics, a component and a reload all the time."""

    ASKED = ['GET:/', 'GET:/metrics', f'GET:/api/v0/web/components/{WRITE}', 'POST:/-/reload']

    def __init__(self, w):
        self.w, self.process, self.times = w, None, []

    def __enter__(self):
        command = [sys.executable, str(pathlib.Path(__file__).with_name('patience.py')), self.w.url, str(self.w.process.pid),
                   *self.ASKED]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        if self.process:
            answered = self.process.communicate()[0]
            assert self.process.returncode == 0, 'an answer was none'
            self.times += json.loads(answered)
            self.process = None

    def check(self):
        """95 of 100 within 50 ms, and all but for the time in which others had the CPUs."""
        self.end()
        times = sorted(self.times)
        typical, (worst, _, path) = times[len(times) * 95 // 100][0], times[-1]
        late = sum(took >= 0.05 for took, _, _ in times)
        own = max(took - waited for took, waited, _ in times)
        assert typical < 0.05 and own < 0.05, (typical, own, worst, path)
        return (f'answers {typical * 1000:.0f} ms (95 %), {worst * 1000:.0f} ms at most ({path}), {late} of {len(times)} took 50 ms, '
                f'{own * 1000:.0f} ms at most but for waiting for a CPU')


def missing(server, numbers):
    return sorted(set(numbers) - server.taken.keys())


def a_dead_endpoint_costs_the_other_one_nothing():
    seconds, every = (300, 3) if LONG else (6, 0.5)
    with FaultyServer() as good, FaultyServer('refused') as dead:
        with Loaded([dead.url, good.url], f'every = "{every}s"\n  per_round = 20') as w, Patience(w.wait_ready()) as patience:
            time.sleep(seconds)
            wait_for('the last round arrives', lambda: not missing(good, range(w.made())), 2)
            late = max(good.arrived[n] - at for last, at in w.rounds() for n in range(last - 19, last + 1))
            assert late < 1, late
            assert w.dropped() == 0 and dead.url in w.health(WRITE)['message'], w.health(WRITE)
            figure(f'one dead and one good endpoint, {seconds} s: {len(good.taken)} of {w.made()} at the good one, the latest '
                   f'{late * 1000:.0f} ms after its round; {patience.check()}')
            dead.set('ok')
            wait_for('the other one has all, too', lambda: not missing(dead, range(w.made() - 20)), 30)


def one_fault(fault, seconds):
    """A line of the table."""
    with FaultyServer() as server:
        with Loaded([server.url], 'every = "100ms"\n  per_round = 5\n  samples = 4') as w, Patience(w.wait_ready()) as patience:
            wait_for('it works', lambda: server.taken)
            server.set(fault)
            before = len(server.taken)
            time.sleep(seconds)
            kept, rss, error = w.waiting(), w.rss_kb() // 1024, w.health(WRITE)['message']
            server.set('ok')
            w.stop_load()
            made = w.made()
            wait_for('all arrive or are counted', lambda: len(server.taken) + w.dropped() >= made, 30)
            # Of what is being halved while the server is mended a part arrives, and the profile is given up all the same.
            in_part = w.dropped() - (made - len(server.taken))
            assert 0 <= in_part <= (IN_FLIGHT if fault == '413' else 0), (w.dropped(), made, len(server.taken))
            lossy = fault in ('400', '413', '422')
            assert lossy == (w.dropped() > 0), (fault, w.dropped())
            if fault != 'slow' and not lossy:
                assert kept >= 5 * seconds, kept
                assert 'sent, the last' not in error, error
            if fault != '413':
                assert sum(server.taken.values()) == len(server.taken), server.taken.most_common(3)
            figure(f'{fault:8} made {made}, sent before {before}, kept {kept:.0f}, sent at last {len(server.taken)}, dropped '
                   f'{w.dropped():.0f}, {rss} MiB; {patience.check()}')


def every_fault_of_a_server_keeps_or_counts_each_profile():
    for fault in ('refused', 'blackhole', 'slow', 'hang', 'reset', 'garbage', '429 1', '400', '401', '403', '404', '413', '415', '422', '500', '503'):
        one_fault(fault, 20 if LONG else 1.2)


def an_expired_certificate_keeps_the_queue():
    need_openssl()
    with tempfile.TemporaryDirectory() as folder:
        make_expired(folder, 'server')
        files = f'{folder}/server.crt', f'{folder}/server.key'
        with FaultyServer(certificate=files) as server:
            tls = f'tls_config {{\n      ca_file = "{files[0]}"\n    }}'
            with Loaded([server.url], 'every = "100ms"\n  per_round = 5', more=tls) as w:
                w.wait_ready()
                message = w.wait_says(WRITE, 'expired')['message']
                assert not server.taken and w.dropped() == 0
                w.change_config('tls_config {', 'tls_config {\n      insecure_skip_verify = true')
                w.stop_load()
                wait_for('all arrive', lambda: not missing(server, range(w.made())))
                figure(f'expired certificate: {len(server.taken)} sent after its check was turned off; before: {message[:120]}')


@contextlib.contextmanager
def small_disk(kib):
    need_root()
    folder = pathlib.Path(tempfile.mkdtemp(prefix='weir-disk-'))
    if subprocess.run(['mount', '-t', 'tmpfs', '-o', f'size={kib}k', 'weir-test', folder], capture_output=True).returncode != 0:
        folder.rmdir()
        raise Skip('may not mount')
    try:
        yield folder
    finally:
        subprocess.run(['umount', '-l', folder], check=True)
        folder.rmdir()


@contextlib.contextmanager
def failing_disk():
    """One that turns read-only when its file system finds an error; and how to make it find one."""
    need_root()
    image = pathlib.Path(tempfile.mkdtemp(prefix='weir-disk-')) / 'image'
    folder = image.with_name('disk')
    folder.mkdir()
    image.write_bytes(b'')
    os.truncate(image, 32 << 20)
    made = shutil.which('mkfs.ext4', path=os.environ['PATH'] + ':/usr/sbin:/sbin')
    if not made or subprocess.run([made, '-q', '-F', image], capture_output=True).returncode != 0:
        raise Skip('there is no mkfs.ext4')
    if subprocess.run(['mount', '-o', 'loop,errors=remount-ro', image, folder], capture_output=True).returncode != 0:
        raise Skip('may not mount')
    try:
        device = subprocess.run(['findmnt', '-no', 'SOURCE', folder], capture_output=True, text=True).stdout.strip()
        yield folder, pathlib.Path('/sys/fs/ext4', pathlib.Path(device).name, 'trigger_fs_error')
    finally:
        subprocess.run(['umount', '-l', folder], check=True)
        shutil.rmtree(image.parent)


def fill(folder):
    pass  # the queue itself fills it


def remove(folder):
    for entry in folder.iterdir():
        shutil.rmtree(entry)


def one_disk_fault(name, disk, break_disk, says):
    seconds = 15 if LONG else 2
    with FaultyServer('refused') as server:
        with Loaded([server.url], 'every = "50ms"\n  per_round = 20', storage=disk) as w, Patience(w.wait_ready()) as patience:
            wait_for('the queue is on the disk', lambda: w.metric('pyroscope_write_queue_on_disk') == 1)
            break_disk(disk)
            if says:
                w.wait_says(WRITE, says, 15)
            time.sleep(seconds)
            message = w.health(WRITE)['message']
            kept, rss = w.waiting(), w.rss_kb() // 1024
            server.set('ok')
            w.stop_load()
            made = w.made()
            wait_for('all arrive or are counted', lambda: len(server.taken) + w.dropped() >= made, 30)
            assert w.dropped() == made - len(server.taken), (w.dropped(), made, len(server.taken))
            figure(f'disk {name}: made {made}, kept {kept:.0f}, sent {len(server.taken)}, dropped {w.dropped():.0f}, {rss} MiB; '
                   f'{patience.check()}; "{message[-100:]}"')
            return made - len(server.taken)


def a_disk_that_is_full_or_removed_costs_nothing_that_is_in_memory():
    with small_disk(200) as disk:
        assert one_disk_fault('full', disk, fill, 'in memory only') == 0 or LONG
    with small_disk(50_000) as disk:
        assert one_disk_fault('removed', disk, remove, '') == 0


def a_disk_that_turns_read_only_costs_nothing_that_is_in_memory():
    with failing_disk() as (disk, trigger):
        assert one_disk_fault('read-only', disk, lambda _: trigger.write_text('a test'), 'in memory only') == 0 or LONG


def a_read_only_disk_is_used_as_soon_as_it_may_be_written():
    with small_disk(50_000) as disk, FaultyServer('refused') as server:
        subprocess.run(['mount', '-o', 'remount,ro', disk], check=True)
        with Loaded([server.url], 'every = "50ms"\n  per_round = 5', storage=disk) as w, Patience(w.wait_ready()) as patience:
            message = w.wait_says(WRITE, 'in memory only')['message']
            assert w.metric('pyroscope_write_queue_on_disk') == 0
            subprocess.run(['mount', '-o', 'remount,rw', disk], check=True)
            wait_for('it is on the disk', lambda: w.metric('pyroscope_write_queue_on_disk') == 1, 10)
            # What had gathered in memory is written before what comes now.
            gathered = w.made()
            wait_for('what had gathered is there, too', lambda: w.made() >= gathered + 50)
            patience.end()
            w.process.kill()
            w.process.wait()
            before = w.made()
        with Loaded([server.url], 'every = "50ms"\n  rounds = 1\n  per_round = 5\n  first = 1000000', storage=disk) as w:
            server.set('ok')
            w.wait_ready()
            wait_for('all arrive', lambda: len(missing(server, range(before))) <= 5, 10)
            figure(f'read-only disk: made {before}, then writable, then kill -9: {len(missing(server, range(before)))} lost of them; '
                   f'{patience.check()}; "{message[-120:]}"')


def a_stop_sends_what_can_be_sent_and_keeps_the_rest():
    for fault in ('ok', 'slow 0.2', 'refused', 'hang'):  # a stop waits 1.5 s for a slow one
        storage = pathlib.Path(tempfile.mkdtemp(prefix='weir-stop-'))
        with FaultyServer() as server:
            load = 'every = "100ms"\n  per_round = 20'
            with Loaded([server.url], load, storage=storage) as w:
                w.wait_ready()
                wait_for('it works', lambda: server.taken)
                server.set(fault)
                wait_for('more is made', lambda: w.made() >= 100)
                begin = time.monotonic()
                assert w.stop(seconds=5) == 0, w.log()
                took, made, before = time.monotonic() - begin, w.made(), len(server.taken)
            if fault in ('ok', 'slow 0.2'):
                assert not missing(server, range(made)), (fault, missing(server, range(made)))
            server.set('ok')
            with Loaded([server.url], load + '\n  rounds = 1\n  first = 1000000', storage=storage) as w:
                w.wait_ready()
                wait_for('the rest arrives', lambda: not missing(server, range(made)))
            assert sum(server.taken.values()) == len(server.taken)
            figure(f'stop, server {fault}: {took:.2f} s, {before} of {made} sent, the rest by the next run')
        shutil.rmtree(storage, ignore_errors=True)


def flap(server, over):
    while not over.wait(random.uniform(0.1, 0.6)):
        server.set(random.choice(['ok', 'ok', 'ok', 'refused', '500', '503', '429', 'hang', 'reset']))


def kill_nine_costs_at_most_a_window_each_time():
    kills = 100 if LONG else 6
    window = 50
    made, storage, over = set(), pathlib.Path(tempfile.mkdtemp(prefix='weir-kill-')), threading.Event()
    lost_most = 0
    with FaultyServer() as server:
        flapping = threading.Thread(target=flap, args=(server, over), daemon=True)
        flapping.start()
        for kill in range(kills + 1):
            if kill == kills:  # the last one may finish
                over.set()
                flapping.join()
                server.set('ok')
            first = kill * 1_000_000
            load = f'every = "200ms"\n  per_round = {window}\n  first = {first}' + ('\n  rounds = 1' if kill == kills else '')
            with Loaded([server.url], load, storage=storage) as w:
                w.wait_ready()
                if kill < kills:
                    time.sleep(random.uniform(0.3, 1.5))
                    w.process.kill()
                    w.process.wait()
                    made |= set(range(first, w.made()))
                    continue
                made |= set(range(first, wait_for('the last round', w.made)))
                wait_for('the queue is empty', lambda: w.waiting() == 0 and ', 0 waiting' in w.health(WRITE)['message'], 60)
                dropped = w.dropped()
        lost = missing(server, made)
        by_kill = [sum(n // 1_000_000 == kill for n in lost) for kill in range(kills)]
        lost_most = max(by_kill)
        repeated = sum(count - 1 for count in server.taken.values())
        figure(f'{kills} kills: made {len(made)}, lost {len(lost)} ({lost_most} at most by one kill, a window has {window}), dropped '
               f'{dropped:.0f}, {repeated} twice in {server.repeated_requests} requests (8 may be in flight at each kill)')
        assert lost_most <= window, by_kill
        assert dropped == 0 and server.repeated_requests <= 8 * kills
    shutil.rmtree(storage, ignore_errors=True)


def a_day_of_backlog(window):
    windows, services = 24 * 240, 10 if LONG else 1
    with FaultyServer('refused', window=window) as server:
        load = f'every = "{5 if LONG else 1}ms"\n  rounds = {windows}\n  per_round = {services}\n  window = "15s"'
        with Loaded([server.url], load) as w, Patience(w.wait_ready()) as patience:
            made = windows * services
            wait_for('a day is collected', lambda: w.made() == made, 300)
            kept, rss, disk = wait_for('it is kept', w.waiting), w.rss_kb() // 1024, w.metric('pyroscope_write_queue_bytes')
            begin = time.monotonic()
            server.set('ok')
            wait_for('it is delivered', lambda: len(server.taken) + w.dropped() >= made, 300)
            took = time.monotonic() - begin
            wait_for('the queue is empty', lambda: w.waiting() == 0)
            old = w.count('pyroscope_write_dropped_profiles_total', reason='too_old_for_server')
            figure(f'a day of {made} profiles, window {window}: kept {kept:.0f} in {disk / 1e6:.1f} MB on disk, {rss} MiB; delivered '
                   f'{len(server.taken)}, too old {old:.0f}, in {took:.1f} s and {server.requests} requests over '
                   f'{server.connections} connections, {server.bytes / 1e6:.1f} MB for {server.plain_bytes / 1e6:.1f} MB; {patience.check()}')
            assert len(server.taken) + old == made and sum(server.taken.values()) == len(server.taken)
            return made, services, server, took


def a_day_of_backlog_arrives_at_a_server_without_a_window():
    made, _, server, _ = a_day_of_backlog(None)
    assert not missing(server, range(made))


def a_day_of_backlog_leaves_out_exactly_what_the_server_refuses():
    made, services, server, took = a_day_of_backlog(3600)
    windows_in_time = 240  # at 15 s
    in_time = set(range(made - (windows_in_time - int(took / 15) - 4) * services, made))
    too_old = set(range(made - (windows_in_time + 4 + int(60 / 15)) * services))
    assert in_time <= server.taken.keys(), len(in_time - server.taken.keys())
    assert not too_old & server.taken.keys(), len(too_old & server.taken.keys())


run_chosen(
    a_dead_endpoint_costs_the_other_one_nothing,
    every_fault_of_a_server_keeps_or_counts_each_profile,
    an_expired_certificate_keeps_the_queue,
    a_disk_that_is_full_or_removed_costs_nothing_that_is_in_memory,
    a_disk_that_turns_read_only_costs_nothing_that_is_in_memory,
    a_read_only_disk_is_used_as_soon_as_it_may_be_written,
    a_stop_sends_what_can_be_sent_and_keeps_the_rest,
    kill_nine_costs_at_most_a_window_each_time,
    a_day_of_backlog_arrives_at_a_server_without_a_window,
    a_day_of_backlog_leaves_out_exactly_what_the_server_refuses,
)
