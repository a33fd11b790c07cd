"""Pods of a real API server that a weir watches: what tests of discovery.kubernetes share."""
import atexit
import contextlib
import functools

from cluster import READER, Cluster
from harness import Weir, wait_for

ONE = 'discovery.kubernetes.one'
CONFIG = '''
discovery.kubernetes "one" {{
  role = "pod"
  {more}
  api_server        = "{url}"
  bearer_token_file = "{token}"
  tls_config {{ ca_file = "{ca}" }}
}}
'''
WATCH_PODS = [{'apiGroups': [''], 'resources': ['pods'], 'verbs': ['get', 'list', 'watch']}]


def pod(name, address, node='worker-1', namespace='default'):
    return {'apiVersion': 'v1', 'kind': 'Pod',
            'metadata': {'name': name, 'namespace': namespace, 'labels': {'app': 'books', 'pod-template-hash': '5d4f'},
                         'annotations': {'kubernetes.io/config.source': 'api'}},
            'spec': {'nodeName': node, 'containers': [{'name': 'web', 'image': 'books:1', 'ports': [{'containerPort': 8080}]}]},
            'status': {'phase': 'Running', 'podIP': address, 'hostIP': '192.168.0.1',
                       'conditions': [{'type': 'Ready', 'status': 'True'}],
                       'containerStatuses': [{'name': 'web', 'image': 'books:1', 'imageID': '', 'ready': True, 'restartCount': 0,
                                              'containerID': f'containerd://{abs(hash(name)):064x}'}]}}


def addresses(w):
    """The pods that are targets, by address."""
    return {target['__meta_kubernetes_pod_ip'] for target in w.targets(ONE)}


@functools.cache
def started_cluster():
    cluster = Cluster().__enter__()
    atexit.register(cluster.__exit__, None)
    cluster.may('reader', WATCH_PODS)
    return cluster


@contextlib.contextmanager
def fresh():
    """The cluster that these tests share, without pods."""
    cluster = started_cluster()
    cluster.api('DELETE', '/api/v1/namespaces/default/pods?gracePeriodSeconds=0')
    try:
        yield cluster
    finally:
        if cluster.server.poll() is not None:
            cluster.start()


@contextlib.contextmanager
def watched(cluster, token=READER, more='', pods=3):
    """A weir that watches some pods with a token from a file."""
    file = cluster.folder / 'token'
    file.write_text(token)
    cluster.create_all([pod(f'books-{n}', f'10.0.0.{n}') for n in range(1, pods + 1)])
    with Weir(CONFIG.format(url=cluster.url, token=file, ca=cluster.ca, more=more)) as w:
        w.wait_ready()
        wait_for('all pods are targets', lambda: len(addresses(w)) == pods, 20)
        yield w, file
