#!/usr/bin/env python3
"""pyroscope.receive_http takes what programs and agents send: a program with the SDK of Pyroscope, and another weir."""
import os
import pathlib
import subprocess
import tempfile
import urllib.request

from harness import ROOT, Weir, free_port, need_bpf, need_go, run, started, wait_for
from receiver import Receiver, total_of

RECEIVING = '''
pyroscope.receive_http "in" {{
  http {{
    listen_address = "127.0.0.1"
    listen_port    = {port}
  }}
  forward_to = [pyroscope.store.local.receiver, pyroscope.write.out.receiver]
}}
pyroscope.store "local" {{ }}
pyroscope.write "out" {{
  endpoint {{ url = "{url}" }}
}}
'''

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


def what_the_sdk_sends_is_kept_and_sent_on():
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder, 'sdk')
        subprocess.run([need_go(), 'build', '-o', program, '.'], cwd=ROOT / 'tests/integration/sdk', check=True, timeout=300,
                       env={**os.environ, 'GOTOOLCHAIN': 'local', 'GOFLAGS': '-buildvcs=false'})
        port = free_port()
        with Receiver() as receiver, Weir(RECEIVING.format(port=port, url=receiver.url)) as weir:
            weir.wait_ready()
            with started([str(program), f'http://127.0.0.1:{port}']):
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
    with Receiver() as direct, Receiver() as far, Weir(RECEIVING.format(port=port, url=far.url)) as weir:
        weir.wait_ready()
        with started([ROOT / 'build/services/checkout']) as service:
            with Weir(SENDING.format(pid=service.pid, port=port, url=direct.url)) as sender:
                sender.wait_ready()
                wait_for('some profiles', lambda: len(direct.of('checkout')) >= 3, 30)
                assert sender.stop() == 0, sender.log()
        wait_for('all of them', lambda: len(far.of('checkout')) == len(direct.of('checkout')), 20)
        assert [total_of(pprof) for _, pprof in far.of('checkout')] == [total_of(pprof) for _, pprof in direct.of('checkout')]


def a_form_by_hand():
    port = free_port()
    with Receiver() as receiver, Weir(RECEIVING.format(port=port, url=receiver.url)) as weir:
        weir.wait_ready()
        request = urllib.request.Request(f'http://127.0.0.1:{port}/ingest?name=shop.cpu&sampleRate=100', b'main;work 42\n')
        wait_for('it listens', lambda: 'listening' in weir.health('pyroscope.receive_http.in')['message'])
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200
        wait_for('its flame graph', lambda: 'shop' in weir.services() and 'work' in str(weir.flame('shop')), 10)


if __name__ == '__main__':
    run(what_the_sdk_sends_is_kept_and_sent_on, another_weir_sends_the_same_values, a_form_by_hand)
