"""A server that takes what pyroscope.write pushes (push.v1) and keeps it."""
import collections
import gzip
import threading

import http_servers


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


def numbers(message, number):
    """Of a repeated field, packed or not."""
    return [value for found in all_of(message, number) for value in ([found] if isinstance(found, int) else varints(found))]


def total_of(pprof):
    """The sum of all values of a gzipped pprof."""
    return sum(value for sample in all_of(gzip.decompress(pprof), 2) for value in numbers(sample, 2))


Profile = collections.namedtuple('Profile', 'period seconds samples')
Sample = collections.namedtuple('Sample', 'stack value labels')


def read_pprof(packed):
    """A gzipped pprof of one type. A stack has the names of its functions, leaf first, and "?" for a frame without one."""
    message = gzip.decompress(packed)
    strings = [text.decode() for text in all_of(message, 6)]

    def rows(of, number):
        return [dict(fields(row)) for row in all_of(of, number)]

    functions = {row[1]: strings[row.get(2, 0)] for row in rows(message, 5)}
    locations = {}
    for location in all_of(message, 4):
        locations[dict(fields(location))[1]] = [functions[line[1]] for line in rows(location, 4)] or ['?']
    samples = []
    for sample in all_of(message, 2):
        stack = tuple(name for location in numbers(sample, 1) for name in locations[location])
        labels = {strings[label[1]]: strings[label.get(2, 0)] for label in rows(sample, 3)}
        samples.append(Sample(stack, sum(numbers(sample, 2)), labels))
    rest = dict(fields(message))
    return Profile(rest[12], rest[10] / 1e9, samples)


def stacks_of(pprof):
    """The value of each stack of a gzipped pprof of one type."""
    stacks = {}
    for sample in read_pprof(pprof).samples:
        stacks[sample.stack] = stacks.get(sample.stack, 0) + sample.value
    return stacks


class Receiver:
    """Listens on loopback, on a free port unless told. Use it in a `with`."""

    def __init__(self, address='127.0.0.1', port=0):
        self.requests = []  # (path, headers)
        self.profiles = []  # (labels, pprof as sent)
        self.lock = threading.Lock()
        outer = self

        class Handler(http_servers.Handler):
            protocol_version = 'HTTP/1.1'  # connections stay open, as a server's do

            def do_POST(self):
                body = self.rfile.read(int(self.headers['Content-Length']))
                if self.headers.get('Content-Encoding') == 'gzip':
                    body = gzip.decompress(body)
                with outer.lock:
                    outer.requests.append((self.path, dict(self.headers)))
                    outer.profiles += series_of(body)
                self.answer(200, b'', ('Content-Type', 'application/proto'))

        self.server = http_servers.Server(Handler, (address, port))
        self.url = f'http://{address}:{self.server.server_port}'
        self.serving = http_servers.serving(self.server)

    def __enter__(self):
        self.serving.__enter__()
        return self

    def __exit__(self, *error):
        self.serving.__exit__(*error)

    def of(self, service):
        with self.lock:
            return [(labels, pprof) for labels, pprof in self.profiles if labels.get('service_name') == service]
