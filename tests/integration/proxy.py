"""A reverse proxy as people put it in front of weir: below a path that it keeps or takes away, with a password or without."""
import contextlib
import http.client

import http_servers
from harness import basic

OF_A_CONNECTION = ('connection', 'content-length', 'transfer-encoding', 'keep-alive')


class Handler(http_servers.Handler):
    """Asks weir by weir's own address, as proxies do that nobody has told otherwise."""
    timeout = 60
    protocol_version = 'HTTP/1.1'

    def relay(self):
        proxy = self.server
        if proxy.credentials and self.headers.get('Authorization') != proxy.credentials['Authorization']:
            self.refuse(401, ('WWW-Authenticate', 'Basic realm="proxy"'))
        elif not self.path.startswith(proxy.path):
            self.refuse(404)
        else:
            # "/weir/x" is "/x" to who takes "/weir" away.
            self.ask(self.path[len(proxy.path) - 1:] if proxy.strips else self.path)

    do_GET = do_HEAD = do_POST = relay

    def refuse(self, status, *headers):
        self.answer(status, b'not here, or not you', *headers, ('Content-Type', 'text/plain'))

    def ask(self, path):
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ('host', 'authorization', *OF_A_CONNECTION)}
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
        with contextlib.closing(http.client.HTTPConnection('127.0.0.1', self.server.weir_port, timeout=60)) as connection:
            try:
                connection.request(self.command, path, body or None, {**headers, 'X-Forwarded-Host': self.headers['Host']})
                answer = connection.getresponse()
            except OSError:
                self.refuse(502)
                return
            self.pass_on(answer)

    def pass_on(self, answer):
        """Piece by piece, as it comes, or all at once when it has ended."""
        pieces = [answer.read()] if self.server.withholds else iter(lambda: answer.read1(1 << 16), b'')
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in OF_A_CONNECTION:
                self.send_header(name, value)
        self.send_header('Connection', 'close')
        self.end_headers()
        # The end of the connection is the end of the body.
        with contextlib.suppress(OSError, http.client.HTTPException):
            for piece in pieces:
                self.wfile.write(piece)


@contextlib.contextmanager
def proxy(weir_port, path='/weir/', strips=False, user=None, withholds=False):
    """The address of the proxied page. `user`: the name and the password that the proxy asks for. `withholds`: it passes an answer
    on when it is whole, so that one without an end never comes."""
    with http_servers.served(Handler, weir_port=weir_port, path=path, strips=strips, credentials=basic(user), withholds=withholds) as server:
        yield server.url(path)
