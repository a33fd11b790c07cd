#!/usr/bin/env python3
"""The Profiles screen of a weir that profiles this machine: callers, a frame without a name, a comparison, files."""
import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile
import urllib.request

from harness import ROOT, Skip, Weir, need_bpf, need_go, run, started, wait_for
from made_up import driver, page

CONFIG = '''
pyroscope.ebpf "machine" {
  targets = [
    {"__process_pid__" = "%d", "service_name" = "checkout"},
    {"__process_pid__" = "%d", "service_name" = "stripped"},
  ]
  forward_to       = [pyroscope.store.local.receiver]
  collect_interval = "1s"
}

pyroscope.store "local" {
}
'''


@contextlib.contextmanager
def stripped(program):
    """The path of a copy that has neither symbols nor a build id."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix='weir-stripped-'))
    try:
        shutil.copy(program, folder / 'stripped')
        subprocess.run(['strip', '--strip-all', '--remove-section=.note.gnu.build-id', folder / 'stripped'], check=True)
        yield folder / 'stripped'
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def profiled():
    """(weir, browser): two services of this machine have profiles."""
    need_bpf()
    if driver.missing():
        raise Skip(driver.missing())
    with contextlib.ExitStack() as stack:
        checkout = stack.enter_context(started([str(ROOT / 'build/services/checkout')]))
        copy = stack.enter_context(stripped(ROOT / 'build/services/checkout'))
        nameless = stack.enter_context(started([str(copy)]))
        w = stack.enter_context(Weir(CONFIG % (checkout.pid, nameless.pid))).wait_ready()
        wait_for('some profiles of each', lambda: len([s for s in w.services().values() if s['profiles'] >= 8]) == 2, 60)
        browser = stack.enter_context(driver.Browser())
        browser.look(*page.WIDE, 'dark')
        yield w, browser


def the_screen_of_a_running_weir():
    with profiled() as (w, browser), tempfile.TemporaryDirectory() as folder:
        page.has_flame_graph(browser, w.url, 'checkout', ['price_order'])
        # Names as the linker has them are long.
        over = browser.run('''return [...document.querySelectorAll(".function > .mono")].filter(name =>
            name.getBoundingClientRect().right > name.closest("td").getBoundingClientRect().right).map(name => name.textContent)''')
        page.expect(not over, f'names leave their column: {over}')
        browser.click('.function button[aria-label*="price_order"]')
        browser.wait('what calls it', 'return document.querySelector(".functions").innerText.includes("handle_order")')
        browser.wait('two graphs', 'return document.querySelectorAll("canvas").length >= 1 && document.querySelector(".flipped canvas")')
        page.is_clean(browser)

        page.open_service(browser, w.url, 'stripped', range=300)
        browser.wait('a frame has no name', 'return document.querySelector(".functions .link.warn")')
        browser.click('.functions .link.warn')
        why = browser.wait('it says why', 'return document.querySelector(".whycell")?.innerText')
        page.expect('no .symtab' in why and 'Install the debug symbols' in why, why)
        page.is_clean(browser)

        page.open_service(browser, w.url, 'checkout', range=300)
        browser.run('document.activeElement.blur()')
        browser.press('d')
        browser.wait_text('CPU of checkout')
        browser.wait('with sign and percent', 'return document.querySelector("th[aria-sort]").innerText.includes("CPU time")')
        page.is_clean(browser)

        file = pathlib.Path(folder, 'checkout.pb.gz')
        with urllib.request.urlopen(f'{w.url}/api/v0/web/profiles/pprof?service=checkout', timeout=30) as answer:
            file.write_bytes(answer.read())
        with contextlib.suppress(Skip):
            top = subprocess.run([need_go(), 'tool', 'pprof', '-top', file], capture_output=True, text=True, timeout=300,
                                 env={**os.environ, 'GOTOOLCHAIN': 'local', 'PPROF_TMPDIR': folder}, check=False)
            page.expect(top.returncode == 0 and 'price_order' in top.stdout, top.stderr or top.stdout)

        page.open_service(browser, w.url, 'checkout')
        seen = browser.run('return document.querySelector("[data-service=checkout]").innerText')
        browser.wait('new profiles come by themselves', 'return document.querySelector("[data-service=checkout]").innerText !== arguments[0]', seen,
                     seconds=30)
        page.is_clean(browser)
        places = {'live-checkout': (page.service_link(w.url, 'checkout'), 'canvas'), 'live-stripped': (page.service_link(w.url, 'stripped'), 'canvas')}
        page.take_shots(browser, os.environ.get('WEIR_SHOTS') or f'{browser.folder}/shots', places)


run(the_screen_of_a_running_weir)
