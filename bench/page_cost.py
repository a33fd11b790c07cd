#!/usr/bin/env python3
"""page_cost.py [SECONDS] [SCREEN…]: what the page costs weir while somebody looks at it. Runs examples/local.river over this
machine, on which the demo services are busy, and measures SECONDS (60) each: with no page, with a page at each SCREEN (profiles,
graph, components, targets) in a headless Chromium, live, and with no page again. Prints weir's CPU time in % of a core, how
much of it the server's thread and its worker take, how often these two are switched to, and how often they were asked. Needs root
and Chromium; about SECONDS + 20 a row.
"""
import argparse
import collections
import contextlib
import pathlib
import shutil
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / 'tests/integration'))
from browsing import a_browser, driver  # noqa: E402
from harness import Weir, need_bpf, started, wait_for  # noqa: E402

SERVICES = [[ROOT / 'build/services/checkout'], [ROOT / 'build/services/ledger'], [ROOT / 'build/services/thumbnails'],
            [shutil.which('python3'), ROOT / 'examples/services/recommender.py']]
OWN_THREADS = {'weir-http', 'weir-web'}  # the server's, its worker's
SETTLES = 15  # s: the page has all it wants at first, and the processor what it is asked for often

Thread = collections.namedtuple('Thread', 'name seconds switches')


def threads(pid):
    """By id; those that end meanwhile are left out."""
    found = {}
    for task in pathlib.Path(f'/proc/{pid}/task').iterdir():
        with contextlib.suppress(OSError):
            status = dict(line.split(':', 1) for line in (task / 'status').read_text().splitlines())
            ran = int((task / 'schedstat').read_text().split()[0]) / 1e9
            switches = [int(status[f'{kind}_ctxt_switches']) for kind in ('voluntary', 'nonvoluntary')]
            found[task.name] = Thread(status['Name'].strip(), ran, switches)
    return found


def measure(weir, seconds, asked=lambda: 0):
    """In % of a core and by second: all of weir, the two threads, their switches, what was asked."""
    pid = weir.process.pid
    before, cpu, requests, begin = threads(pid), weir.cpu_seconds(), asked(), time.monotonic()
    time.sleep(seconds)
    after, cpu, requests, took = threads(pid), weir.cpu_seconds() - cpu, asked() - requests, time.monotonic() - begin
    nothing = Thread('', 0, [0, 0])
    own = [(before.get(task, nothing), thread) for task, thread in after.items() if thread.name in OWN_THREADS]
    ran = sum(now.seconds - then.seconds for then, now in own)
    switches = [sum(now.switches[i] - then.switches[i] for then, now in own) for i in (0, 1)]
    return 100 * cpu / took, 100 * ran / took, switches[0] / took, switches[1] / took, requests / took


def report(what, figures):
    cpu, own, voluntary, involuntary, asked = figures
    print(f'| {what} | {cpu:.2f} | {own:.3f} | {voluntary:.2f} + {involuntary:.2f} | {asked:.2f} |', flush=True)


def measure_screen(weir, browser, screen, seconds):
    browser.open(f'{weir.url}/#/{screen}')
    browser.wait('the screen has something', 'return document.querySelector("main table, main canvas, main svg")', seconds=30)
    browser.run('window.asked = 0; new PerformanceObserver(list => { window.asked += list.getEntries().length; })'
                '.observe({type: "resource"});')
    time.sleep(SETTLES)
    report(screen, measure(weir, seconds, lambda: browser.run('return window.asked')))
    browser.open('about:blank')


def main(seconds, screens):
    with contextlib.ExitStack() as stack:
        for command in SERVICES:
            stack.enter_context(started(command))
        weir = stack.enter_context(Weir(ROOT / 'examples/local.river')).wait_ready()
        wait_for('profiles of the services', lambda: {'checkout', 'ledger'} <= set(weir.services()), 60)
        time.sleep(SETTLES)
        print('| what | weir, % of a core | server and worker, % | their switches a second, voluntary + not | requests a second |')
        print('|---|---|---|---|---|')
        report('no page', measure(weir, seconds))
        with a_browser() as browser:
            for screen in screens:
                measure_screen(weir, browser, screen, seconds)
        time.sleep(5)
        report('no page again', measure(weir, seconds))
        # The kernel's own program is part of nobody's CPU time; it counts for those that are sampled.
        print(f'lost: {weir.json("/api/v0/web/status")["collection"]["lost"]} samples')


if __name__ == '__main__':
    need_bpf()
    if driver.missing():
        sys.exit(driver.missing())
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument('seconds', nargs='?', type=float, default=60)
    parser.add_argument('screens', nargs='*', default=['profiles', 'graph', 'components', 'targets'])
    chosen = parser.parse_args()
    main(chosen.seconds, chosen.screens)
