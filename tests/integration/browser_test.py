#!/usr/bin/env python3
"""The page of a weir that profiles this machine: each demo service has its flame graph, the components their health."""
import contextlib

from browsing import a_browser, need_browser, page, take_shots
from harness import ROOT, Weir, need_bpf, run, started, wait_for

# With frame pointers the whole stack has names; without, the hot leaf; of Python, the interpreter's loop.
SERVICES = {
    'checkout': ([ROOT / 'build/services/checkout'], ['main', 'handle_order', 'price_order']),
    'thumbnails': ([ROOT / 'build/services/thumbnails'], ['blur_rows']),
    'recommender': (['python3', ROOT / 'examples/services/recommender.py'], ['_PyEval_EvalFrameDefault']),
}
COMPONENTS = ['discovery.process.all', 'discovery.relabel.services', 'pyroscope.ebpf.machine', 'pyroscope.store.local']


def the_page_of_a_running_weir_shows_each_service():
    need_bpf()
    need_browser()
    with contextlib.ExitStack() as stack:
        for command, _ in SERVICES.values():
            stack.enter_context(started(command))
        w = stack.enter_context(Weir((ROOT / 'examples/local.river').read_text()))
        w.wait_ready()
        wait_for('each service has profiles', lambda: set(SERVICES) <= set(w.services()), 30)
        browser = stack.enter_context(a_browser())
        for name, (_, functions) in SERVICES.items():
            page.has_flame_graph(browser, w.url, name, functions)
        for component in COMPONENTS:
            health = page.component_opens(browser, w.url, component)
            page.expect(health['state'] == 'healthy', f'{component}: {health}')
        browser.open(f'{w.url}/#/graph')
        browser.wait('profiles flow', 'return document.querySelector(".flow") !== null', seconds=45)
        page.is_clean(browser)
        places = {f'live-{name}': (page.service_link(w.url, name), 'canvas') for name in SERVICES}
        places['live-components'] = (f'{w.url}/#/components', 'table')
        places['live-ebpf'] = (f'{w.url}/#/component/pyroscope.ebpf.machine', '.panel')
        places['live-graph'] = (f'{w.url}/#/graph?node=pyroscope.ebpf.machine', '.node')
        take_shots(browser, places)


run(the_page_of_a_running_weir_shows_each_service)
