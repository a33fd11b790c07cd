#!/usr/bin/env python3
"""The http block: TLS with certificates of clients, passwords and the paths that need them, live over reloads, and closed until it is
known who may ask."""
import contextlib
import http.client
import shutil
import ssl

from certificates import issue, make_issuer, need_openssl
from harness import Weir, basic, replace_file, run, run_weir, wait_for

TLS = '''
  tls {
    cert_file        = "{folder}/server.crt"
    key_file         = "{folder}/server.key"
    client_ca_file   = "{folder}/ca.crt"
    client_auth_type = "RequireAndVerifyClientCert"
  }
'''
AUTH = '''
  auth {
    basic {
      username = "me"
      password = "pass:word"
    }
    // filter
  }
'''
FILTER = 'filter {\n      paths                       = ["/metrics", "/api/"]\n      authenticate_matching_paths = %s\n    }'
ME = ('me', 'pass:word')


def make_certificates(folder):
    """ca, what it has issued, and stranger, whom it has not."""
    for issuer in ('ca', 'stranger'):
        make_issuer(folder, issuer)
    for name in ('server', 'client', 'next'):
        issue(folder, name)


class Secured(Weir):
    """Asked by TLS or not, by a client with a certificate or not."""

    def connect(self, client=None, tls=True):
        if not tls:
            return http.client.HTTPConnection('127.0.0.1', self.port, timeout=10)
        context = ssl.create_default_context(cafile=self.folder / 'ca.crt')
        if client:
            context.load_cert_chain(self.folder / f'{client}.crt', self.folder / f'{client}.key')
        return http.client.HTTPSConnection('127.0.0.1', self.port, timeout=10, context=context)

    def ask(self, path='/metrics', user=None, client=None, tls=True):
        """The status, or 0 when there is no answer; `user`: name and password."""
        return self.answer(path, user, client, tls)[0]

    def answer(self, path, user=None, client=None, tls=True):
        with contextlib.closing(self.connect(client, tls)) as connection:
            try:
                connection.request('GET', path, headers=basic(user))
                response = connection.getresponse()
                return response.status, response.read().decode()
            except (OSError, http.client.HTTPException):
                return 0, ''

    def server_name(self):
        """Whose certificate a new connection sees."""
        with contextlib.closing(self.connect('client')) as connection:
            connection.connect()
            return dict(part[0] for part in connection.sock.getpeercert()['subject'])['commonName']

    def rewrite(self, text):
        replace_file(self.config, text)


def secured(block):
    """A weir with its certificates, not started: `block` may name {folder}."""
    need_openssl()
    weir = Secured('')
    make_certificates(weir.folder)
    weir.block = lambda text: f'http {{\n{text.replace("{folder}", str(weir.folder))}\n}}\n'
    weir.config.write_text(weir.block(block))
    return weir


def explain(weir, client=None):
    identity = ['--cert-file', weir.folder / f'{client}.crt', '--key-file', weir.folder / f'{client}.key'] if client else []
    return run_weir('explain', 'targets', '--pid', '1', '--server', f'https://127.0.0.1:{weir.port}', '--ca-file', weir.folder / 'ca.crt',
                    *identity)


def tls_with_certificates_of_clients():
    with secured(TLS) as weir:
        wait_for('a client is served', lambda: weir.ask(client='client') == 200)
        assert weir.ask() == 0, 'without a certificate'
        assert weir.ask(client='stranger') == 0, 'of another issuer'
        status, text = weir.answer('/', tls=False)
        assert status == 400 and 'https://' in text, text
        assert weir.ask('/-/ready', client='client') == 200
        told = explain(weir, 'client')
        assert told.returncode == 1 and 'no component has found such a target' in told.stderr, told
        assert 'certificate' in explain(weir).stderr
        assert f'page=https://127.0.0.1:{weir.port}/' in weir.log(), weir.log()


def passwords_and_the_paths_that_need_them():
    with secured(AUTH) as weir:
        def ask(path, user=None):
            return weir.ask(path, user, tls=False)
        wait_for('who has the password is served', lambda: ask('/metrics', ME) == 200)
        for path in ('/metrics', '/', '/-/ready', '/api/v0/web/status', '/nowhere', '/%6detrics'):
            assert ask(path) == 401, path
            for user in (('me', 'wrong'), ('you', 'pass:word'), ('me', ''), ('', '')):
                assert ask(path, user) == 401, (path, user)
        assert 'pass:word' not in weir.log()
        shown = weir.answer('/api/v0/web/components/http', ME, tls=False)[1]
        assert '"password"' in shown and 'pass:word' not in shown, shown
        text = weir.answer('/api/v0/web/config', ME, tls=False)[1]
        assert 'username' in text and 'pass:word' not in text, text

        weir.rewrite(weir.block(AUTH.replace('// filter', FILTER % 'true')))
        wait_for('the page needs none', lambda: ask('/') == 200)
        assert [ask(path) for path in ('/metrics', '/%6detrics', '/api/v0/web/status', '/-/ready')] == [401, 401, 401, 200]
        weir.rewrite(weir.block(AUTH.replace('// filter', FILTER % 'false')))
        wait_for('the page needs one', lambda: ask('/') == 401)
        assert [ask(path) for path in ('/metrics', '/api/v0/web/status', '/-/ready')] == [200, 200, 401]
        assert ask('/', ME) == 200


def a_bad_reload_leaves_what_was():
    with secured(AUTH) as weir:
        wait_for('it is secured', lambda: weir.ask('/', ME, tls=False) == 200)
        for broken, why in ((TLS.replace('server.crt', 'nowhere.crt'), 'open {}/nowhere.crt: no such file or directory'),
                            (TLS.replace('server.key', 'client.key'), 'the key is not that of the certificate'),
                            (TLS.replace('server.crt', 'server.key'), 'tls cert: ')):
            weir.rewrite(weir.block(broken))
            def says_why():
                status, text = weir.answer('/api/v0/web/components/http', ME, tls=False)
                return status == 200 and '"unhealthy"' in text and why.format(weir.folder) in text
            wait_for(why, says_why)
            assert weir.ask('/', tls=False) == 401
            assert weir.answer('/-/healthy', ME, tls=False) == (500, 'unhealthy components: http\n')
        # One that the text alone shows to be wrong is no config at all.
        weir.rewrite(weir.block('tls { }'))
        wait_for('it is refused', lambda: 'needs cert_pem or cert_file' in weir.log())
        assert weir.ask('/', tls=False) == 401
        weir.rewrite(weir.block(TLS))
        wait_for('a good one is taken', lambda: weir.ask('/', client='client') == 200)
        # Without the block everybody may ask again.
        weir.rewrite('')
        wait_for('it is gone', lambda: weir.ask('/', tls=False) == 200)
        assert 'the config has no http block any more' in weir.log(), weir.log()


def nobody_stays_connected_without_a_certificate():
    with secured('') as weir:
        wait_for('it is open', lambda: weir.ask('/-/ready', tls=False) == 200)
        with contextlib.closing(weir.connect(tls=False)) as connection:
            connection.request('GET', '/-/ready')
            assert connection.getresponse().read() == b'weir is ready.\n'
            weir.rewrite(weir.block(TLS))
            wait_for('it is secured', lambda: weir.ask(client='client') == 200)
            assert connection.sock.recv(1) == b'', 'the connection is still open'


def certificates_are_read_again():
    with secured(TLS) as weir:
        wait_for('it is secured', lambda: weir.ask(client='client') == 200)
        assert weir.server_name() == 'server'
        shutil.copy(weir.folder / 'next.crt', weir.folder / 'server.crt')
        wait_for('half of a pair is said', lambda: 'not that of the certificate' in weir.answer('/api/v0/web/components/http', client='client')[1], 15)
        assert weir.server_name() == 'server'
        shutil.copy(weir.folder / 'next.key', weir.folder / 'server.key')
        wait_for('the next one is used', lambda: weir.server_name() == 'next', 15)
        wait_for('it is healthy', lambda: weir.ask('/-/healthy', client='client') == 200, 15)


def nothing_is_shown_before_the_block_has_taken_effect():
    with secured(TLS.replace('server.crt', 'later.crt')) as weir:
        wait_for('the block is unhealthy', lambda: weir.answer('/-/healthy', tls=False) == (500, 'unhealthy components: http\n'))
        for path in ('/', '/metrics', '/-/ready', '/api/v0/web/components', '/api/v0/web/status'):
            status, text = weir.answer(path, tls=False)
            assert status == 503 and 'not in effect yet' in text, (path, status, text)
        shutil.copy(weir.folder / 'server.crt', weir.folder / 'later.crt')
        wait_for('it takes effect by itself', lambda: weir.ask(client='client') == 200, 15)
        assert weir.ask() == 0 and weir.ask(tls=False) == 400


def a_block_that_comes_later_closes_the_server_first():
    with secured('') as weir:
        weir.rewrite('')
        wait_for('it is open', lambda: weir.ask('/', tls=False) == 200)
        weir.rewrite(weir.block(TLS.replace('server.crt', 'later.crt')))
        wait_for('it is closed', lambda: weir.ask('/metrics', tls=False) == 503)
        shutil.copy(weir.folder / 'server.crt', weir.folder / 'later.crt')
        wait_for('it takes effect by itself', lambda: weir.ask(client='client') == 200, 15)


def another_issuer_ends_connections():
    weir = secured(TLS.replace('/ca.crt', '/clients.crt'))
    shutil.copy(weir.folder / 'ca.crt', weir.folder / 'clients.crt')
    with weir:
        wait_for('it is secured', lambda: weir.ask('/-/ready', client='client') == 200)
        with contextlib.closing(weir.connect('client')) as connection:
            connection.request('GET', '/-/ready')
            assert connection.getresponse().read() == b'weir is ready.\n'
            replace_file(weir.folder / 'clients.crt', (weir.folder / 'stranger.crt').read_text())
            assert connection.sock.recv(1) == b'', 'the connection is still open'


run(tls_with_certificates_of_clients, passwords_and_the_paths_that_need_them, a_bad_reload_leaves_what_was,
    nobody_stays_connected_without_a_certificate, certificates_are_read_again, nothing_is_shown_before_the_block_has_taken_effect,
    a_block_that_comes_later_closes_the_server_first, another_issuer_ends_connections)
