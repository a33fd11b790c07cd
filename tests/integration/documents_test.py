#!/usr/bin/env python3
"""The configs of the documents run unchanged, where they expect to run: /var/run/docker.sock is there, `pyroscope` is a name,
and so is a pod's service account. A real Docker daemon runs the containers; a real API server knows them as pods.

A mount namespace of the test's own provides all that.
"""
import contextlib
import pathlib
import secrets
import tempfile
import time
import uuid

from cluster import Cluster
from docker_daemon import docker_daemon
from harness import ROOT, Weir, figure, need_bpf, need_root, run, wait_for
from receiver import Receiver

ACTIVE = 'pyroscope_ebpf_active_targets'
ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'
# /var/run becomes a folder of the namespace: nothing that is seen elsewhere changes.
NAMESPACE = f'''
set -e
mount --bind "$1/hosts" /etc/hosts
mount -t tmpfs none "$(readlink -f /var/run)"
[ ! -e "$1/docker.sock" ] || ln -s "$1/docker.sock" /var/run/docker.sock
[ ! -d "$1/account" ] || {{ mkdir -p {ACCOUNT} && mount --bind "$1/account" {ACCOUNT}; }}
shift
exec "$@"
'''


class Inside(Weir):
    """A weir that sees in a world of its own what `folder` has: hosts, docker.sock, account/."""

    def __init__(self, config, folder, **options):
        super().__init__(config, **options)
        self.command = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', NAMESPACE, 'sh', str(folder), *self.command]


@contextlib.contextmanager
def world():
    """(a Receiver that is http://pyroscope:4100 there, its folder)"""
    # An address of its own: the port is fixed, and others may test here too.
    address = f'127.{77 + secrets.randbelow(100)}.{secrets.randbelow(256)}.{1 + secrets.randbelow(254)}'
    with Receiver(address, 4100) as receiver, tempfile.TemporaryDirectory(prefix='weir-world-') as name:
        folder = pathlib.Path(name)
        (folder / 'hosts').write_text(f'127.0.0.1 localhost\n{address} pyroscope\n')
        yield receiver, folder


def need_namespaces():
    need_root()
    need_bpf()


def the_docker_config_runs_unchanged():
    need_namespaces()
    with docker_daemon() as daemon, world() as (receiver, folder):
        (folder / 'docker.sock').symlink_to(daemon.address.removeprefix('unix://'))
        daemon.run('before')
        with Inside(ROOT / 'examples/docker.river', folder) as w:
            w.wait_ready()
            wait_for('the container that was there is a target', lambda: w.count(ACTIVE) == 1, 15)
            daemon.run('later', '--label', 'com.example.team=books')
            wait_for('one that is started is too', lambda: w.count(ACTIVE) == 2, 15)
            for name in ('/before', '/later'):
                labels, _ = wait_for(f'a profile of {name} arrives', lambda name=name: receiver.of(name), 60)[0]
                shown = {label: value for label, value in labels.items() if not label.startswith('__')}
                assert shown == {'service_name': name}, labels
            daemon.call('kill', 'before')
            wait_for('one that is stopped is no target', lambda: w.count(ACTIVE) == 1, 15)
            daemon.call('start', 'before')
            wait_for('started again, it is', lambda: w.count(ACTIVE) == 2, 15)
            assert not {path for path, _ in receiver.requests} - {'/push.v1.PusherService/Push'}, receiver.requests
            assert w.stop() == 0, w.log()


def pod(name, namespace, container, node='worker-1', phase='Running', labels=None, container_id=''):
    """A pod whose container is a real one of this machine."""
    statuses = [{'name': container, 'image': 'ledger:1', 'imageID': '', 'ready': True, 'restartCount': 0,
                 'containerID': f'docker://{container_id}'}]
    return {'kind': 'Pod', 'metadata': {'name': name, 'namespace': namespace, 'labels': labels or {}},
            'spec': {'nodeName': node, 'restartPolicy': 'Never', 'containers': [{'name': container, 'image': 'ledger:1'}]},
            'status': {'phase': phase, 'podIP': '10.0.0.1', 'hostIP': '192.168.0.1', 'containerStatuses': statuses}}


def run_pod(daemon, cluster, name, namespace, container, **more):
    """Its container, under the cgroup that a kubelet would choose, and then the pod."""
    parent = f'/kubepods/burstable/pod{uuid.uuid4()}'
    identity = daemon.run(name, '--cgroup-parent', parent)
    made = pod(name, namespace, container, container_id=identity, **more)
    cluster.create(made)
    return made


def in_cluster(cluster, folder):
    """The service account of a pod of ours that may watch pods, and the environment of its containers."""
    cluster.create({'kind': 'Namespace', 'metadata': {'name': 'monitoring'}})
    cluster.create({'kind': 'Namespace', 'metadata': {'name': 'shop'}})
    cluster.create({'kind': 'ServiceAccount', 'metadata': {'name': 'weir', 'namespace': 'monitoring'}})
    cluster.may('weir', [{'apiGroups': [''], 'resources': ['pods'], 'verbs': ['get', 'list', 'watch']}],
                kind='ServiceAccount', namespace='monitoring')
    account = folder / 'account'
    account.mkdir()
    (account / 'token').write_text(cluster.account_token('monitoring', 'weir'))
    (account / 'ca.crt').write_bytes(cluster.ca.read_bytes())
    (account / 'namespace').write_text('monitoring')
    return {'HOSTNAME': 'worker-1', 'KUBERNETES_SERVICE_HOST': '127.0.0.1', 'KUBERNETES_SERVICE_PORT': str(cluster.port)}


def the_kubernetes_config_runs_unchanged():
    need_namespaces()
    with Cluster() as cluster, docker_daemon() as daemon, world() as (receiver, folder):
        env = in_cluster(cluster, folder)
        books = run_pod(daemon, cluster, 'books-1', 'shop', 'web', labels={'app': 'books', 'app.kubernetes.io/part-of': 'shop'})
        run_pod(daemon, cluster, 'elsewhere', 'shop', 'web', node='worker-2')
        run_pod(daemon, cluster, 'done', 'shop', 'web', phase='Succeeded')
        with Inside(ROOT / 'examples/kubernetes.river', folder, env=env) as w:
            w.wait_ready()
            wait_for('the pod of this node is a target', lambda: w.count(ACTIVE) == 1, 20)
            start = time.monotonic()
            run_pod(daemon, cluster, 'prices-1', 'shop', 'api', labels={'app': 'prices'})
            wait_for('one that is started is too', lambda: w.count(ACTIVE) == 2, 20)
            figure(f'a container and its pod are a target {time.monotonic() - start:.2f} s after docker run')
            labels, _ = wait_for('a profile of books arrives', lambda: receiver.of('ebpf/shop/web'), 60)[0]
            shown = {label: value for label, value in labels.items() if not label.startswith('__')}
            assert shown == {'service_name': 'ebpf/shop/web', 'namespace': 'shop', 'pod': 'books-1', 'container': 'web',
                             'app': 'books', 'app_kubernetes_io_part_of': 'shop'}, labels
            labels, _ = wait_for('a profile of prices arrives', lambda: receiver.of('ebpf/shop/api'), 60)[0]
            assert (labels['pod'], labels['app']) == ('prices-1', 'prices'), labels
            assert 'node' not in labels, labels  # no such label without attach_metadata
            cluster.delete(books)
            wait_for('a pod that is deleted is no target', lambda: w.count(ACTIVE) == 1, 20)
            pods = {labels['pod'] for labels, _ in receiver.profiles}
            assert pods == {'books-1', 'prices-1'}, pods
            assert w.stop() == 0, w.log()


def the_minimal_kubernetes_config_runs_with_its_blanks_filled():
    need_namespaces()
    text = (ROOT / 'examples/kubernetes-minimal.river').read_text()
    for blank, value in {'<URL>': 'http://pyroscope:4100', '<USERNAME>': 'someone', '<PASSWORD>': 'something'}.items():
        text = text.replace(blank, value)
    with Cluster() as cluster, docker_daemon() as daemon, world() as (receiver, folder):
        env = in_cluster(cluster, folder)
        run_pod(daemon, cluster, 'books-1', 'shop', 'web')
        with Inside(text, folder, env=env) as w:
            w.wait_ready()
            labels, _ = wait_for('a profile arrives', lambda: receiver.of('ebpf/shop/web'), 60)[0]
            assert receiver.requests[0][1]['Authorization'] == 'Basic c29tZW9uZTpzb21ldGhpbmc=', receiver.requests[0]
            assert labels['__name__'] == 'process_cpu', labels
            assert w.stop() == 0, w.log()


run(the_docker_config_runs_unchanged, the_kubernetes_config_runs_unchanged,
    the_minimal_kubernetes_config_runs_with_its_blanks_filled)
