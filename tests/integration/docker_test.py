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

from docker_daemon import docker_daemon
from harness import ROOT, Skip, Weir, figure, free_port, need_bpf, need_root, run, wait_for
from receiver import Receiver


@contextlib.contextmanager
def podman_service():
    """(a function that runs podman, its Docker-compatible socket) of a storage of our own."""
    for program in ('podman', 'runc', 'busybox'):
        if not shutil.which(program, path='/usr/sbin:/usr/bin:/usr/local/bin:/bin'):
            raise Skip(f'there is no {program}')
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

    image = subprocess.run(['tar', '-C', str(ROOT / 'build/services'), '-c', 'ledger'], stdout=subprocess.PIPE, check=True)
    service = None
    try:
        podman('import', '-', 'ledger:1', input=image.stdout)
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


def exported_targets(w, component):
    """Each as a dictionary of its labels."""
    for field in w.component(component)['exports']:
        if field['name'] == 'targets':
            return [{label['key']: label['value']['value'] for label in target['value']} for target in field['value']['value']]
    return []


def profiled(w, name):
    """Whether the profiler has samples of the service."""
    text = w.request('/api/v0/web/components/pyroscope.ebpf.default')[1]
    return name in text


def targets(w):
    return w.metric('pyroscope_ebpf_active_targets') or 0


def a_container_is_profiled_under_its_labels_and_goes():
    need_root()
    need_bpf()
    with docker_daemon() as (docker, socket), Receiver() as receiver:
        text = (ROOT / 'examples/docker.river').read_text()
        text = text.replace('unix:///var/run/docker.sock', socket).replace('http://pyroscope:4100', receiver.url)
        with Weir(text) as w:
            w.wait_ready()
            wait_for('discovery.docker is healthy', lambda: w.health('discovery.docker.linux')['state'] == 'healthy')
            assert targets(w) == 0
            start = time.monotonic()
            subprocess.run([*docker, 'run', '-d', '--network', 'none', '--name', 'books', 'ledger:1', '/ledger'],
                           stdout=subprocess.DEVNULL, check=True)
            wait_for('the container is a target', lambda: targets(w) >= 1, 10)
            wait_for('it is profiled', lambda: profiled(w, 'books'), 10)
            figure(f'a container is profiled {time.monotonic() - start:.2f} s after docker run')
            labels, _ = wait_for('its profile arrives', lambda: receiver.of('/books'), 40)[0]
            assert labels['service_name'] == '/books', labels
            start = time.monotonic()
            subprocess.run([*docker, 'kill', 'books'], stdout=subprocess.DEVNULL, check=True)
            wait_for('its target is gone', lambda: targets(w) == 0, 10)
            figure(f'its target is gone {time.monotonic() - start:.2f} s after docker kill')
            assert w.stop() == 0, w.log()


def make_certificates(folder):
    """ca.pem, and {server,client}{,-key}.pem by it, for 127.0.0.1."""
    def openssl(*arguments):
        subprocess.run(['openssl', *arguments], cwd=folder, check=True, capture_output=True)

    openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=ca', '-keyout', 'ca-key.pem',
            '-out', 'ca.pem', '-days', '2')
    for name, usage in (('server', 'serverAuth'), ('client', 'clientAuth')):
        (folder / 'extensions').write_text(f'subjectAltName=IP:127.0.0.1\nextendedKeyUsage={usage}\n')
        openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', f'/CN={name}', '-keyout',
                f'{name}-key.pem', '-out', 'request.pem')
        openssl('x509', '-req', '-in', 'request.pem', '-CA', 'ca.pem', '-CAkey', 'ca-key.pem', '-CAcreateserial', '-days', '2',
                '-extfile', 'extensions', '-out', f'{name}.pem')


def by_tls(name, host, folder, with_certificate=True):
    own = f'  cert_file = "{folder}/client.pem"\n  key_file = "{folder}/client-key.pem"\n' if with_certificate else ''
    return (f'discovery.docker "{name}" {{\n host = "{host}"\n tls_config {{\n  ca_file = "{folder}/ca.pem"\n{own} }}\n}}\n')


def a_daemon_behind_tls_says_the_same():
    need_root()
    if not shutil.which('openssl'):
        raise Skip('there is no openssl')
    with tempfile.TemporaryDirectory(prefix='weir-tls-') as text:
        folder, port = pathlib.Path(text), free_port()
        make_certificates(folder)
        flags = ['-H', f'tcp://127.0.0.1:{port}', '--tlsverify', '--tlscacert', f'{folder}/ca.pem', '--tlscert', f'{folder}/server.pem',
                 '--tlskey', f'{folder}/server-key.pem']
        with docker_daemon(*flags) as (docker, socket):
            subprocess.run([*docker, 'run', '-d', '--network', 'none', '--name', 'books', 'ledger:1', '/ledger'], stdout=subprocess.DEVNULL,
                           check=True)
            config = (f'discovery.docker "unix" {{\n host = "{socket}"\n}}\n' + by_tls('tcp', f'tcp://127.0.0.1:{port}', folder)
                      + by_tls('https', f'https://127.0.0.1:{port}', folder) + by_tls('stranger', f'tcp://127.0.0.1:{port}', folder, False))
            with Weir(config) as w:
                w.wait_ready()
                wait_for('the socket tells of the container', lambda: exported_targets(w, 'discovery.docker.unix'))
                for name in ('tcp', 'https'):
                    wait_for(f'{name} tells of it', lambda name=name: exported_targets(w, f'discovery.docker.{name}'))
                    assert exported_targets(w, f'discovery.docker.{name}') == exported_targets(w, 'discovery.docker.unix'), name
                wait_for('who has no certificate learns nothing', lambda: w.health('discovery.docker.stranger')['state'] == 'unhealthy')
                assert not exported_targets(w, 'discovery.docker.stranger')


def podmans_containers_show_and_go():
    need_root()
    with podman_service() as (podman, socket):
        with Weir(f'discovery.docker "d" {{\n host = "{socket}"\n}}\n') as w:
            w.wait_ready()
            wait_for('discovery.docker is healthy', lambda: w.health('discovery.docker.d')['state'] == 'healthy')
            assert not exported_targets(w, 'discovery.docker.d')
            start = time.monotonic()
            identity = podman('run', '-d', '--network=none', '--name=books', '--label=shop.kind=paper', 'ledger:1', '/ledger')
            found = wait_for('the container is a target', lambda: exported_targets(w, 'discovery.docker.d'), 10)
            figure(f"podman's container is a target {time.monotonic() - start:.2f} s after podman run")
            labels = found[0]
            assert labels['__meta_docker_container_id'] == identity, labels
            assert labels['__meta_docker_container_name'] == '/books', labels
            assert labels['__meta_docker_container_label_shop_kind'] == 'paper', labels
            start = time.monotonic()
            podman('kill', 'books')
            wait_for('it is gone', lambda: not exported_targets(w, 'discovery.docker.d'), 10)
            figure(f'it is gone {time.monotonic() - start:.2f} s after podman kill')
            assert w.health('discovery.docker.d')['state'] == 'healthy'


run(a_container_is_profiled_under_its_labels_and_goes, a_daemon_behind_tls_says_the_same, podmans_containers_show_and_go)
