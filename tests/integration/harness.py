"""What the integration tests share: a running weir, its API, and how a test says what it found.

Each test is a function; run(tests) calls them and prints one line each: `ok NAME`, `not ok NAME` or `SKIP: NAME: reason`.
Nothing here sleeps for a fixed time to let something happen: everything waits for a condition, with a deadline.
"""
import base64
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
WEIR = ROOT / 'build/weir'

# A shell's background job ignores these, and so would everything that is started here.
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
    if signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL)


class Skip(Exception):
    """The machine lacks what the test needs."""


# How many times longer than it should something may take here: a busy machine is no mistake of ours, and what it takes on a quiet
# one is printed as a figure.
BUSY = 10


def wait_for(what, condition, seconds=10, pause=0.01):
    """The first true value of condition(), asked again and again; an AssertionError when the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f'{what}: not within {seconds} s')
        time.sleep(pause)


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def need_root():
    if os.geteuid() != 0:
        raise Skip('needs root')


def find_bpftool():
    return shutil.which('bpftool', path=os.environ['PATH'] + ':/usr/sbin')


def can_load_bpf():
    """Why this machine does not let us profile it, or None."""
    if os.geteuid() != 0:
        return 'needs root'
    if not pathlib.Path('/sys/kernel/btf/vmlinux').exists():
        return 'the kernel has no BTF'
    bpftool = find_bpftool()
    if not bpftool or subprocess.run([bpftool, 'prog', 'show'], capture_output=True).returncode != 0:
        return 'the kernel refuses BPF'
    return None


def need_bpf():
    reason = can_load_bpf()
    if reason:
        raise Skip(reason)


def replace_file(path, text):
    """At once, as an editor or a kubelet does: who reads meanwhile must not see half of it, or nothing."""
    beside = path.with_suffix('.new')
    beside.write_text(text)
    beside.rename(path)


def need_go():
    """Where Go is."""
    found = shutil.which('go', path=os.environ['PATH'] + ':/usr/local/go/bin')
    if not found:
        raise Skip('there is no Go')
    return found


def go_pprof(profile, *flags, seconds=300):
    """What `go tool pprof` prints of a profile: its bytes, a file or an address."""
    go = need_go()
    with tempfile.TemporaryDirectory(prefix='weir-pprof-') as folder:
        if isinstance(profile, bytes):
            kept = pathlib.Path(folder, 'profile.pb.gz')
            kept.write_bytes(profile)
            profile = kept
        done = subprocess.run([go, 'tool', 'pprof', *flags, profile], capture_output=True, text=True, timeout=seconds,
                              env={**os.environ, 'GOTOOLCHAIN': 'local', 'PPROF_TMPDIR': folder, 'PPROF_BINARY_PATH': folder})
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_weir(*arguments, **options):
    """A subcommand to its end: its code, and what it said as text."""
    return subprocess.run([WEIR, *arguments], capture_output=True, text=True, **{'timeout': 60, **options})


class Weir:
    """A weir of our own, on a free port, with a folder of its own. Use it in a `with`."""

    def __init__(self, config, env=None, arguments=(), dialect='river'):
        """`config`: text of that dialect, or the path of a file or folder."""
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='weir-test-'))
        self.config = pathlib.Path(config) if isinstance(config, pathlib.Path) else self.folder / f'config.{dialect}'
        if not isinstance(config, pathlib.Path):
            self.config.write_text(config)
        self.port = free_port()
        self.url = f'http://127.0.0.1:{self.port}'
        self.log_file = self.folder / 'log'
        self.storage = self.folder / 'storage'
        self.command = [str(WEIR), 'run', str(self.config), f'--server.http.listen-addr=127.0.0.1:{self.port}',
                        f'--storage.path={self.storage}', *arguments]
        self.env = {**os.environ, **(env or {})}
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, *_):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if kind and kind is not Skip:
            print(f'--- log of {" ".join(self.command)}\n{self.log()}', file=sys.stderr)
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self):
        with open(self.log_file, 'ab') as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=self.env)

    def change_config(self, text, by):
        replace_file(self.config, self.config.read_text().replace(text, by, 1))

    def wait_ready(self, seconds=10):
        def ready():
            if self.process.poll() is not None:
                raise AssertionError(f'weir ended with {self.process.returncode}')
            return self.status('/-/ready') == 200
        wait_for('/-/ready answers 200', ready, seconds)
        return self

    def log(self):
        return self.log_file.read_text(errors='replace')

    def request(self, path, method='GET', body=None):
        """(status, text); status 0 when nobody answers."""
        request = urllib.request.Request(self.url + path, data=body, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode(errors='replace')
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(errors='replace')
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return 0, ''

    def status(self, path, method='GET'):
        return self.request(path, method)[0]

    def json(self, path):
        status, text = self.request(path)
        assert status == 200, f'{path}: {status} {text[:300]}'
        return json.loads(text)

    def component(self, identity):
        return self.json(f'/api/v0/web/components/{identity}')

    def health(self, identity):
        return self.component(identity)['health']

    def is_healthy(self, identity):
        return self.health(identity)['state'] == 'healthy'

    def wait_healthy(self, identity, seconds=10):
        wait_for(f'{identity} is healthy', lambda: self.is_healthy(identity), seconds)

    def wait_says(self, identity, words, seconds=10):
        """Its health, as soon as its message has these words."""
        def saying():
            health = self.health(identity)
            return health if words in health['message'] else None
        return wait_for(f'{identity} says "{words}"', saying, seconds)

    def targets(self, identity, field='targets'):
        """What a component exports under that name, as dictionaries; none as long as it has published nothing."""
        found = []
        while True:
            status, text = self.request(f'/api/v0/web/components/{identity}/views/exports.{field}?limit=200&offset={len(found)}')
            if status == 404:
                return []
            page = json.loads(text)
            found += [{pair['key']: pair['value']['value'] for pair in row['value']} for row in page['rows']]
            if not page['rows'] or len(found) >= page['total']:
                return found

    def metric(self, name, **labels):
        """The sum of the series of that name that have these labels, or None."""
        found = re.findall(rf'^{name}(\{{[^\n]*\}})? (\S+)', self.request('/metrics')[1], re.M)
        wanted = [f'{label}="{value}"' for label, value in labels.items()]
        values = [float(value) for series, value in found if all(pair in series for pair in wanted)]
        return sum(values) if values else None

    def count(self, name, **labels):
        """The same; 0 where nothing has been counted yet."""
        return self.metric(name, **labels) or 0

    def services(self):
        return {row['service']: row for row in self.json('/api/v0/web/profiles/services')['services']}

    def flame(self, service):
        """What the page gets of a service's profiles of the first kind."""
        query = urllib.parse.urlencode({'service': service, 'type': self.services()[service]['type']})
        return self.json('/api/v0/web/profiles/flame?' + query)

    def last_load(self):
        return self.json('/api/v0/web/status')['lastLoad']

    def cpu_seconds(self):
        """In user and kernel code, since it began."""
        fields = pathlib.Path(f'/proc/{self.process.pid}/stat').read_text().rsplit(')', 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')

    def rss_kb(self):
        return int(re.search(r'VmRSS:\s*(\d+)', pathlib.Path(f'/proc/{self.process.pid}/status').read_text()).group(1))

    def stop(self, number=signal.SIGTERM, seconds=6):
        """The exit code."""
        self.process.send_signal(number)
        return self.process.wait(seconds)


def listens(port):
    with contextlib.suppress(ConnectionRefusedError), socket.create_connection(('127.0.0.1', port), timeout=10):
        return True
    return False


@contextlib.contextmanager
def weir_with_a_profile(config='', **options):
    port = free_port()
    with Weir(config + receiving(port), **options) as w:
        w.wait_ready()
        # Not by the API: `config` may ask for a password, and a prefix moves it.
        wait_for('profiles are taken', lambda: listens(port))
        push_profile(port)
        yield w


def basic(user):
    """The header that gives this name and password; none without them."""
    return {'Authorization': 'Basic ' + base64.b64encode(':'.join(user).encode()).decode()} if user else {}


@contextlib.contextmanager
def started(command, **options):
    """A program of ours, ended with the block."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def copied(program, *names, strip=False):
    """The paths of copies under other names; stripped ones have neither symbols nor a build id."""
    with tempfile.TemporaryDirectory(prefix='weir-copies-') as folder:
        copies = [pathlib.Path(folder, name) for name in names]
        for copy in copies:
            shutil.copy(program, copy)
            if strip:
                subprocess.run(['strip', '--strip-all', '--remove-section=.note.gnu.build-id', copy], check=True)
        yield copies


def profiling(processes, interval='1s', more=''):
    """Blocks of a config: these processes are profiled, each as the service whose name is its key, and what is found is kept."""
    rows = ''.join(f'    {{"__process_pid__" = "{process.pid}", "service_name" = {json.dumps(name, ensure_ascii=False)}}},\n'
                   for name, process in processes.items())
    return f'''
pyroscope.ebpf "machine" {{
  targets = [
{rows}  ]
  forward_to       = [pyroscope.store.local.receiver]
  collect_interval = "{interval}"
  {more}
}}
pyroscope.store "local" {{ }}
'''


def receiving(port, *others):
    """Blocks of a config: what programs push to this port is kept, and goes to these receivers too."""
    receivers = ', '.join(['pyroscope.store.local.receiver', *others])
    return f'''
pyroscope.receive_http "in" {{
  http {{
    listen_address = "127.0.0.1"
    listen_port    = {port}
  }}
  forward_to = [{receivers}]
}}
pyroscope.store "local" {{ }}
'''


def wait_receiving(w):
    w.wait_says('pyroscope.receive_http.in', 'listening')


def ingest(port, name, profile, **query):
    """Hands a profile to a weir that is `receiving`, as a program without an SDK would: stacks in folded form, unless `query` says
    that it is something else."""
    query = urllib.parse.urlencode({'name': name, **query})
    body = profile if isinstance(profile, bytes) else profile.encode()
    with urllib.request.urlopen(urllib.request.Request(f'http://127.0.0.1:{port}/ingest?{query}', body), timeout=10) as answer:
        assert answer.status == 200


def push_profile(port, service='app'):
    """A profile of the second that has just passed."""
    now = int(time.time())
    ingest(port, service, 'main;work 3\n', **{'from': now - 1, 'until': now, 'format': 'folded'})


def figure(text):
    """A measurement for the reader; nothing depends on it."""
    print(f'FIGURE: {text}', flush=True)


def run_chosen(*tests):
    """Those with one of the words of the command line in their name; without words, all."""
    words = [word for word in sys.argv[1:] if not word.startswith('--')]
    run(*[test for test in tests if not words or any(word in test.__name__ for word in words)])


def run(*tests):
    failed = False
    for test in tests:
        name = test.__name__.replace('_', ' ')
        try:
            test()
            print(f'ok {name}', flush=True)
        except Skip as reason:
            print(f'SKIP: {name}: {reason}', flush=True)
        except Exception:
            failed = True
            traceback.print_exc()
            print(f'not ok {name}', flush=True)
    sys.exit(1 if failed else 0)
