#!/usr/bin/env python3
"""The page of a real weir: what it does with each process, hostile names, and an outage that it gets over."""
import contextlib
import json
import os
import pathlib
import tempfile
import urllib.parse

from browsing import a_browser, page, shown, take_shots
from harness import ROOT, Weir, copied, need_bpf, profiling, run, started, wait_for

CHECKOUT = ROOT / 'build/services/checkout'
HOSTILE = '<img onerror=x>'  # as long as the kernel lets a name be
HOSTILE_SERVICE = '<img src=x onerror="document.title=1"><script>document.title=2</script>'
LONG = 64 << 10  # more than a store takes
TURNED = '\u202efdp.exe \u0645\u0631\u062d\u0628\u0627'


def targets(w, **query):
    return w.json('/api/v0/web/targets?' + '&'.join(f'{name}={value}' for name, value in {'limit': 200, **query}.items()))


def state_of(w, pid):
    return next((row for row in targets(w, filter=pid)['rows'] if row['pid'] == pid), {'state': 'not there'})


RULES = '''
discovery.process "all" {
  refresh_interval = "1s"
}

discovery.relabel "some" {
  targets = discovery.process.all.targets

  rule {
    source_labels = ["__process_pid__"]
    regex         = "%s"
    action        = "keep"
  }
}

pyroscope.ebpf "machine" {
  targets          = discovery.relabel.some.output
  forward_to       = [pyroscope.store.local.receiver]
  collect_interval = "1s"
}

pyroscope.store "local" {
}
'''


def the_targets_screen_says_what_becomes_of_each_process():
    need_bpf()
    with contextlib.ExitStack() as stack:
        browser = stack.enter_context(a_browser())
        plain, dropped = stack.enter_context(copied(CHECKOUT, 'plain', 'dropped'))
        stripped, = stack.enter_context(copied(CHECKOUT, 'stripped', strip=True))
        pids = {name.name: stack.enter_context(started([name])).pid for name in (plain, dropped, stripped)}
        w = stack.enter_context(Weir(RULES % f'{pids["plain"]}|{pids["stripped"]}')).wait_ready()
        expected = {'plain': 'profiled', 'stripped': 'names_missing', 'dropped': 'left_out'}
        for name, state in expected.items():
            wait_for(f'{name} is {state}', lambda: state_of(w, pids[name])['state'] == state, 30)
        page.expect('stripped' in state_of(w, pids['stripped'])['why'], state_of(w, pids['stripped']))
        page.expect(state_of(w, pids['dropped'])['foundBy'] == ['discovery.process.all'], state_of(w, pids['dropped']))
        browser.open(f'{w.url}/#/targets')
        for name, word in {'plain': 'Profiled', 'stripped': 'Names missing', 'dropped': 'Left out by a rule'}.items():
            row = browser.wait(f'the row of {name}', 'return document.querySelector(`tr[data-pid="${arguments[0]}"]`)?.innerText', pids[name])
            page.expect(word in row, row)
        # Live: neither an answer nor a new order moves what somebody reads. A low window: few processes are rows enough to scroll.
        browser.look(page.WIDE[0], 320, 'dark')
        scrolled = browser.run('''
            const list = document.querySelector(".listbox");
            list.scrollTop = 120;
            window.row = document.querySelector(`tr[data-pid="${arguments[0]}"]`);
            return list.scrollTop;''', pids['plain'])
        page.expect(scrolled == 120, f'it can be scrolled: {scrolled}')
        before = targets(w)['rows']
        wait_for('the numbers change', lambda: targets(w)['rows'] != before)
        browser.wait('the page asks again', 'return performance.getEntriesByType("resource").filter(e => e.name.includes("/targets?")).length > 2',
                     seconds=30)
        stands = browser.run('return [document.querySelector(".listbox").scrollTop, window.row.isConnected]')
        page.expect(stands == [120, True], f'it stands still: {stands}')
        page.is_clean(browser)
        take_shots(browser, {'live-targets': (f'{w.url}/#/targets', 'table')})


def hostile_names_are_text():
    need_bpf()
    with contextlib.ExitStack() as stack:
        browser = stack.enter_context(a_browser())
        program, = stack.enter_context(copied(CHECKOUT, HOSTILE))
        first, second, wide = (stack.enter_context(started([program])) for _ in range(3))
        found = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix='weir-found-'))) / 'targets.json'
        config = profiling({HOSTILE_SERVICE: first, TURNED: second, 'w' * LONG: wide}) + f'''
discovery.file "hostile" {{
  files = ["{found}"]
}}

discovery.relabel "hostile" {{
  targets = discovery.file.hostile.targets

  rule {{
    source_labels = ["service_name"]
    target_label  = "again"
  }}

  rule {{
    source_labels = ["service_name"]
    regex         = "<script>.*"
    action        = "drop"
  }}
}}

// {HOSTILE_SERVICE} {TURNED}
'''
        names = {first.pid: HOSTILE_SERVICE, second.pid: TURNED, wide.pid: '<script>' + 'w' * LONG}
        found.write_text(json.dumps([{'targets': [HOSTILE], 'labels': {'__process_pid__': str(pid), 'service_name': name}}
                                     for pid, name in names.items()]))
        w = stack.enter_context(Weir(config)).wait_ready()
        wait_for('both have profiles', lambda: {HOSTILE_SERVICE, TURNED} <= set(w.services()), 30)
        for program in (first, wide):
            wait_for('it is profiled', lambda: state_of(w, program.pid)['state'] == 'profiled', 30)
        page.expect(state_of(w, wide.pid)['serviceLength'] == LONG, 'the label is cut')
        page.expect(state_of(w, os.getpid())['state'] == 'no_target', 'this test is nobody’s target')
        browser.open(f'{w.url}/#/targets')
        shown = browser.wait('its row', 'return document.querySelector(`tr[data-pid="${arguments[0]}"] .process a`)?.textContent', first.pid)
        page.expect(shown == HOSTILE, shown)
        browser.wait_text(HOSTILE_SERVICE)
        browser.wait_text('\\u202efdp.exe')
        page.is_clean(browser)
        for service in (HOSTILE_SERVICE, TURNED):
            page.has_flame_graph(browser, w.url, service, ['price_order'])
        page.component_opens(browser, w.url, 'pyroscope.ebpf.machine')
        browser.wait_text('of 65\u2009536 bytes')
        page.is_clean(browser)
        screens = ['targets', *(f'targets?pid={p.pid}' for p in (first, second, wide)),
                   'profiles', f'profiles?{urllib.parse.urlencode({"service": TURNED})}', 'graph', 'components', 'config',
                   *(f'component/{id}' for id in ('pyroscope.ebpf.machine', 'discovery.file.hostile', 'discovery.relabel.hostile')),
                   *(f'explain?pid={p.pid}' for p in (first, second, wide))]
        for look in ((*page.WIDE, 'dark'), (*page.NARROW, 'light')):
            browser.look(*look)
            for screen in screens:
                browser.open(f'{w.url}/#/{screen}')
                browser.wait(f'{screen} is there', 'return document.querySelector("table, canvas, .node, .way, .sourceline") && !document.querySelector("[aria-busy]")')
                if 'pid=' in screen and (look[0] > 1040 or 'explain' in screen):
                    browser.wait_text('finds it')
                page.is_clean(browser)
                # An unpaired turn in a name would turn what stands beside it.
                turned = browser.run('return [...document.body.innerText].filter(c => "\\u202e\\u202d\\u2066\\u2067".includes(c)).length')
                page.expect(turned == 0, f'{screen}: a name turns the text around it')
                page.expect(browser.run('return document.images.length + document.querySelectorAll("main script").length') == 0, 'no element of a name')
                page.expect('weir' in browser.run('return document.title'), 'nothing has run')


def an_outage_is_said_and_the_page_recovers_by_itself():
    with shown('local.file "a" {\n  filename = "/etc/hostname"\n}\n') as (w, browser):
        for screen, mark in (('targets', 'tr[data-pid]'), ('components', '[data-component]'), ('component/local.file.a', '.panel'),
                              ('graph', '.node'), ('config', '.sourceline'), ('explain?pid=1', '.state'), ('profiles', '.state')):
            browser.open(f'{w.url}/#/{screen}')
            browser.wait(f'{screen} is there', 'return document.querySelector(arguments[0])', mark)
            w.stop()
            browser.wait('the outage is said', 'return document.body.innerText.includes("No answer from weir.")', seconds=30)
            page.expect(browser.run('return document.querySelector(arguments[0]) !== null', mark), 'what was there still stands')
            w.start()
            w.wait_ready()
            browser.wait('it recovers', 'return !document.body.innerText.includes("No answer from weir.")', seconds=30)
            page.expect(browser.run('return document.querySelector(arguments[0]) !== null', mark), 'and goes on')
        # Opened while nobody answers, it says so, and finds weir once it is there.
        browser.complaints()
        w.stop()
        browser.run('location.hash = "#/components"')
        browser.wait('no answer', 'return document.body.innerText.includes("No answer from weir.")', seconds=30)
        w.start()
        w.wait_ready()
        browser.wait('the list comes', 'return document.querySelector("[data-component]") && !document.body.innerText.includes("No answer")', seconds=30)
        browser.complaints()  # of the outage
        browser.open(f'{w.url}/#/components')
        browser.wait('it is there', 'return document.querySelector("[data-component]")')
        page.is_clean(browser)


run(the_targets_screen_says_what_becomes_of_each_process, hostile_names_are_text, an_outage_is_said_and_the_page_recovers_by_itself)
