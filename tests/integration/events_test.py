#!/usr/bin/env python3
"""The page is told what has changed: it asks for nothing else, costs nothing while nobody looks, and asks by itself where
nobody can tell it."""
import json
import pathlib
import socket
import time

from browsing import page, shown
from harness import Weir, figure, run, wait_for
from proxy import proxy

CONFIG = 'local.file "a" {\n  filename = "/etc/hostname"\n}\n'
MOST_STREAMS = 64


class Stream:
    """A reader of events without a browser."""

    def __init__(self, w, since=''):
        self.socket = socket.create_connection(('127.0.0.1', w.port), timeout=20)
        self.socket.sendall(f'GET /api/v0/web/events?since={since} HTTP/1.1\r\nHost: localhost\r\n\r\n'.encode())
        self.lines = self.socket.makefile('r', encoding='utf-8')
        self.status = int(self.lines.readline().split()[1])
        while self.lines.readline().strip():
            pass

    def next(self, name):
        """(id, data) of the next event of that name."""
        event = {}
        for line in self.lines:
            key, _, value = line.rstrip('\n').partition(': ')
            event[key] = value
            if line != '\n':
                continue
            if event.get('event') == name:
                return event.get('id'), json.loads(event['data'])
            event = {}
        raise AssertionError('the stream has ended')

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.lines.close()
        self.socket.close()


def switches(w):
    """How often the server's thread, and its worker, were switched to."""
    counted = 0
    for task in pathlib.Path(f'/proc/{w.process.pid}/task').iterdir():
        status = dict(line.split(':', 1) for line in (task / 'status').read_text().splitlines())
        if status['Name'].strip() in ('weir-http', 'weir-web'):
            counted += int(status['voluntary_ctxt_switches']) + int(status['nonvoluntary_ctxt_switches'])
    return counted


def sleeps(w, seconds=3):
    """Whether both do nothing at all for so long."""
    before = switches(w)
    time.sleep(seconds)
    return switches(w) == before


def asked(browser, what):
    return browser.run('return performance.getEntriesByType("resource").filter(e => e.name.includes(arguments[0])).length', what)


def asks_nothing(browser, what, seconds=5):
    """Whether the page does without it for so long."""
    before = asked(browser, what)
    time.sleep(seconds)
    return asked(browser, what) == before


def components_shown(browser):
    return browser.run('return [...document.querySelectorAll("[data-component]")].map(e => e.dataset.component)')


def add_component(w, name):
    w.change_config('local.file "a"', f'local.file "{name}" {{\n  filename = "/etc/hostname"\n}}\n\nlocal.file "a"')


def a_reader_is_told_what_changes():
    with Weir(CONFIG) as w:
        w.wait_ready()
        stream = Stream(w)
        first, topics = stream.next('changed')
        assert {'components', 'graph', 'config'} <= set(topics), topics
        _, status = stream.next('status')
        assert status['components'] == 1 and status['ready'], status
        add_component(w, 'b')
        # A line of the log may be told before what it is about.
        topics = set()
        while not {'components', 'graph', 'config'} <= topics:
            then, more = stream.next('changed')
            topics |= set(more)
        assert then != first, then
        wait_for('the status says so', lambda: stream.next('status')[1]['components'] == 2)
        # Somebody who has been away, and one who knew another weir.
        assert 'components' in Stream(w, since=first).next('changed')[1]
        assert 'components' in Stream(w, since='1-1-1-1-1-1-1').next('changed')[1]
        w.stop()
        stream.lines.read()  # to its end


def nobody_wakes_up_for_a_page_that_is_not_open():
    with shown(CONFIG) as (w, browser):
        wait_for('it sleeps', lambda: sleeps(w), 30)
        for screen in ('components', 'targets', 'graph', 'profiles'):
            browser.open(f'{w.url}/#/{screen}')
            browser.wait('it is there', 'return document.querySelector("main h1")')
        before, begun = switches(w), time.monotonic()
        wait_for('the page is told something', lambda: switches(w) > before)
        time.sleep(3)
        figure(f'{(switches(w) - before) / (time.monotonic() - begun):.1f} wake-ups a second with a page open, of which nothing is to be told')
        # Out of sight, and then gone.
        browser.run('Object.defineProperty(document, "hidden", {value: true, configurable: true});'
                    'document.dispatchEvent(new Event("visibilitychange"))')
        wait_for('it sleeps while the page is hidden', lambda: sleeps(w), 30)
        browser.run('delete document.hidden; document.dispatchEvent(new Event("visibilitychange"))')
        assert not sleeps(w), 'seen again, the page is told again'
        browser.open('about:blank')
        wait_for('it sleeps when the page is closed', lambda: sleeps(w), 30)


def the_page_asks_for_what_has_changed_and_for_nothing_else():
    with shown(CONFIG) as (w, browser):
        browser.open(f'{w.url}/#/components')
        browser.wait('the list is there', 'return document.querySelector("[data-component]")')
        wait_for('it has all it wants', lambda: asks_nothing(browser, '/api/'), 40)
        before = asked(browser, '/api/v0/web/components')
        add_component(w, 'b')
        wait_for('the change is shown', lambda: components_shown(browser) == ['local.file.a', 'local.file.b'])
        page.expect(asked(browser, '/api/v0/web/components') - before <= 2, 'it has asked once, or once more while all settles')
        page.is_clean(browser)


def where_too_many_read_the_page_asks_by_itself():
    with shown(CONFIG) as (w, browser):
        streams = [Stream(w) for _ in range(MOST_STREAMS)]
        assert {stream.status for stream in streams} == {200}
        assert Stream(w).status == 503
        assert w.metric('weir_http_turned_away_total', reason='streams') == 1
        browser.open(f'{w.url}/#/components')
        browser.wait('the list is there', 'return document.querySelector("[data-component]")')
        add_component(w, 'b')
        wait_for('the change is shown', lambda: len(components_shown(browser)) == 2)
        page.expect('No answer' not in browser.text(), 'that is no outage')
        for stream in streams:
            stream.close()
        before = w.metric('weir_http_turned_away_total', reason='streams')
        wait_for('it is told again', lambda: asks_nothing(browser, '/web/components'), 60)
        assert w.metric('weir_http_turned_away_total', reason='streams') - before <= 1


def behind_a_proxy_that_withholds_events_the_page_asks_by_itself():
    with shown(CONFIG) as (w, browser), proxy(w.port, path='/', withholds=True) as address:
        browser.open(f'{address}#/components')
        browser.wait('the list is there', 'return document.querySelector("[data-component]")')
        for name, count in (('b', 2), ('c', 3)):
            add_component(w, name)
            wait_for('the change is shown', lambda: len(components_shown(browser)) == count)
            page.expect('No answer' not in browser.text(), 'that is no outage')
            time.sleep(6)  # by now it has given up its stream


run(a_reader_is_told_what_changes, nobody_wakes_up_for_a_page_that_is_not_open, the_page_asks_for_what_has_changed_and_for_nothing_else,
    where_too_many_read_the_page_asks_by_itself, behind_a_proxy_that_withholds_events_the_page_asks_by_itself)
