#!/usr/bin/env python3
"""A weir that watches the pods of its node needs no memory for those of the other nodes.

  --long   makes the pods through the API server, which takes minutes; else they are written to its etcd
"""
import sys
import time

from harness import figure, run, wait_for
from watched_pods import addresses, fresh, pod, watched

LONG = '--long' in sys.argv
PODS = 20_000
NODES = 200


def many(start, end):
    return [pod(f'many-{n}', f'10.{1 + (n >> 16)}.{n >> 8 & 255}.{n & 255}', node=f'worker-{n % NODES}') for n in range(start, end)]


def settled_rss(w):
    """In KB, once it hardly grows any more."""
    sizes = [0]

    def still():
        time.sleep(0.5)
        sizes.append(w.rss_kb())
        return abs(sizes[-1] - sizes[-2]) < 64
    wait_for('memory is settled', still, 30)
    return sizes[-1]


def a_large_cluster_costs_a_node_no_memory():
    with fresh() as cluster:
        here = 'selectors {\n role = "pod"\n field = "spec.nodeName=worker-1"\n }'
        with watched(cluster, more=here) as (w, _):
            before = settled_rss(w)
            start = time.monotonic()
            if LONG:
                cluster.create_all(many(0, PODS))
            else:
                cluster.store(many(0, PODS))
            took = time.monotonic() - start
            wait_for('the pods of the node are targets', lambda: len(addresses(w)) == 3 + PODS // NODES, 60)
            growth = settled_rss(w) - before
            figure(f'{PODS} pods in the API server (made in {took:.0f} s), {PODS // NODES} of them on this node: '
                   f'RSS {before} KB + {growth} KB')
            assert growth <= 5 * 1024, f'{growth} KB for {PODS} pods'


run(a_large_cluster_costs_a_node_no_memory)
