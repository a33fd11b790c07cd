#!/usr/bin/env python3
"""What pyroscope.store keeps can be asked for over HTTP, also with `go tool pprof`, and outlives kill -9."""
import re
import urllib.parse

from harness import Weir, free_port, go_pprof, ingest, need_go, receiving, run, wait_for, wait_receiving

API = '/api/v0/web/profiles/'


class Kept(Weir):
    """A weir that keeps what is sent to `receiving`."""

    def __init__(self):
        self.receiving = free_port()
        super().__init__(receiving(self.receiving))

    def take(self, service, folded):
        """Stacks that were sampled 100 times a second."""
        ingest(self.receiving, service, folded, sampleRate=100)

    def begin(self):
        self.wait_ready()
        wait_receiving(self)
        self.wait_healthy('pyroscope.store.local')

    def ask(self, what, **parameters):
        query = {'type': self.services()[parameters['service']]['type'], **parameters}
        return self.json(API + what + '?' + urllib.parse.urlencode(query))


def what_is_kept_can_be_asked_for():
    with Kept() as weir:
        weir.begin()
        weir.take('shop{host=a}', 'main;work 30\nmain;idle 10\n')
        weir.take('shop{host=b}', 'main;work 10\n')
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
    need_go()
    with Kept() as weir:
        weir.begin()
        weir.take('shop', 'main;work 30\nmain;idle 10\n')
        wait_for('it is kept', lambda: 'shop' in weir.services())
        query = urllib.parse.urlencode({'service': 'shop', 'type': weir.services()['shop']['type']})
        out = go_pprof(f'{weir.url}{API}pprof?{query}', '-top', '-unit=ms')
        rows = {line.split()[-1]: line.split() for line in out.splitlines() if re.match(r'\s*\d', line)}
        total = weir.services()['shop']['total']
        assert rows['work'][0] == '300ms' and rows['main'][3] == '400ms' and total == 400_000_000, (out, total)


def after_kill_9_all_is_there():
    with Kept() as weir:
        weir.begin()
        for number in range(20):
            weir.take('shop', f'main;work{number % 7} 10\n')
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
