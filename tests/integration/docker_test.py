#!/usr/bin/env python3
"""The Docker config of the documents, against a real daemon: a container is profiled under its labels, and goes when it stops. The
same discovery against podman, which speaks nearly the same."""
import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

from certificates import issue, make_issuer, need_openssl
from docker_daemon import docker_daemon, image_of_ledger, need_programs
from harness import ROOT, Skip, Weir, figure, free_port, need_bpf, need_root, run, wait_for
from receiver import Receiver

ACTIVE = 'pyroscope_ebpf_active_targets'


@contextlib.contextmanager
def podman_service():
    """(a function that runs podman, its Docker-compatible socket) of a storage of our own."""
    need_programs('podman', 'runc', 'busybox')
    folder = pathlib.Path(tempfile.mkdtemp(prefix='weir-podman-'))
    settings = folder / 'containers.conf'
    settings.write_text('[containers]\ndefault_ulimits = ["nofile=4096:4096", "nproc=8192:8192"]\n')
    env = {**os.environ, 'CONTAINERS_CONF': str(settings)}
    command = ['podman', '--root', str(folder / 'root'), '--runroot', str(folder / 'run'), '--tmpdir', str(folder / 'tmp'),
               '--storage-driver=vfs', '--cgroup-manager=cgroupfs', '--runtime=runc', '--events-backend=file']

    def podman(*arguments, **options):
        done = subprocess.run([*command, *arguments], env=env, capture_output=True, timeout=60, **options)
        if done.returncode != 0:
            raise Skip('podman does not run here: ' + done.stderr.decode(errors='replace').strip()[-300:])
        return done.stdout.decode().strip()

    service = None
    try:
        podman('import', '-', 'ledger:1', input=image_of_ledger())
        with open(folder / 'log', 'wb') as log:
            service = subprocess.Popen([*command, 'system', 'service', '--time=0', f'unix://{folder}/podman.sock'], env=env, stdout=log, stderr=log)
        wait_for('podman listens', (folder / 'podman.sock').exists, 30)
        yield podman, f'unix://{folder}/podman.sock'
    finally:
        subprocess.run([*command, 'rm', '-f', '-t', '0', '-a'], env=env, capture_output=True)
        if service:
            service.terminate()
            service.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def profiled(w, name):
    """Whether the profiler has samples of the service."""
    text = w.request('/api/v0/web/components/pyroscope.ebpf.default')[1]
    return name in text


def a_container_is_profiled_under_its_labels_and_goes():
    need_root()
    need_bpf()
    with docker_daemon() as daemon, Receiver() as receiver:
        text = (ROOT / 'examples/docker.river').read_text()
        text = text.replace('unix:///var/run/docker.sock', daemon.address).replace('http://pyroscope:4100', receiver.url)
        with Weir(text) as w:
            w.wait_ready()
            w.wait_healthy('discovery.docker.linux')
            assert w.count(ACTIVE) == 0
            start = time.monotonic()
            daemon.run('books')
            wait_for('the container is a target', lambda: w.count(ACTIVE) >= 1, 10)
            wait_for('it is profiled', lambda: profiled(w, 'books'), 10)
            figure(f'a container is profiled {time.monotonic() - start:.2f} s after docker run')
            labels, _ = wait_for('its profile arrives', lambda: receiver.of('/books'), 40)[0]
            assert labels['service_name'] == '/books', labels
            start = time.monotonic()
            daemon.call('kill', 'books')
            wait_for('its target is gone', lambda: w.count(ACTIVE) == 0, 10)
            figure(f'its target is gone {time.monotonic() - start:.2f} s after docker kill')
            assert w.stop() == 0, w.log()


def by_tls(name, host, folder, with_certificate=True):
    own = f'  cert_file = "{folder}/client.crt"\n  key_file = "{folder}/client.key"\n' if with_certificate else ''
    return (f'discovery.docker "{name}" {{\n host = "{host}"\n tls_config {{\n  ca_file = "{folder}/ca.crt"\n{own} }}\n}}\n')


def a_daemon_behind_tls_says_the_same():
    need_root()
    need_openssl()
    with tempfile.TemporaryDirectory(prefix='weir-tls-') as folder:
        port = free_port()
        make_issuer(folder)
        issue(folder, 'server', 'extendedKeyUsage=serverAuth')
        issue(folder, 'client', 'extendedKeyUsage=clientAuth')
        flags = ['-H', f'tcp://127.0.0.1:{port}', '--tlsverify', '--tlscacert', f'{folder}/ca.crt', '--tlscert', f'{folder}/server.crt',
                 '--tlskey', f'{folder}/server.key']
        with docker_daemon(*flags) as daemon:
            daemon.run('books')
            config = (f'discovery.docker "unix" {{\n host = "{daemon.address}"\n}}\n' + by_tls('tcp', f'tcp://127.0.0.1:{port}', folder)
                      + by_tls('https', f'https://127.0.0.1:{port}', folder) + by_tls('stranger', f'tcp://127.0.0.1:{port}', folder, False))
            with Weir(config) as w:
                w.wait_ready()
                wait_for('the socket tells of the container', lambda: w.targets('discovery.docker.unix'))
                for name in ('tcp', 'https'):
                    wait_for(f'{name} tells of it', lambda name=name: w.targets(f'discovery.docker.{name}'))
                    assert w.targets(f'discovery.docker.{name}') == w.targets('discovery.docker.unix'), name
                wait_for('who has no certificate learns nothing', lambda: w.health('discovery.docker.stranger')['state'] == 'unhealthy')
                assert not w.targets('discovery.docker.stranger')


def podmans_containers_show_and_go():
    need_root()
    with podman_service() as (podman, socket):
        with Weir(f'discovery.docker "d" {{\n host = "{socket}"\n}}\n') as w:
            w.wait_ready()
            w.wait_healthy('discovery.docker.d')
            assert not w.targets('discovery.docker.d')
            start = time.monotonic()
            identity = podman('run', '-d', '--network=none', '--name=books', '--label=shop.kind=paper', 'ledger:1', '/ledger')
            found = wait_for('the container is a target', lambda: w.targets('discovery.docker.d'), 10)
            figure(f"podman's container is a target {time.monotonic() - start:.2f} s after podman run")
            labels = found[0]
            assert labels['__meta_docker_container_id'] == identity, labels
            assert labels['__meta_docker_container_name'] == '/books', labels
            assert labels['__meta_docker_container_label_shop_kind'] == 'paper', labels
            start = time.monotonic()
            podman('kill', 'books')
            wait_for('it is gone', lambda: not w.targets('discovery.docker.d'), 10)
            figure(f'it is gone {time.monotonic() - start:.2f} s after podman kill')
            assert w.is_healthy('discovery.docker.d')


run(a_container_is_profiled_under_its_labels_and_goes, a_daemon_behind_tls_says_the_same, podmans_containers_show_and_go)
