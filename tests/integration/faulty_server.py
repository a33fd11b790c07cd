"""A server for pyroscope.write that has every fault on demand, and counts what it took by the label n."""
import collections
import gzip
import os
import socket
import ssl
import struct
import threading
import time

import http_servers
from harness import free_port
from receiver import fields, series_of


def profile_time(pprof):
    """UNIX time of a pprof."""
    return next((value for number, value in fields(gzip.decompress(pprof)) if number == 9), 0) / 1e9


class FaultyServer:
    """`fault` is one of: ok, refused, blackhole, slow, hang, reset, garbage, or a status; with seconds of delay or of
    Retry-After behind them, or without: 'slow 0.2', '429 1', '500'."""

    def __init__(self, fault='ok', certificate=None, window=None):
        self.fault = fault
        self.window = window            # seconds: what is older is refused
        self.taken = collections.Counter()  # by n
        self.arrived = {}               # first time by n
        self.requests = 0
        self.repeated_requests = 0      # with something in them that was taken before
        self.connections = 0
        self.bytes = self.plain_bytes = 0  # of the bodies, as they came and unpacked
        self.lock = threading.Lock()
        self.certificate = certificate  # (file, key file)
        self.server = None
        self.full = []  # a listening socket and connections that nobody accepts
        self.port = free_port()
        self.url = f'{"https" if certificate else "http"}://127.0.0.1:{self.port}'

    def __enter__(self):
        self.set(self.fault)
        return self

    def __exit__(self, *_):
        self.set('refused')

    def set(self, fault):
        self.fault = fault
        while self.full:
            self.full.pop().close()
        self.listen(fault not in ('refused', 'blackhole'))
        if fault == 'blackhole':
            self.swallow()

    def swallow(self):
        """From here on the kernel leaves attempts to connect without an answer."""
        door = socket.socket()
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(('127.0.0.1', self.port))
        door.listen(0)
        self.full.append(door)
        for _ in range(5):
            waiting = socket.socket()
            waiting.settimeout(0.2)
            self.full.append(waiting)
            if waiting.connect_ex(door.getsockname()) != 0:
                return
        raise AssertionError('the backlog is never full')

    def listen(self, wanted):
        if wanted and not self.server:
            self.server = http_servers.Server(Handler, ('127.0.0.1', self.port), owner=self)
            if self.certificate:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(*self.certificate)
                self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
            self.serving = http_servers.serving(self.server)
            self.serving.__enter__()
        elif not wanted and self.server:
            self.serving.__exit__(None, None, None)
            self.server = None

    def take(self, body):
        """The status and text of the answer."""
        samples = [(labels.get('n'), pprof) for labels, pprof in series_of(body)]
        if self.window:
            oldest = time.time() - self.window
            if any(profile_time(pprof) < oldest for _, pprof in samples):
                return 400, b'{"code":"invalid_argument","message":"profile is outside of the ingestion window"}'
        with self.lock:
            numbers = {int(n) for n, _ in samples}
            self.repeated_requests += bool(numbers & self.taken.keys())
            for n in numbers:
                self.taken[n] += 1
                self.arrived.setdefault(n, time.time())
        return 200, b''


class Handler(http_servers.Handler):
    protocol_version = 'HTTP/1.1'
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        self.server.owner.connections += 1

    def do_POST(self):
        owner = self.server.owner
        owner.requests += 1
        fault = owner.fault
        length = int(self.headers['Content-Length'])
        if fault == 'reset':
            self.rfile.read(length // 2)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            self.connection.close()
            self.close_connection = True
            return
        body = self.rfile.read(length)
        if fault == 'refused':
            self.close_connection = True
            return
        if fault == 'garbage':
            self.wfile.write(os.urandom(300))
            self.close_connection = True
            return
        if fault.startswith('slow'):
            time.sleep(float(fault.partition(' ')[2] or 0.5))
        while fault in ('hang', 'blackhole') and owner.fault == fault:
            time.sleep(0.01)
        if fault in ('hang', 'blackhole'):  # who asked has gone
            self.close_connection = True
            return
        plain = gzip.decompress(body) if self.headers['Content-Encoding'] == 'gzip' else body
        owner.bytes += len(body)
        owner.plain_bytes += len(plain)
        status, text, retry_after = 200, b'', None
        if fault[0].isdigit():
            status, _, retry_after = fault.partition(' ')
            text = b'as ordered'
        else:
            status, text = owner.take(plain)
        later = [('Retry-After', retry_after)] if retry_after else []
        # As every Connect server says.
        self.answer(int(status), text, ('Content-Type', 'application/proto'), ('Accept-Encoding', 'gzip'), *later)
