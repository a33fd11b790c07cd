"""A Kubernetes cluster without machines: a real API server over a real etcd, on free ports of loopback.

  with Cluster() as cluster:
      cluster.create(pod)                     # with its status
      cluster.api('GET', '/api/v1/pods')
      cluster.kill(); cluster.start()         # the API server; on the same port

Nobody schedules or runs anything: what a pod's status says is what a test wrote there.
"""
import base64
import concurrent.futures
import contextlib
import http.client
import json
import pathlib
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
import urllib.request
import uuid

from certificates import issue, make_issuer, need_openssl, openssl
from go_program import go_program
from harness import Skip, free_port, wait_for

ADMIN, READER, NOBODY = 'token-of-admin', 'token-of-reader', 'token-of-nobody'
TOKENS = f'{ADMIN},admin,1,"system:masters"\n{READER},reader,2\n{NOBODY},nobody,3\n'
MERGE = 'application/merge-patch+json'
# Where objects of a kind are: group and version, plural, whether they are in a namespace.
PLACES = {
    'Namespace': ('api/v1', 'namespaces', False),
    'Node': ('api/v1', 'nodes', False),
    'Pod': ('api/v1', 'pods', True),
    'Service': ('api/v1', 'services', True),
    'Endpoints': ('api/v1', 'endpoints', True),
    'Secret': ('api/v1', 'secrets', True),
    'ServiceAccount': ('api/v1', 'serviceaccounts', True),
    'EndpointSlice': ('apis/discovery.k8s.io/v1', 'endpointslices', True),
    'Ingress': ('apis/networking.k8s.io/v1', 'ingresses', True),
    'ClusterRole': ('apis/rbac.authorization.k8s.io/v1', 'clusterroles', False),
    'ClusterRoleBinding': ('apis/rbac.authorization.k8s.io/v1', 'clusterrolebindings', False),
}


def collection(kind, namespace):
    group, plural, within = PLACES[kind]
    return f'/{group}/namespaces/{namespace}/{plural}' if within else f'/{group}/{plural}'


def path_of(thing):
    meta = thing['metadata']
    return collection(thing['kind'], meta.get('namespace', 'default')) + '/' + meta['name']


def base64_of(text):
    return base64.b64encode(text.encode()).decode()


class Cluster:
    def __init__(self):
        self.program = go_program('apiserver')
        need_openssl()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='weir-cluster-'))
        self.port = free_port()
        self.url = f'https://127.0.0.1:{self.port}'
        self.ca = self.folder / 'ca.crt'
        self.spare_port = free_port()
        self.etcd_port = free_port()
        self.etcd = self.server = None
        self.connections = threading.local()

    def __enter__(self):
        try:
            self.make_keys()
            (self.folder / 'tokens.csv').write_text(TOKENS)
            self.start_etcd()
            self.start()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, kind, *_):
        for process in (self.server, self.etcd):
            if process and process.poll() is None:
                process.kill()
                process.wait()
        if kind and kind is not Skip:
            for log in sorted(self.folder.glob('*.log')):
                print(f'--- {log.name}\n' + log.read_text(errors='replace')[-3000:], file=sys.stderr)
        shutil.rmtree(self.folder, ignore_errors=True)

    def make_keys(self):
        make_issuer(self.folder)
        issue(self.folder, 'server')
        openssl(self.folder, 'ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', 'accounts.key')
        self.context = ssl.create_default_context(cafile=str(self.ca))

    def spawn(self, log, *arguments):
        with open(self.folder / f'{log}.log', 'ab') as out:
            # They end with the test, however that ends.
            command = ['setpriv', '--pdeathsig', 'KILL', self.program, *arguments]
            return subprocess.Popen(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    def start_etcd(self):
        client, peer = f'http://127.0.0.1:{self.etcd_port}', f'http://127.0.0.1:{free_port()}'
        self.etcd = self.spawn(
            'etcd', 'etcd', '--data-dir', 'etcd', '--listen-client-urls', client, '--advertise-client-urls', client,
            '--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', f'default={peer}',
            '--unsafe-no-fsync', '--log-level', 'error')

    def start(self, port=None):
        """The API server, and waits until it is ready; another one beside it if a port is given."""
        server = self.spawn(
            'apiserver', 'apiserver', f'--etcd-servers=http://127.0.0.1:{self.etcd_port}', '--bind-address=127.0.0.1',
            '--advertise-address=127.0.0.1', f'--secure-port={port or self.port}', '--tls-cert-file=server.crt',
            '--tls-private-key-file=server.key', '--client-ca-file=ca.crt', '--token-auth-file=tokens.csv',
            '--service-account-issuer=https://kubernetes.default.svc', '--service-account-key-file=accounts.key',
            '--service-account-signing-key-file=accounts.key', '--authorization-mode=RBAC',
            # No controller gives pods their service account, and none keeps the endpoints of the server itself.
            '--disable-admission-plugins=ServiceAccount', '--endpoint-reconciler-type=none',
            '--service-cluster-ip-range=10.96.0.0/16', '--enable-priority-and-fairness=false')
        if port is None:
            self.server = server

        def ready():
            assert server.poll() is None, 'the API server ended'
            assert self.etcd.poll() is None, 'etcd ended'
            with contextlib.suppress(OSError, http.client.HTTPException):
                connection = http.client.HTTPSConnection('127.0.0.1', port or self.port, timeout=5, context=self.context)
                connection.request('GET', '/readyz')
                return connection.getresponse().status == 200
        try:
            wait_for('the API server is ready', ready, 120)
        except BaseException:
            server.kill()
            server.wait()
            raise
        return server

    def kill(self):
        self.server.kill()
        self.server.wait()

    def request(self, method, path, body=None, token=ADMIN, content='application/json', port=None):
        """(status, text). One connection for each thread, kept open."""
        key = port or self.port
        kept = self.connections.__dict__
        headers = {'Authorization': f'Bearer {token}', 'Content-Type': content}
        for again in (True, False):
            connection = kept.pop(key, None) or http.client.HTTPSConnection('127.0.0.1', key, timeout=60, context=self.context)
            try:
                connection.request(method, path, None if body is None else json.dumps(body), headers)
                answer = connection.getresponse()
                text = answer.read()
                kept[key] = connection
                return answer.status, text.decode()
            except (OSError, http.client.HTTPException):
                # The server it was connected to may have ended.
                connection.close()
                if not again:
                    raise

    def api(self, method, path, body=None, **options):
        status, text = self.request(method, path, body, **options)
        assert 200 <= status < 300, f'{method} {path}: {status} {text[:500]}'
        return json.loads(text)

    def create(self, thing, **options):
        """With its status, if it has one."""
        meta = thing['metadata']
        made = self.api('POST', collection(thing['kind'], meta.get('namespace', 'default')), thing, **options)
        if 'status' in thing:
            made = self.patch_status(thing, thing['status'], **options)
        return made

    def create_all(self, things, threads=8):
        with concurrent.futures.ThreadPoolExecutor(threads) as pool:
            return list(pool.map(self.create, things))

    def patch(self, thing, change, **options):
        return self.api('PATCH', path_of(thing), change, content=MERGE, **options)

    def patch_status(self, thing, status, **options):
        return self.api('PATCH', path_of(thing) + '/status', {'status': status}, content=MERGE, **options)

    def delete(self, thing, **options):
        self.api('DELETE', path_of(thing), {'gracePeriodSeconds': 0}, **options)

    def etcd_call(self, call, body):
        request = urllib.request.Request(f'http://127.0.0.1:{self.etcd_port}/v3/kv/{call}', json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def store(self, things):
        """Writes what the server would have written, past it: much faster, and what it would not take any more."""
        for start in range(0, len(things), 100):
            puts = []
            for thing in things[start:start + 100]:
                group, plural, _ = PLACES[thing['kind']]
                meta = {**thing['metadata'], 'uid': str(uuid.uuid4()), 'creationTimestamp': '2026-01-01T00:00:00Z'}
                key = f'/registry/{plural}/{meta["namespace"]}/{meta["name"]}'
                version = group.split('/', 1)[1]
                value = json.dumps({'apiVersion': version, **thing, 'metadata': meta})
                puts.append({'requestPut': {'key': base64_of(key), 'value': base64_of(value)}})
            assert self.etcd_call('txn', {'success': puts})['succeeded']

    def compact(self):
        """etcd forgets what was before now; the revision."""
        revision = self.etcd_call('range', {'key': base64_of('/'), 'limit': 1})['header']['revision']
        self.etcd_call('compaction', {'revision': revision, 'physical': True})
        return int(revision)

    def may(self, user, rules, kind='User', namespace=None):
        """Binds a role of these rules to the user or service account."""
        name = f'{kind.lower()}-{user}'
        self.create({'kind': 'ClusterRole', 'metadata': {'name': name}, 'rules': rules})
        subject = {'kind': kind, 'name': user}
        subject |= {'namespace': namespace} if kind == 'ServiceAccount' else {'apiGroup': 'rbac.authorization.k8s.io'}
        self.create({'kind': 'ClusterRoleBinding', 'metadata': {'name': name}, 'subjects': [subject],
                     'roleRef': {'apiGroup': 'rbac.authorization.k8s.io', 'kind': 'ClusterRole', 'name': name}})

    def account_token(self, namespace, account, secret=None):
        """A fresh token of a service account; with a secret it ends when that is deleted."""
        spec = {'expirationSeconds': 3600}
        if secret:
            spec['boundObjectRef'] = {'apiVersion': 'v1', 'kind': 'Secret', 'name': secret['metadata']['name'],
                                      'uid': secret['metadata']['uid']}
        path = f'/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token'
        answer = self.api('POST', path, {'kind': 'TokenRequest', 'apiVersion': 'authentication.k8s.io/v1', 'spec': spec})
        return answer['status']['token']
