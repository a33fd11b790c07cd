"""A Docker daemon of the test's own, with one image: ledger:1, a service that burns CPU."""
import contextlib
import pathlib
import shutil
import subprocess
import tempfile
import time

from harness import ROOT, Skip


def ready(docker):
    with contextlib.suppress(subprocess.TimeoutExpired):
        return subprocess.run([*docker, 'info'], capture_output=True, timeout=10).returncode == 0
    return False


@contextlib.contextmanager
def docker_daemon(*more):
    """(the docker command, its socket) of a daemon of our own; `more` are further flags of it."""
    for program in ('dockerd', 'docker', 'containerd', 'runc'):
        if not shutil.which(program, path='/usr/sbin:/usr/bin:/usr/local/bin'):
            raise Skip(f'there is no {program}')
    folder = pathlib.Path(tempfile.mkdtemp(prefix='weir-docker-'))
    socket = f'unix://{folder}/docker.sock'
    docker = ['docker', '-H', socket]
    with open(folder / 'log', 'wb') as log:
        daemon = subprocess.Popen(
            ['/usr/sbin/dockerd', '--iptables=false', '--ip6tables=false', '--bridge=none', '--storage-driver=vfs',
             '--data-root', str(folder / 'data'), '--exec-root', str(folder / 'exec'), '-p', str(folder / 'pid'),
             '-H', socket, *more], stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 30
        while not ready(docker):
            if daemon.poll() is not None or time.monotonic() > deadline:
                raise Skip('dockerd does not run here: ' + (folder / 'log').read_text().strip().split('\n')[-1][:300])
            time.sleep(0.05)
        image = subprocess.run(['tar', '-C', str(ROOT / 'build/services'), '-c', 'ledger'], stdout=subprocess.PIPE, check=True)
        subprocess.run([*docker, 'import', '-', 'ledger:1'], input=image.stdout, stdout=subprocess.DEVNULL, check=True)
        yield docker, socket
    finally:
        left = subprocess.run([*docker, 'ps', '-aq'], capture_output=True, text=True).stdout.split()
        if left:
            subprocess.run([*docker, 'rm', '-f', *left], capture_output=True)
        subprocess.run([*docker, 'network', 'prune', '-f'], capture_output=True)  # their bridges would stay
        daemon.terminate()
        daemon.wait(30)
        for mount in (folder / 'exec/netns').glob('*'):  # the daemon leaves that of the host
            subprocess.run(['umount', mount], capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)
