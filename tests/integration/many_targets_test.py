#!/usr/bin/env python3
"""A component with 100,000 targets: what weir answers of it, how fast, and how the page reads it in pages."""
import contextlib
import json
import statistics
import time
import urllib.parse

from browsing import a_browser, page
from harness import BUSY, Weir, figure, run, wait_for

COUNT = 100_000
CONFIG = '''
discovery.file "many" {
  files = ["%s"]
}

discovery.relabel "same" {
  targets = discovery.file.many.targets
}
'''
DETAIL = '/api/v0/web/components/discovery.file.many?defaults=1'
VIEW = '/api/v0/web/components/discovery.file.many/views/exports.targets'
LIMIT_MS = 50
LIMIT_BYTES = 1_000_000


@contextlib.contextmanager
def many():
    """A weir that has read that many targets."""
    with Weir('') as w:
        groups = [{'targets': [f'10.{n >> 16}.{n >> 8 & 255}.{n & 255}:80'],
                   'labels': {'service_name': f'service-{n % 997}', 'zone': f'zone-{n % 7}', 'pod': f'pod-{n:06}'}} for n in range(COUNT)]
        (w.folder / 'targets.json').write_text(json.dumps(groups))
        w.config.write_text(CONFIG % (w.folder / 'targets.json'))
        w.wait_ready()
        w.request('/-/reload', 'POST')
        wait_for('all are read', lambda: total(w, 'discovery.file.many/views/exports.targets') == COUNT, 60)
        wait_for('all are passed on', lambda: total(w, 'discovery.relabel.same/views/exports.output') == COUNT, 60)
        yield w


def total(w, view):
    status, text = w.request(f'/api/v0/web/components/{view}?limit=1')
    return json.loads(text)['total'] if status == 200 else None


def measured(w, path):
    """(milliseconds in the middle of some tries, bytes)."""
    times = []
    for _ in range(9):
        start = time.monotonic()
        status, text = w.request(path)
        times.append((time.monotonic() - start) * 1000)
        assert status == 200, f'{path}: {status}'
    return statistics.median(times), len(text)


def every_answer_is_fast_and_small():
    with many() as w:
        for path in (DETAIL, '/api/v0/web/components/discovery.relabel.same?defaults=1', f'{VIEW}?limit=50', f'{VIEW}?offset=99950&limit=50',
                     f'{VIEW}?limit=200', f'{VIEW}?filter=pod-099', f'{VIEW}?filter=service-996&offset=50', f'{VIEW}?filter=nothing+like+it',
                     '/api/v0/web/graph', '/api/v0/web/components'):
            took, size = measured(w, path)
            figure(f'{took:5.1f} ms, {size:7} bytes: {path}')
            page.expect(took <= BUSY * LIMIT_MS, f'{path} took {took:.0f} ms')
            page.expect(size <= LIMIT_BYTES, f'{path} has {size} bytes')


def the_page_turns_its_pages_and_filters():
    with a_browser() as browser, many() as w:
        browser.open(f'{w.url}/#/component/discovery.file.many')
        browser.wait_text('1–50 of 100\u2009000')
        turn = 'document.querySelector(".pager button:last-child")'
        for first in (51, 101, 151):
            browser.run(f'{turn}.click()')
            browser.wait_text(f'{first}–{first + 49} of 100\u2009000')
        rows = browser.run('return document.querySelectorAll(".rows li, .view tbody tr").length')
        page.expect(rows == 50, f'{rows} rows')
        browser.type('.view input', 'pod-0999')
        browser.wait_text('1–50 of 100 that match, 100\u2009000 in all')
        browser.run(f'{turn}.focus(); {turn}.click()')
        browser.wait_text('51–100 of 100 that match')
        browser.wait('the last page is the last', f'return {turn}.getAttribute("aria-disabled") === "true"')
        page.expect(browser.run(f'return document.activeElement === {turn}'), 'who turned the page can turn back')
        browser.wait_text('pod-099999')
        browser.type('.view input', 'x')
        browser.wait_text('No row matches. The list has 100\u2009000 rows; none has “pod-0999x” in it.')
        page.is_clean(browser)
        fetched = browser.run('return performance.getEntriesByType("resource").filter(e => e.name.includes("/views/"))'
                              '.map(e => [e.name, e.encodedBodySize])')
        page.expect(all(size <= LIMIT_BYTES for _, size in fetched), fetched)
        page.expect(urllib.parse.quote('pod-0999x') in fetched[-1][0] or len(fetched) > 5, 'weir filters, not the page')


run(every_answer_is_fast_and_small, the_page_turns_its_pages_and_filters)
