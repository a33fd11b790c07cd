#!/usr/bin/env python3
"""What becomes of targets and health when what they are asked of breaks: a Docker daemon (a real one where there is one), and an HTTP server.

Prints a table: the fault, how many targets there were before and during it, how soon health spoke of it, what it said, and how soon
all was well after the fault was over.
"""
import contextlib
import http.server
import json
import os
import pathlib
import shutil
import signal
import socketserver
import subprocess
import tempfile
import threading
import time

from harness import ROOT, Skip, Weir, need_root, run, wait_for

HUGE = 40 << 20
ROWS = []


def container(number):
    return {'Id': f'{number:064x}', 'Names': [f'/c{number}'], 'Labels': {}, 'Ports': [], 'HostConfig': {'NetworkMode': 'bridge'},
            'NetworkSettings': {'Networks': {'bridge': {'NetworkID': 'n', 'IPAddress': f'172.17.0.{number + 2}'}}}}


class Faulty:
    """Answers well, or as `fault` says."""

    def __init__(self, good):
        self.good = good
        self.fault = None
        self.gone = threading.Event()

    def answer(self, handler, path):
        body, fault = json.dumps(self.good(path)).encode(), self.fault
        if fault == '500':
            handler.send_error(500)
            return
        if fault == 'garbage':
            body = b'\0\xff<html>'
        handler.send_response(200)
        handler.send_header('Content-Type', 'application/json')
        size = HUGE if fault == 'huge answer' else len(body)
        handler.send_header('Content-Length', str(size))
        handler.end_headers()
        if fault == 'cut JSON':
            handler.wfile.write(body[:len(body) // 2])
            handler.connection.close()
        elif fault == 'slow bytes':
            for byte in body:
                handler.wfile.write(bytes([byte]))
                if self.gone.wait(2):
                    return
        elif fault == 'huge answer':
            handler.wfile.write(b'[' + b' ' * (HUGE - 1))
        else:
            handler.wfile.write(body)


def handler_of(faulty, events=None):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = 'HTTP/1.1'

        def log_message(self, *_):
            pass

        def address_string(self):
            return 'local'

        def do_GET(self):
            self.close_connection = True
            with contextlib.suppress(OSError):
                if events is not None and self.path.startswith('/events'):
                    events.stream(self)
                else:
                    faulty.answer(self, self.path)

    return Handler


class Events:
    """The daemon's stream: an event to everybody who listens, at every poke."""

    def __init__(self):
        self.changed = threading.Condition()
        self.count = 0

    def poke(self):
        with self.changed:
            self.count += 1
            self.changed.notify_all()

    def stream(self, handler):
        handler.send_response(200)
        handler.send_header('Content-Type', 'application/json')
        handler.send_header('Connection', 'close')
        handler.end_headers()
        with self.changed:
            seen = self.count
            while True:
                self.changed.wait_for(lambda: self.count != seen, timeout=60)
                seen = self.count
                handler.wfile.write(b'{"status":"start"}\n')
                handler.wfile.flush()


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    block_on_close = False


class TcpServer(http.server.ThreadingHTTPServer):
    block_on_close = False


@contextlib.contextmanager
def serving(server):
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def targets(w, component):
    for field in w.component(component)['exports']:
        if field['name'] == 'targets':
            return len(field['value']['value'])
    return 0


def is_well(w, component):
    return w.health(component)['state'] == 'healthy'


def suffer(w, component, name, begin, end, seconds=50):
    """One row of the table: the fault begins, is noticed, costs no target, ends, and all is well again."""
    wait_for(f'{component} is well before "{name}"', lambda: is_well(w, component), 20)
    before, start = targets(w, component), time.monotonic()
    begin()
    wait_for(f'{component} notices "{name}"', lambda: not is_well(w, component), seconds)
    noticed, message, during = time.monotonic() - start, w.health(component)['message'], targets(w, component)
    slowest = max(timed(lambda: w.status('/-/ready')) for _ in range(5))
    start = time.monotonic()
    end()
    wait_for(f'{component} recovers from "{name}"', lambda: is_well(w, component), seconds)
    ROWS.append((component.split('.')[1], name, f'{before} -> {during}', f'{noticed:.1f} s', f'{time.monotonic() - start:.1f} s',
                 f'{slowest * 1000:.0f} ms', message))
    assert before > 0, name
    assert during == before, f'{name}: {before} targets became {during}'
    assert targets(w, component) == before, name


def timed(what):
    start = time.monotonic()
    what()
    return time.monotonic() - start


def print_table():
    heads = ('asked', 'fault', 'targets', 'noticed', 'well again', '/-/ready', 'health says')
    widths = [max(len(row[i]) for row in [heads, *ROWS]) for i in range(len(heads) - 1)]
    for row in [heads, *ROWS]:
        print('FIGURE: ' + ' | '.join([*(text.ljust(width) for text, width in zip(row, widths)), row[-1][:110]]), flush=True)


def a_server_of_targets_that_breaks_costs_no_target():
    faulty = Faulty(lambda _: [{'targets': ['a:1', 'b:2', 'c:3']}])
    with serving(TcpServer(('127.0.0.1', 0), handler_of(faulty))) as server:
        config = f'discovery.http "h" {{\n url = "http://127.0.0.1:{server.server_port}/sd"\n refresh_interval = "2s"\n}}\n'
        with Weir(config) as w:
            w.wait_ready()
            wait_for('there are targets', lambda: targets(w, 'discovery.http.h') == 3)
            for fault in ('500', 'garbage', 'cut JSON', 'slow bytes', 'huge answer'):
                suffer(w, 'discovery.http.h', fault, lambda fault=fault: setattr(faulty, 'fault', fault),
                       lambda: setattr(faulty, 'fault', None))
            faulty.gone.set()


def a_docker_daemon_that_answers_badly_costs_no_target():
    folder = pathlib.Path(tempfile.mkdtemp(prefix='weir-faults-'))
    try:
        containers = [container(n) for n in range(3)]
        faulty, events = Faulty(lambda path: containers if path.startswith('/containers') else []), Events()
        path = folder / 'docker.sock'
        handler = handler_of(faulty, events)
        with contextlib.ExitStack() as stack:
            stack.enter_context(serving(UnixServer(str(path), handler)))
            w = stack.enter_context(Weir(f'discovery.docker "d" {{\n host = "unix://{path}"\n}}\n'))
            w.wait_ready()
            wait_for('there are targets', lambda: targets(w, 'discovery.docker.d') == 3)

            def begin(fault):
                faulty.fault = fault
                events.poke()

            for fault in ('500', 'garbage', 'cut JSON', 'slow bytes', 'huge answer'):
                suffer(w, 'discovery.docker.d', fault, lambda fault=fault: begin(fault), lambda: setattr(faulty, 'fault', None))
            faulty.gone.set()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Daemon:
    """A dockerd that leaves its containers alone when it goes."""

    def __init__(self, folder):
        self.folder, self.socket = folder, folder / 'docker.sock'
        self.docker = ['docker', '-H', f'unix://{self.socket}']
        self.process = None

    def start(self):
        (self.folder / 'pid').unlink(missing_ok=True)
        with open(self.folder / 'log', 'ab') as log:
            self.process = subprocess.Popen(
                ['/usr/sbin/dockerd', '--iptables=false', '--ip6tables=false', '--bridge=none', '--storage-driver=vfs', '--live-restore',
                 '--data-root', str(self.folder / 'data'), '--exec-root', str(self.folder / 'exec'), '-p', str(self.folder / 'pid'),
                 '-H', f'unix://{self.socket}'], stdout=log, stderr=log)

    def wait_ready(self):
        deadline = time.monotonic() + 60
        while subprocess.run([*self.docker, 'info'], capture_output=True).returncode != 0:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise Skip('dockerd does not run here: ' + (self.folder / 'log').read_text().strip().split('\n')[-1][:300])
            time.sleep(0.05)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.socket.unlink(missing_ok=True)
        # Its containerd dies with it; where nobody has buried that yet, the next dockerd would wait for it in vain.
        (self.folder / 'exec/containerd/containerd.pid').unlink(missing_ok=True)


@contextlib.contextmanager
def real_daemon():
    need_root()
    for program in ('dockerd', 'docker', 'containerd', 'runc'):
        if not shutil.which(program, path='/usr/sbin:/usr/bin:/usr/local/bin'):
            raise Skip(f'there is no {program}')
    folder = pathlib.Path(tempfile.mkdtemp(prefix='weir-faults-'))
    daemon = Daemon(folder)
    daemon.start()
    try:
        daemon.wait_ready()
        image = subprocess.run(['tar', '-C', str(ROOT / 'build/services'), '-c', 'ledger'], stdout=subprocess.PIPE, check=True)
        subprocess.run([*daemon.docker, 'import', '-', 'ledger:1'], input=image.stdout, stdout=subprocess.DEVNULL, check=True)
        yield daemon
    finally:
        if daemon.process.poll() is not None:
            daemon.start()
            with contextlib.suppress(Skip):
                daemon.wait_ready()
        if daemon.process.poll() is None:
            left = subprocess.run([*daemon.docker, 'ps', '-aq'], capture_output=True, text=True).stdout.split()
            if left:
                subprocess.run([*daemon.docker, 'rm', '-f', *left], capture_output=True)
            daemon.process.terminate()
            daemon.process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def a_real_docker_daemon_that_goes_and_comes_back_costs_no_target():
    with real_daemon() as daemon:
        subprocess.run([*daemon.docker, 'run', '-d', '--network', 'none', '--name', 'books', 'ledger:1', '/ledger'],
                       stdout=subprocess.DEVNULL, check=True)
        with Weir(f'discovery.docker "d" {{\n host = "unix://{daemon.socket}"\n refresh_interval = "1s"\n}}\n') as w:
            w.wait_ready()
            wait_for('there is a target', lambda: targets(w, 'discovery.docker.d') == 1)
            suffer(w, 'discovery.docker.d', 'killed, socket missing', daemon.kill, daemon.start, 90)
            daemon.wait_ready()
            suffer(w, 'discovery.docker.d', 'stopped (SIGSTOP)', lambda: os.kill(daemon.process.pid, signal.SIGSTOP),
                   lambda: os.kill(daemon.process.pid, signal.SIGCONT), 60)


def the_table():
    if not ROWS:
        raise Skip('nothing was tried')
    print_table()


run(a_server_of_targets_that_breaks_costs_no_target, a_docker_daemon_that_answers_badly_costs_no_target,
    a_real_docker_daemon_that_goes_and_comes_back_costs_no_target, the_table)
