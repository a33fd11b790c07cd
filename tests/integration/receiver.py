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


def numbers(message, number):
    """Of a repeated field, packed or not."""
    return [value for found in all_of(message, number) for value in ([found] if isinstance(found, int) else varints(found))]


def stacks_of(pprof):
    """The value of each stack of a gzipped pprof of one type, by the names of its functions, leaf first."""
    profile = gzip.decompress(pprof)
    strings = [text.decode() for text in all_of(profile, 6)]
    functions = {parts[1]: strings[parts.get(2, 0)] for parts in map(dict, map(fields, all_of(profile, 5)))}
    locations = {}
    for location in all_of(profile, 4):
        lines = [functions[dict(fields(line))[1]] for line in all_of(location, 4)]
        locations[dict(fields(location))[1]] = lines or ['?']
    stacks = {}
    for sample in all_of(profile, 2):
        stack = tuple(name for location in numbers(sample, 1) for name in locations[location])
        stacks[stack] = stacks.get(stack, 0) + sum(numbers(sample, 2))
    return stacks


class Receiver:
    """Listens on loopback, on a free port unless told. Use it in a `with`."""

    def __init__(self, address='127.0.0.1', port=0):
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

        self.server = http.server.ThreadingHTTPServer((address, port), Handler)
        self.url = f'http://{address}:{self.server.server_port}'

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def of(self, service):
        with self.lock:
            return [(labels, pprof) for labels, pprof in self.profiles if labels.get('service_name') == service]
