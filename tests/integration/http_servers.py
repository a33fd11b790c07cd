"""HTTP servers of the tests' own, on loopback."""
import contextlib
import http.server
import sys
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    """Keeps to itself what it is asked."""

    def log_message(self, *_):
        pass

    def answer(self, status, body=b'', *headers):
        """The whole answer; `headers` are pairs."""
        self.send_response(status)
        for name, value in (*headers, ('Content-Length', len(body))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class Server(http.server.ThreadingHTTPServer):
    """Ends at once, whoever still waits for an answer. `given`: what its handler reads of it."""
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, handler, address=('127.0.0.1', 0), **given):
        self.__dict__.update(given)
        super().__init__(address, handler)

    def url(self, path='/'):
        return f'http://{self.server_address[0]}:{self.server_port}{path}'

    def handle_error(self, *details):
        if not isinstance(sys.exc_info()[1], OSError):  # then who asked has gone
            super().handle_error(*details)


@contextlib.contextmanager
def serving(server):
    """It answers, in threads of its own, until the block ends."""
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def served(handler, **given):
    """For a `with`: a server whose requests `handler` answers, on a free port."""
    return serving(Server(handler, **given))
