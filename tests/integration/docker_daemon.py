"""A Docker daemon of the test's own, with one image: ledger:1, a service that burns CPU."""
import contextlib
import pathlib
import shutil
import subprocess
import tempfile

from harness import ROOT, Skip, wait_for


def need_programs(*programs):
    for program in programs:
        if not shutil.which(program, path='/usr/sbin:/usr/bin:/usr/local/bin:/bin'):
            raise Skip(f'there is no {program}')


def image_of_ledger():
    """As `import` takes it."""
    return subprocess.run(['tar', '-C', str(ROOT / 'build/services'), '-c', 'ledger'], stdout=subprocess.PIPE, check=True).stdout


class Daemon:
    """`flags` are further ones of dockerd."""

    def __init__(self, *flags):
        need_programs('dockerd', 'docker', 'containerd', 'runc')
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='weir-docker-'))
        self.address = f'unix://{self.folder}/docker.sock'
        self.command = ['/usr/sbin/dockerd', '--iptables=false', '--ip6tables=false', '--bridge=none', '--storage-driver=vfs',
                        '--data-root', f'{self.folder}/data', '--exec-root', f'{self.folder}/exec', '-p', f'{self.folder}/pid',
                        '-H', self.address, *flags]
        self.process = None

    def start(self):
        """Goes on with what it had."""
        (self.folder / 'pid').unlink(missing_ok=True)
        with open(self.folder / 'log', 'ab') as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log)

    def wait_ready(self, seconds):
        def ready():
            assert self.process.poll() is None
            with contextlib.suppress(subprocess.TimeoutExpired):
                return self.docker('info', timeout=10).returncode == 0
        try:
            wait_for('dockerd answers', ready, seconds)
        except AssertionError:
            last = (self.folder / 'log').read_text().strip().split('\n')[-1]
            raise Skip(f'dockerd does not run here: {last[:300]}') from None

    def docker(self, *arguments, **options):
        """The command, to its end."""
        return subprocess.run(['docker', '-H', self.address, *arguments], capture_output=True, **{'timeout': 60, **options})

    def call(self, *arguments, **options):
        """What a command says that must succeed."""
        done = self.docker(*arguments, **options)
        assert done.returncode == 0, (arguments, done.stderr.decode(errors='replace'))
        return done.stdout.decode().strip()

    def run(self, name, *options):
        """The id of a new container, which has no network unless `options` give it one."""
        network = () if '--network' in options else ('--network', 'none')
        return self.call('run', '-d', *network, '--name', name, *options, 'ledger:1', '/ledger')

    def kill(self):
        self.process.kill()
        self.process.wait()
        (self.folder / 'docker.sock').unlink(missing_ok=True)
        # Its containerd dies with it; where nobody has buried that yet, the next dockerd would wait for it in vain.
        (self.folder / 'exec/containerd/containerd.pid').unlink(missing_ok=True)

    def close(self):
        if self.process.poll() is None:
            left = self.docker('ps', '-aq').stdout.decode().split()
            if left:
                self.docker('rm', '-f', *left)
            self.docker('network', 'prune', '-f')  # their bridges would stay
            self.process.terminate()
            self.process.wait(30)
        for mount in (self.folder / 'exec/netns').glob('*'):  # the daemon leaves that of the host
            subprocess.run(['umount', mount], capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def docker_daemon(*flags, seconds=30):
    """One that runs, so long after it was started at most."""
    daemon = Daemon(*flags)
    daemon.start()
    try:
        daemon.wait_ready(seconds)
        daemon.call('import', '-', 'ledger:1', input=image_of_ledger())
        yield daemon
    finally:
        if daemon.process.poll() is not None:  # a test has killed it, and its containers still run
            daemon.start()
            with contextlib.suppress(Skip):
                daemon.wait_ready(seconds)
        daemon.close()
