#!/usr/bin/env python3
"""What pyroscope.store keeps can be asked for over HTTP, also with `go tool pprof`, and outlives kill -9."""
import os
import re
import subprocess
import urllib.parse
import urllib.request

from harness import Weir, free_port, need_go, run, wait_for

CONFIG = '''
pyroscope.receive_http "in" {{
  http {{
    listen_address = "127.0.0.1"
    listen_port    = {port}
  }}
  forward_to = [pyroscope.store.local.receiver]
}}
pyroscope.store "local" {{ }}
'''
API = '/api/v0/web/profiles/'


def send(port, service, folded):
    """Stacks as a program without an SDK would send them, 100 a second."""
    query = urllib.parse.urlencode({'name': service, 'sampleRate': 100})
    request = urllib.request.Request(f'http://127.0.0.1:{port}/ingest?{query}', folded.encode())
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200


class Kept(Weir):
    """A weir that keeps what is sent to `receiving`."""

    def __init__(self):
        self.receiving = free_port()
        super().__init__(CONFIG.format(port=self.receiving))

    def begin(self):
        self.wait_ready()
        wait_for('it listens', lambda: 'listening' in self.health('pyroscope.receive_http.in')['message'])
        wait_for('the store is open', lambda: self.health('pyroscope.store.local')['state'] == 'healthy')

    def ask(self, what, **parameters):
        query = {'type': self.services()[parameters['service']]['type'], **parameters}
        return self.json(API + what + '?' + urllib.parse.urlencode(query))


def what_is_kept_can_be_asked_for():
    with Kept() as weir:
        weir.begin()
        send(weir.receiving, 'shop{host=a}', 'main;work 30\nmain;idle 10\n')
        send(weir.receiving, 'shop{host=b}', 'main;work 10\n')
        wait_for('both', lambda: weir.services().get('shop', {}).get('profiles') == 2)
        functions = weir.ask('functions', service='shop', by='total')
        rows = {row['name']: row for row in functions['functions']}
        assert rows['work']['self'] * 5 == functions['total'] * 4, functions
        assert rows['main']['total'] == functions['total'] and rows['main']['self'] == 0, functions
        hosts = {row['value']: row['total'] for row in weir.ask('breakdown', service='shop', label='host')['values']}
        assert hosts['a'] == 4 * hosts['b'] and sum(hosts.values()) == functions['total'], hosts
        now = functions['until']
        changes = weir.ask('diff', service='shop', labels='{host="a"}', before_labels='{host="b"}',
                           before_from=now - 3600000, before_until=now)
        idle = [row for row in changes['functions'] if row['name'] == 'idle'][0]
        assert (idle['beforeSelf'], idle['self']) == (0, functions['total'] // 5), changes['functions']


def go_tool_pprof_reads_it():
    tool = need_go()
    with Kept() as weir:
        weir.begin()
        send(weir.receiving, 'shop', 'main;work 30\nmain;idle 10\n')
        wait_for('it is kept', lambda: 'shop' in weir.services())
        query = urllib.parse.urlencode({'service': 'shop', 'type': weir.services()['shop']['type']})
        url = f'{weir.url}{API}pprof?{query}'
        env = {**os.environ, 'GOTOOLCHAIN': 'local', 'PPROF_TMPDIR': str(weir.folder)}
        out = subprocess.run([tool, 'tool', 'pprof', '-top', '-unit=ms', url], capture_output=True, text=True, env=env,
                             timeout=300, check=True).stdout
        rows = {line.split()[-1]: line.split() for line in out.splitlines() if re.match(r'\s*\d', line)}
        total = weir.services()['shop']['total']
        assert rows['work'][0] == '300ms' and rows['main'][3] == '400ms' and total == 400_000_000, (out, total)


def after_kill_9_all_is_there():
    with Kept() as weir:
        weir.begin()
        for number in range(20):
            send(weir.receiving, 'shop', f'main;work{number % 7} 10\n')
        wait_for('all are kept', lambda: weir.services().get('shop', {}).get('profiles') == 20)
        before = weir.ask('functions', service='shop')
        weir.process.kill()
        weir.process.wait()
        weir.start()
        weir.begin()
        after = weir.ask('functions', service='shop')
        assert after['functions'] == before['functions'] and after['total'] == before['total'], (before, after)


if __name__ == '__main__':
    run(what_is_kept_can_be_asked_for, go_tool_pprof_reads_it, after_kill_9_all_is_there)
