"""A reverse proxy as people put it in front of weir: below a path that it keeps or takes away, with a password or without."""
import base64
import contextlib
import http.client
import http.server
import threading

OF_A_CONNECTION = ('connection', 'content-length', 'transfer-encoding', 'keep-alive')


class Handler(http.server.BaseHTTPRequestHandler):
    """Asks weir by weir's own address, as proxies do that nobody has told otherwise."""
    timeout = 60
    protocol_version = 'HTTP/1.1'

    def relay(self):
        proxy = self.server
        if proxy.credentials and self.headers.get('Authorization') != proxy.credentials:
            self.refuse(401, ('WWW-Authenticate', 'Basic realm="proxy"'))
        elif not self.path.startswith(proxy.path):
            self.refuse(404)
        else:
            # "/weir/x" is "/x" to who takes "/weir" away.
            self.ask(self.path[len(proxy.path) - 1:] if proxy.strips else self.path)

    do_GET = do_HEAD = do_POST = relay

    def refuse(self, status, *headers):
        text = b'not here, or not you'
        self.send_response(status)
        for name, value in (*headers, ('Content-Type', 'text/plain'), ('Content-Length', len(text))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

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
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in OF_A_CONNECTION:
                self.send_header(name, value)
        self.send_header('Connection', 'close')
        self.end_headers()
        # Piece by piece, as it comes; the end of the connection is the end of the body.
        with contextlib.suppress(OSError, http.client.HTTPException):
            while piece := answer.read1(1 << 16):
                self.wfile.write(piece)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def proxy(weir_port, path='/weir/', strips=False, user=None):
    """The address of the proxied page. `user`: the name and the password that the proxy asks for."""
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    server.daemon_threads = True
    server.weir_port, server.path, server.strips = weir_port, path, strips
    server.credentials = user and 'Basic ' + base64.b64encode(':'.join(user).encode()).decode()
    thread = threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.05}, daemon=True)
    thread.start()
    try:
        yield f'http://127.0.0.1:{server.server_address[1]}{path}'
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
