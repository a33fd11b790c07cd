"""A server that takes what pyroscope.write pushes (push.v1) and keeps it."""
import gzip
import http.server
import threading


def varint(data, at):
    """The number there, and where the next thing begins."""
    value, shift = 0, 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7f) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def varints(data):
    at = 0
    while at < len(data):
        value, at = varint(data, at)
        yield value


def fields(data):
    """(number, value) of each field of a protobuf message: bytes for length-delimited ones, else numbers."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = varint(data, at)
            yield number, value
        elif wire == 2:
            length, at = varint(data, at)
            yield number, data[at:at + length]
            at += length
        else:
            raise ValueError(f'wire type {wire}')


def all_of(message, number):
    return [value for found, value in fields(message) if found == number]


def series_of(push_request):
    """(labels, pprof) of each sample of a PushRequest."""
    for series in all_of(push_request, 1):
        labels = {}
        for pair in all_of(series, 1):
            parts = dict(fields(pair))
            labels[parts.get(1, b'').decode()] = parts.get(2, b'').decode()
        for sample in all_of(series, 2):
            yield labels, all_of(sample, 1)[0]


def total_of(pprof):
    """The sum of all values of a gzipped pprof."""
    return sum(number for sample in all_of(gzip.decompress(pprof), 2)
               for packed in all_of(sample, 2)
               for number in ([packed] if isinstance(packed, int) else varints(packed)))


class Receiver:
    """Listens on a free port of loopback. Use it in a `with`."""

    def __init__(self):
        self.requests = []  # (path, headers)
        self.profiles = []  # (labels, pprof as sent)
        self.lock = threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'  # connections stay open, as a server's do

            def do_POST(self):
                body = self.rfile.read(int(self.headers['Content-Length']))
                if self.headers.get('Content-Encoding') == 'gzip':
                    body = gzip.decompress(body)
                with outer.lock:
                    outer.requests.append((self.path, dict(self.headers)))
                    outer.profiles += series_of(body)
                self.send_response(200)
                self.send_header('Content-Type', 'application/proto')
                self.send_header('Content-Length', '0')
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.url = f'http://127.0.0.1:{self.server.server_port}'

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def of(self, service):
        with self.lock:
            return [(labels, pprof) for labels, pprof in self.profiles if labels.get('service_name') == service]
