#!/usr/bin/env python3
"""The page below a path: by weir's own prefix, and behind proxies that keep their path or take it away."""
from browsing import a_browser, page
from harness import run, run_weir, weir_with_a_profile
from proxy import proxy

PREFIX = '--server.http.ui-path-prefix='


def a_prefix_that_cannot_be_is_refused():
    for prefix, why in (('weir', '"weir" does not begin with a slash: write /weir'),
                        ('/a//b', '"/a//b" is no prefix of paths: it has two slashes in a row'),
                        ('/metrics', '"/metrics" is taken: weir answers other requests below /metrics; choose another, such as /weir')):
        done = run_weir('run', '/dev/null', PREFIX + prefix, timeout=30)
        page.expect(done.returncode == 1 and done.stderr == f'Error: --server.http.ui-path-prefix: {why}\n', done)


def the_page_stands_below_its_prefix():
    with a_browser() as browser, weir_with_a_profile(arguments=[f'{PREFIX}/tools/weir/']) as w:
        address = f'{w.url}/tools/weir/'
        page.expect(f'page={address}' in w.log(), w.log())
        page.works_below(browser, address)
        for path in ('/', '/tools/weir'):
            browser.open(f'{w.url}{path}#/components')
            browser.wait(f'{path} leads there, and to the screen', 'return document.querySelector("[data-component]")')
            page.expect(browser.run('return location.href') == f'{address}#/components', browser.run('return location.href'))
        page.expect(w.status('/metrics') == w.status('/tools/weir/metrics') == 200, 'machines find what they look for')
        page.expect(w.status('/api/v0/web/status') == 404, 'the page is in one place')


def behind_a_proxy_that_keeps_its_path():
    with a_browser() as browser, weir_with_a_profile(arguments=[f'{PREFIX}/weir']) as w, proxy(w.port) as address:
        page.works_below(browser, address)


def behind_a_proxy_that_takes_its_path_away():
    for arguments in ((), (f'{PREFIX}/weir',)):
        with a_browser() as browser, weir_with_a_profile(arguments=arguments) as w, proxy(w.port, strips=True) as address:
            page.works_below(browser, address)


run(a_prefix_that_cannot_be_is_refused, the_page_stands_below_its_prefix, behind_a_proxy_that_keeps_its_path,
    behind_a_proxy_that_takes_its_path_away)
