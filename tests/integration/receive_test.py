#!/usr/bin/env python3
"""pyroscope.receive_http takes what programs and agents send: a program with the SDK of Pyroscope, and another weir."""
import os
import pathlib
import re
import subprocess
import tempfile
import urllib.parse
import urllib.request

from harness import (ROOT, Weir, free_port, go_pprof, ingest, need_bpf, need_go, receiving, run, run_weir, started, wait_for,
                     wait_receiving)
from receiver import Receiver, stacks_of, total_of

SENDING = '''
pyroscope.ebpf "one" {{
  targets          = [{{"__process_pid__" = "{pid}", "service_name" = "checkout"}}]
  forward_to       = [pyroscope.write.there.receiver, pyroscope.write.directly.receiver]
  collect_interval = "1s"
}}
pyroscope.write "there" {{
  endpoint {{ url = "http://127.0.0.1:{port}" }}
}}
pyroscope.write "directly" {{
  endpoint {{ url = "{url}" }}
}}
'''


def sending_on(port, receiver):
    """Config: what comes to the port is kept, and sent on to a Receiver."""
    return receiving(port, 'pyroscope.write.out.receiver') + f'''
pyroscope.write "out" {{
  endpoint {{ url = "{receiver.url}" }}
}}
'''


def what_the_sdk_sends_is_kept_and_sent_on():
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder, 'sdk')
        subprocess.run([need_go(), 'build', '-o', program, '.'], cwd=ROOT / 'tests/integration/sdk', check=True, timeout=300,
                       env={**os.environ, 'GOTOOLCHAIN': 'local', 'GOFLAGS': '-buildvcs=false'})
        port = free_port()
        with Receiver() as receiver, Weir(sending_on(port, receiver)) as weir:
            weir.wait_ready()
            with started([program, f'http://127.0.0.1:{port}']):
                def names():
                    return {labels['__name__'] for labels, _ in receiver.of('sdk')}
                wait_for('CPU and memory are sent on', lambda: {'process_cpu', 'memory'} <= names(), 30)
                labels = [labels for labels, _ in receiver.of('sdk') if labels['__name__'] == 'process_cpu'][0]
                assert labels['region'] == 'here', labels
                cpu = '/api/v0/web/profiles/flame?service=sdk&type=process_cpu'
                wait_for('a flame graph', lambda: 'main.burnForTheSdk' in weir.request(cpu)[1], 20)
            info = weir.component('pyroscope.receive_http.in')
            assert info['health']['state'] == 'healthy', info


def another_weir_sends_the_same_values():
    need_bpf()
    port = free_port()
    with Receiver() as direct, Receiver() as far, Weir(sending_on(port, far)) as weir:
        weir.wait_ready()
        with started([ROOT / 'build/services/checkout']) as service:
            with Weir(SENDING.format(pid=service.pid, port=port, url=direct.url)) as sender:
                sender.wait_ready()
                wait_for('some profiles', lambda: len(direct.of('checkout')) >= 3, 30)
                assert sender.stop() == 0, sender.log()
        wait_for('all of them', lambda: len(far.of('checkout')) == len(direct.of('checkout')), 20)
        assert [total_of(pprof) for _, pprof in far.of('checkout')] == [total_of(pprof) for _, pprof in direct.of('checkout')]


def recorded():
    """What `weir record` has of one second of a service, as a pprof."""
    with tempfile.TemporaryDirectory() as folder, started([ROOT / 'build/services/checkout']) as service:
        path = pathlib.Path(folder, 'run.pb.gz')
        done = run_weir('record', '-d', '1', '-r', '997', '-p', str(service.pid), '-o', path)
        assert done.returncode == 0, done
        return path.read_bytes()


def by_leaf(stacks):
    leaves = {}
    for stack, value in stacks.items():
        leaves[stack[0]] = leaves.get(stack[0], 0) + value
    return leaves


def seen_by_go(pprof):
    """The value of each function on its own, as `go tool pprof` says."""
    out = go_pprof(pprof, '-top', '-unit=ns', '-symbolize=none', '-nodecount=100000', '-nodefraction=0')
    rows = re.findall(r'^ *(\d+)ns +[\d.]+% +[\d.]+% +\d+ns +[\d.]+% +(.+?)(?: \(inline\))?$', out, re.M)
    return {name: int(value) for value, name in rows}


def kept_everywhere():
    """One run as it was recorded, at the receiver, and in the store."""
    pprof = recorded()
    port = free_port()
    with Receiver() as receiver, Weir(sending_on(port, receiver)) as weir:
        weir.wait_ready()
        wait_receiving(weir)
        ingest(port, 'shop', pprof, format='pprof')
        wait_for('it is sent on', lambda: receiver.of('shop'), 20)
        wait_for('it is kept', lambda: 'shop' in weir.services(), 20)
        query = urllib.parse.urlencode({'service': 'shop', 'type': weir.services()['shop']['type']})
        with urllib.request.urlopen(f'{weir.url}/api/v0/web/profiles/pprof?{query}', timeout=10) as answer:
            stored = answer.read()
        return pprof, receiver.of('shop')[0][1], stored


def one_run_has_the_same_values_everywhere():
    need_bpf()
    here, received, stored = map(stacks_of, kept_everywhere())
    assert len(here) > 5 and sum(here.values()) > 10**8, here
    assert received == here, (received, here)
    assert stored == here, (stored, here)


def go_tool_pprof_sees_those_values():
    need_bpf()
    need_go()
    for pprof in kept_everywhere():
        flat = {name: value for name, value in by_leaf(stacks_of(pprof)).items() if name != '?'}
        seen = seen_by_go(pprof)
        assert {name: seen.get(name) for name in flat} == flat, (seen, flat)


def a_form_by_hand():
    port = free_port()
    with Receiver() as receiver, Weir(sending_on(port, receiver)) as weir:
        weir.wait_ready()
        wait_receiving(weir)
        ingest(port, 'shop.cpu', 'main;work 42\n', sampleRate=100)
        wait_for('its flame graph', lambda: 'shop' in weir.services() and 'work' in str(weir.flame('shop')), 10)


if __name__ == '__main__':
    run(what_the_sdk_sends_is_kept_and_sent_on, another_weir_sends_the_same_values, one_run_has_the_same_values_everywhere,
        go_tool_pprof_sees_those_values, a_form_by_hand)
