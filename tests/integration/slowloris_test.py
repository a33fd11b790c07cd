#!/usr/bin/env python3
"""A thousand connections that send a byte now and then, or nothing, keep nobody else from /metrics."""
import resource
import socket
import statistics
import threading
import time

from harness import Skip, Weir, figure, run, wait_for

CONFIG = 'discovery.process "all" {\n  refresh_interval = "10m"\n}\n'
CONNECTIONS = 1000
ASKED = 100


def raise_limit():
    """Of open files: each connection is one of ours, too."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < CONNECTIONS + 200:
        raise Skip(f'at most {most} open files are allowed here')
    wanted = 65536 if most == resource.RLIM_INFINITY else most
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


class Attack:
    """Connections that begin with `first` and go on with `more`, a byte each round. Who is sent away comes back."""

    def __init__(self, port, first, more):
        self.port, self.first, self.more = port, first, more
        self.sockets, self.sent_away, self.rounds = [], 0, 0
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.go_on)

    def __enter__(self):
        self.sockets = [self.connect() for _ in range(CONNECTIONS)]
        self.thread.start()
        wait_for('all have sent a byte', lambda: self.rounds > 1, 60)
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()
        for connection in self.sockets:
            connection.close()

    def connect(self):
        connection = socket.socket()
        connection.settimeout(10)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(('127.0.0.1', self.port))
        connection.sendall(self.first)
        connection.setblocking(False)
        return connection

    def go_on(self):
        while not self.stop.is_set():
            for number, connection in enumerate(self.sockets):
                try:
                    if self.more:
                        connection.send(self.more)
                except BlockingIOError:
                    pass
                except OSError:
                    self.sent_away += 1
                    connection.close()
                    self.sockets[number] = self.connect()
            self.rounds += 1
            time.sleep(0.05)


def latencies(port):
    """Of /metrics, each time by a connection of its own, in ms."""
    found = []
    for _ in range(ASKED):
        begin = time.monotonic()
        with socket.create_connection(('127.0.0.1', port), timeout=10) as connection:
            connection.sendall(b'GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
            answer = b''
            while piece := connection.recv(65536):
                answer += piece
        found.append((time.monotonic() - begin) * 1000)
        assert answer.startswith(b'HTTP/1.1 200 OK\r\n'), answer[:200]
    return sorted(found)


def survive(name, first, more):
    raise_limit()
    with Weir(CONFIG) as w:
        w.wait_ready()
        at_rest = latencies(w.port)
        rss = w.rss_kb()
        with Attack(w.port, first, more) as attack:
            found = latencies(w.port)
            grown = w.rss_kb() - rss
            evicted = w.metric('weir_http_turned_away_total', reason='evicted')
        figure(f'{name}: {CONNECTIONS} connections, {attack.sent_away} sent away and back; /metrics median '
               f'{statistics.median(found):.1f} ms, 99th of 100 {found[98]:.1f} ms, longest {found[-1]:.1f} ms '
               f'(at rest {statistics.median(at_rest):.1f}, {at_rest[98]:.1f} and {at_rest[-1]:.1f} ms); {grown} KB more memory')
        assert evicted and evicted > 0, 'more came than may, and nobody gave way'
        assert w.stop() == 0, w.log()


def slow_heads():
    survive('slow heads', b'GET /metrics HTTP/1.1\r\nHost: localhost\r\nX-Slow: ', b'a')


def slow_bodies():
    survive('slow bodies', b'POST /-/reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n', b'a')


def nothing_at_all():
    survive('silent connections', b'', b'')


if __name__ == '__main__':
    run(slow_heads, slow_bodies, nothing_at_all)
