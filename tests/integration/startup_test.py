#!/usr/bin/env python3
"""How long an empty config takes to be ready, and what it weighs. The figures are for the reader: only that it works is tested."""
import socket
import statistics
import time

from harness import Weir, figure, run, wait_for

GET = b'GET /-/ready HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n'


def is_ready(port):
    try:
        with socket.create_connection(('127.0.0.1', port), timeout=1) as s:
            s.sendall(GET)
            return s.recv(64).startswith(b'HTTP/1.1 200')
    except OSError:
        return False


def milliseconds_to_ready(w):
    start = time.monotonic()
    w.start()

    def ready():
        assert w.process.poll() is None, w.log()
        return is_ready(w.port)
    wait_for('it is ready', ready, pause=0.001)
    return (time.monotonic() - start) * 1000


def an_empty_config_gets_ready():
    took = []
    for _ in range(9):
        w = Weir('')
        try:
            took.append(milliseconds_to_ready(w))
            assert w.stop() == 0
        finally:
            w.__exit__(None)
    figure(f'exec to the first 200 of /-/ready: {statistics.median(took):.1f} ms (median of 9; worst {max(took):.1f} ms)')


def an_empty_config_stays_small():
    with Weir('') as w:
        w.wait_ready()
        # The figure is defined as that of two seconds later.
        time.sleep(2)
        figure(f'VmRSS of an empty config after 2 s: {w.rss_kb() / 1024:.1f} MB')
        assert w.stop() == 0


run(an_empty_config_gets_ready, an_empty_config_stays_small)
