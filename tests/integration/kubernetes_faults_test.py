#!/usr/bin/env python3
"""discovery.kubernetes through what happens to a real API server: killed, forgetful, with other tokens, with few rights.

No target may be lost meanwhile, and what changed is known soon after the server answers again.

  WORD…    only tests with one of them in their name
"""
import json
import threading
import time

from cluster import NOBODY, READER
from harness import Weir, figure, replace_file, run_chosen, wait_for
from watched_pods import CONFIG, ONE, WATCH_PODS, addresses, fresh, pod, watched


class Kept:
    """Watches, in a thread, that these addresses are targets at any time."""

    def __init__(self, w, wanted):
        self.w, self.wanted = w, set(wanted)
        self.lost, self.looks = set(), 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.look)

    def look(self):
        while not self.over.wait(0.02):
            self.lost |= self.wanted - addresses(self.w)
            self.looks += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, *_):
        self.over.set()
        self.thread.join()
        if kind is None:
            assert self.looks and not self.lost, f'lost {self.lost} in {self.looks} looks'


def caught_up(w, what, wanted):
    """Waits until exactly these are targets; prints how long it took."""
    start = time.monotonic()
    wait_for(f'weir has caught up {what}', lambda: addresses(w) == wanted, 20)
    figure(f'{what}: caught up {time.monotonic() - start:.2f} s after the API server answers')
    w.wait_healthy(ONE)


def change_behind_its_back(cluster):
    """While no API server answers where weir asks: one pod goes and one comes, through another server of the same etcd."""
    port = cluster.spare_port
    other = cluster.start(port)
    try:
        cluster.create(pod('late', '10.0.0.99'), port=port)
        cluster.delete(pod('books-1', ''), port=port)
    finally:
        other.kill()
        other.wait()


def a_killed_server_loses_no_target():
    with fresh() as cluster:
        with watched(cluster) as (w, _), Kept(w, ['10.0.0.2', '10.0.0.3']):
            cluster.kill()
            wait_for('weir says that nobody answers', lambda: w.health(ONE)['state'] == 'unhealthy', 20)
            print('while the API server is away: ' + w.health(ONE)['message'])
            change_behind_its_back(cluster)
            cluster.start()
            caught_up(w, 'after a kill', {'10.0.0.2', '10.0.0.3', '10.0.0.99'})
            cluster.delete(pod('late', ''))
            wait_for('the watch goes on', lambda: addresses(w) == {'10.0.0.2', '10.0.0.3'}, 20)


def events_of(cluster, version):
    """What a watch from this version answers first."""
    path = f'/api/v1/pods?watch=1&timeoutSeconds=1&resourceVersion={version}'
    return [json.loads(line) for line in cluster.request('GET', path)[1].splitlines()]


def a_version_that_is_gone_loses_no_target():
    with fresh() as cluster:
        with watched(cluster) as (w, _), Kept(w, ['10.0.0.2', '10.0.0.3']):
            version = cluster.api('GET', '/api/v1/pods')['metadata']['resourceVersion']
            cluster.kill()
            change_behind_its_back(cluster)
            cluster.compact()
            cluster.start()
            refusal = events_of(cluster, version)[0]
            assert (refusal['type'], refusal['object']['code']) == ('ERROR', 410), refusal
            caught_up(w, 'after 410 Gone', {'10.0.0.2', '10.0.0.3', '10.0.0.99'})
            cluster.delete(pod('late', ''))
            wait_for('the watch goes on', lambda: addresses(w) == {'10.0.0.2', '10.0.0.3'}, 20)


def account(cluster):
    """A service account that may watch pods, and two secrets that its tokens can be bound to."""
    cluster.create({'kind': 'ServiceAccount', 'metadata': {'name': 'weir'}})
    cluster.may('weir', WATCH_PODS, kind='ServiceAccount', namespace='default')
    return [cluster.create({'kind': 'Secret', 'metadata': {'name': f'token-{n}'}}) for n in (1, 2)]


def refused(cluster, token):
    return cluster.request('GET', '/api/v1/pods', token=token)[0] == 401


def a_rotated_token_is_read_again():
    with fresh() as cluster:
        secrets = account(cluster)
        old, new = (cluster.account_token('default', 'weir', secret) for secret in secrets)
        with watched(cluster, token=old) as (w, file), Kept(w, ['10.0.0.2', '10.0.0.3']):
            replace_file(file, new)
            cluster.delete({'kind': 'Secret', **secrets[0]})
            wait_for('the old token is refused', lambda: refused(cluster, old), 60)
            cluster.kill()
            change_behind_its_back(cluster)
            cluster.start()
            assert refused(cluster, old)
            caught_up(w, 'with a new token', {'10.0.0.2', '10.0.0.3', '10.0.0.99'})


def a_refused_token_keeps_the_targets_until_there_is_a_new_one():
    with fresh() as cluster:
        with watched(cluster) as (w, file), Kept(w, ['10.0.0.1', '10.0.0.2', '10.0.0.3']):
            replace_file(file, 'token-of-yesterday')
            cluster.kill()
            cluster.start()
            health = w.wait_says(ONE, '401', 20)
            print('with a token of yesterday: ' + health['message'])
            assert health['state'] == 'unhealthy', health
            cluster.create(pod('late', '10.0.0.99'))
            replace_file(file, READER)
            start = time.monotonic()
            wait_for('weir tries again with the new one', lambda: '10.0.0.99' in addresses(w), 60)
            figure(f'a refused token: caught up {time.monotonic() - start:.2f} s after the file has a new one')


def missing_rights_are_named_and_waited_for():
    with fresh() as cluster:
        file = cluster.folder / 'token'
        file.write_text(NOBODY)
        cluster.create(pod('books-1', '10.0.0.1'))
        with Weir(CONFIG.format(url=cluster.url, token=file, ca=cluster.ca, more='')) as w:
            w.wait_ready()
            health = w.wait_says(ONE, '403', 20)
            print('without rights: ' + health['message'])
            assert health['state'] == 'unhealthy' and 'cannot list resource "pods"' in health['message'], health
            cluster.may('nobody', WATCH_PODS)
            wait_for('it works once it may', lambda: addresses(w) == {'10.0.0.1'}, 60)


run_chosen(
    a_killed_server_loses_no_target,
    a_version_that_is_gone_loses_no_target,
    a_rotated_token_is_read_again,
    a_refused_token_keeps_the_targets_until_there_is_a_new_one,
    missing_rights_are_named_and_waited_for,
)
