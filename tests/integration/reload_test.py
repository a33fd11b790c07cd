#!/usr/bin/env python3
"""Reloads back to back of a thousand components while exports change: no hang, no growth, everybody is answered.

An argument says how many reloads, if not 2,000.
"""
import http.client
import json
import sys
import threading
import time

from harness import Weir, figure, replace_file, run, wait_for

COMPONENTS = 1000
CHAIN = 100
RELOADS = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
EARLY = 1000  # by then everything has been there once
FOUND = 'discovery.file.f.targets'


def block(label, targets, version=0):
    label = f'r{label}' if isinstance(label, int) else label
    return (f'discovery.relabel "{label}" {{\n  targets = {targets}\n\n  rule {{\n    target_label = "hop"\n'
            f'    replacement  = "{label}-{version}"\n  }}\n}}\n')


class Config:
    """A chain behind a discovery.file, and the others beside it; the leaf in their midst is of some version."""

    def __init__(self, w):
        source = f'discovery.file "f" {{\n  files            = ["{w.folder}/targets.json"]\n  refresh_interval = "100ms"\n}}\n'
        chain = [block(number, f'discovery.relabel.r{number - 1}.output' if number else FOUND) for number in range(CHAIN)]
        beside = [block(number, FOUND) for number in range(CHAIN, COMPONENTS - 2)]
        self.front = source + ''.join(chain + beside[:len(beside) // 2])
        self.behind = ''.join(beside[len(beside) // 2:])

    def text(self, version, more=0):
        return self.front + block('leaf', FOUND, version) + self.behind + ''.join(block(f'more{number}', FOUND) for number in range(more))


def put_targets(w, version):
    replace_file(w.folder / 'targets.json', json.dumps([{'targets': ['host:80'], 'labels': {'version': str(version)}}]))


class Asker:
    """Asks for a path again and again, in a thread of its own; how long each answer took, in ms."""

    def __init__(self, w, path):
        self.w, self.path, self.took, self.failed = w, path, [], 0
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        connection = http.client.HTTPConnection('127.0.0.1', self.w.port, timeout=10)
        while not self.is_over.wait(0.05):
            begin = time.monotonic()
            connection.request('GET', self.path)
            answer = connection.getresponse()
            answer.read()
            self.failed += answer.status != 200
            self.took.append((time.monotonic() - begin) * 1000)

    def end(self):
        self.is_over.set()
        self.thread.join()
        self.took.sort()


def reloads_back_to_back_neither_hang_nor_grow():
    with Weir('') as w:
        w.wait_ready()
        put_targets(w, 0)
        config = Config(w)
        replace_file(w.config, config.text(0))
        wait_for('it is loaded', lambda: w.status('/api/v0/web/components/discovery.relabel.leaf') == 200)
        connection = http.client.HTTPConnection('127.0.0.1', w.port, timeout=10)
        askers = [Asker(w, '/metrics'), Asker(w, f'/api/v0/web/components/discovery.relabel.r{CHAIN - 1}')]
        is_over = threading.Event()

        def publish():
            version = 0
            while not is_over.wait(0.05):
                version += 1
                put_targets(w, version)

        publisher = threading.Thread(target=publish)
        publisher.start()
        begin, early = time.monotonic(), None
        try:
            for number in range(1, RELOADS + 1):
                # A leaf is another each time; now and then components come and go.
                replace_file(w.config, config.text(number, number % 3 if number % 100 < 3 else 0))
                connection.request('POST', '/-/reload')
                answer = connection.getresponse()
                body = answer.read()
                assert answer.status == 200, body
                if number == EARLY:
                    early = w.rss_kb()
        finally:
            is_over.set()
            publisher.join()
            for asker in askers:
                asker.end()
        seconds = time.monotonic() - begin
        grown = w.rss_kb() - early
        figure(f'{RELOADS} reloads of {COMPONENTS} components in {seconds:.1f} s; RSS {early / 1024:.1f} MB after {EARLY}, {grown / 1024:+.1f} MB at the end')
        for asker in askers:
            took = asker.took
            figure(f'{asker.path}: {len(took)} answers meanwhile, median {took[len(took) // 2]:.1f} ms, 99 of 100 within {took[len(took) * 99 // 100]:.1f} ms, worst {took[-1]:.1f} ms')
            assert asker.failed == 0
            assert took[len(took) * 9 // 10] < 50, 'answers take long'
        assert grown <= 2048, f'{grown} KB more'
        put_targets(w, 'last')
        end_of_chain = f'discovery.relabel.r{CHAIN - 1}'
        wait_for('the chain has the last targets', lambda: '"last"' in json.dumps(w.component(end_of_chain)))
        assert f'leaf-{RELOADS}"' in json.dumps(w.component('discovery.relabel.leaf'))
        assert w.stop() == 0


if __name__ == '__main__':
    run(reloads_back_to_back_neither_hang_nor_grow)
