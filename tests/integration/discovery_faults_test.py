#!/usr/bin/env python3
"""What becomes of targets and health when what they are asked of breaks: a Docker daemon (a real one where there is one), and an HTTP server.

Prints a table: the fault, how many targets there were before and during it, how soon health spoke of it, what it said, and how soon
all was well after the fault was over.
"""
import contextlib
import json
import os
import signal
import socketserver
import tempfile
import threading
import time

import http_servers
from docker_daemon import docker_daemon
from harness import Skip, Weir, figure, need_root, run, wait_for

FAULTS = ('500', 'garbage', 'cut JSON', 'slow bytes', 'huge answer')
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
        handler.send_header('Content-Length', HUGE if fault == 'huge answer' else len(body))
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
    class Handler(http_servers.Handler):
        protocol_version = 'HTTP/1.1'

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


def suffer(w, component, name, begin, end, seconds=50):
    """One row of the table: the fault begins, is noticed, costs no target, ends, and all is well again."""
    wait_for(f'{component} is well before "{name}"', lambda: w.is_healthy(component), 20)
    before, start = len(w.targets(component)), time.monotonic()
    begin()
    wait_for(f'{component} notices "{name}"', lambda: not w.is_healthy(component), seconds)
    noticed, message, during = time.monotonic() - start, w.health(component)['message'], len(w.targets(component))
    slowest = max(timed(lambda: w.status('/-/ready')) for _ in range(5))
    start = time.monotonic()
    end()
    wait_for(f'{component} recovers from "{name}"', lambda: w.is_healthy(component), seconds)
    ROWS.append((component.split('.')[1], name, f'{before} -> {during}', f'{noticed:.1f} s', f'{time.monotonic() - start:.1f} s',
                 f'{slowest * 1000:.0f} ms', message))
    assert before > 0, name
    assert during == before, f'{name}: {before} targets became {during}'
    assert len(w.targets(component)) == before, name


def timed(what):
    start = time.monotonic()
    what()
    return time.monotonic() - start


def print_table():
    heads = ('asked', 'fault', 'targets', 'noticed', 'well again', '/-/ready', 'health says')
    widths = [max(len(row[i]) for row in [heads, *ROWS]) for i in range(len(heads) - 1)]
    for row in [heads, *ROWS]:
        figure(' | '.join([*(text.ljust(width) for text, width in zip(row, widths)), row[-1][:110]]))


def a_server_of_targets_that_breaks_costs_no_target():
    faulty = Faulty(lambda _: [{'targets': ['a:1', 'b:2', 'c:3']}])
    with http_servers.served(handler_of(faulty)) as server:
        config = f'discovery.http "h" {{\n url = "{server.url("/sd")}"\n refresh_interval = "2s"\n}}\n'
        with Weir(config) as w:
            w.wait_ready()
            wait_for('there are targets', lambda: len(w.targets('discovery.http.h')) == 3)
            for fault in FAULTS:
                suffer(w, 'discovery.http.h', fault, lambda fault=fault: setattr(faulty, 'fault', fault),
                       lambda: setattr(faulty, 'fault', None))
            faulty.gone.set()


def a_docker_daemon_that_answers_badly_costs_no_target():
    containers = [container(n) for n in range(3)]
    faulty, events = Faulty(lambda path: containers if path.startswith('/containers') else []), Events()
    with tempfile.TemporaryDirectory(prefix='weir-faults-') as folder:
        path = f'{folder}/docker.sock'
        with (http_servers.serving(UnixServer(path, handler_of(faulty, events))),
              Weir(f'discovery.docker "d" {{\n host = "unix://{path}"\n}}\n') as w):
            w.wait_ready()
            wait_for('there are targets', lambda: len(w.targets('discovery.docker.d')) == 3)

            def begin(fault):
                faulty.fault = fault
                events.poke()

            for fault in FAULTS:
                suffer(w, 'discovery.docker.d', fault, lambda fault=fault: begin(fault), lambda: setattr(faulty, 'fault', None))
            faulty.gone.set()


def a_real_docker_daemon_that_goes_and_comes_back_costs_no_target():
    need_root()
    with docker_daemon('--live-restore', seconds=60) as daemon:  # its containers outlive it
        daemon.run('books')
        with Weir(f'discovery.docker "d" {{\n host = "{daemon.address}"\n refresh_interval = "1s"\n}}\n') as w:
            w.wait_ready()
            wait_for('there is a target', lambda: len(w.targets('discovery.docker.d')) == 1)
            suffer(w, 'discovery.docker.d', 'killed, socket missing', daemon.kill, daemon.start, 90)
            daemon.wait_ready(60)
            suffer(w, 'discovery.docker.d', 'stopped (SIGSTOP)', lambda: os.kill(daemon.process.pid, signal.SIGSTOP),
                   lambda: os.kill(daemon.process.pid, signal.SIGCONT), 60)


def the_table():
    if not ROWS:
        raise Skip('nothing was tried')
    print_table()


run(a_server_of_targets_that_breaks_costs_no_target, a_docker_daemon_that_answers_badly_costs_no_target,
    a_real_docker_daemon_that_goes_and_comes_back_costs_no_target, the_table)
