#!/usr/bin/env python3
"""The Docker config of the documents, against a real daemon: a container is profiled under its labels, and goes when it stops."""
import subprocess
import time

from docker_daemon import docker_daemon
from harness import ROOT, Weir, figure, need_bpf, need_root, run, wait_for
from receiver import Receiver


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


run(a_container_is_profiled_under_its_labels_and_goes)
