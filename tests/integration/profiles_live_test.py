#!/usr/bin/env python3
"""The Profiles screen of a weir that profiles this machine: callers, a frame without a name, a comparison, files."""
import contextlib
import urllib.request

from browsing import a_browser, need_browser, page, take_shots
from harness import ROOT, Skip, Weir, copied, go_pprof, need_bpf, profiling, run, started, wait_for

CHECKOUT = ROOT / 'build/services/checkout'


@contextlib.contextmanager
def profiled():
    """(weir, browser): two services of this machine have profiles."""
    need_bpf()
    need_browser()
    with contextlib.ExitStack() as stack:
        checkout = stack.enter_context(started([CHECKOUT]))
        nameless = stack.enter_context(started(stack.enter_context(copied(CHECKOUT, 'stripped', strip=True))))
        w = stack.enter_context(Weir(profiling({'checkout': checkout, 'stripped': nameless}))).wait_ready()
        wait_for('some profiles of each', lambda: len([s for s in w.services().values() if s['profiles'] >= 8]) == 2, 60)
        yield w, stack.enter_context(a_browser())


def the_screen_of_a_running_weir():
    with profiled() as (w, browser):
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

        with urllib.request.urlopen(f'{w.url}/api/v0/web/profiles/pprof?service=checkout', timeout=30) as answer:
            profile = answer.read()
        with contextlib.suppress(Skip):
            top = go_pprof(profile, '-top')
            page.expect('price_order' in top, top)

        page.open_service(browser, w.url, 'checkout')
        seen = browser.run('return document.querySelector("[data-service=checkout]").innerText')
        browser.wait('new profiles come by themselves', 'return document.querySelector("[data-service=checkout]").innerText !== arguments[0]', seen,
                     seconds=30)
        page.is_clean(browser)
        places = {'live-checkout': (page.service_link(w.url, 'checkout'), 'canvas'), 'live-stripped': (page.service_link(w.url, 'stripped'), 'canvas')}
        take_shots(browser, places)


run(the_screen_of_a_running_weir)
