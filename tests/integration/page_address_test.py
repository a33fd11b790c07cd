#!/usr/bin/env python3
"""The page below a path: by weir's own prefix, and behind proxies that keep their path or take it away."""
import contextlib
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / 'web/browser'))
import browser as driver
import page
from harness import WEIR, Skip, Weir, free_port, push_profile, run, wait_for
from proxy import proxy

CONFIG = '''
pyroscope.receive_http "in" {
  http {
    listen_address = "127.0.0.1"
    listen_port    = %d
  }
  forward_to = [pyroscope.store.local.receiver]
}
pyroscope.store "local" { }
'''
PREFIX = '--server.http.ui-path-prefix='


@contextlib.contextmanager
def shown(*arguments):
    """(weir, browser): one that has a profile to show."""
    if driver.missing():
        raise Skip(driver.missing())
    port = free_port()
    with Weir(CONFIG % port, arguments=arguments) as w, driver.Browser() as browser:
        w.wait_ready()
        wait_for('profiles are taken', lambda: w.status('/-/healthy') == 200)
        push_profile(port)
        browser.look(*page.WIDE, 'dark')
        yield w, browser


def a_prefix_that_cannot_be_is_refused():
    for prefix, why in (('weir', '"weir" does not begin with a slash: write /weir'),
                        ('/a//b', '"/a//b" is no prefix of paths: it has two slashes in a row'),
                        ('/metrics', '"/metrics" is taken: weir answers other requests below /metrics; choose another, such as /weir')):
        done = subprocess.run([WEIR, 'run', '/dev/null', PREFIX + prefix], capture_output=True, text=True, timeout=30)
        page.expect(done.returncode == 1 and done.stderr == f'Error: --server.http.ui-path-prefix: {why}\n', done)


def the_page_stands_below_its_prefix():
    with shown(f'{PREFIX}/tools/weir/') as (w, browser):
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
    with shown(f'{PREFIX}/weir') as (w, browser), proxy(w.port) as address:
        page.works_below(browser, address)


def behind_a_proxy_that_takes_its_path_away():
    for arguments in ((), (f'{PREFIX}/weir',)):
        with shown(*arguments) as (w, browser), proxy(w.port, strips=True) as address:
            page.works_below(browser, address)


run(a_prefix_that_cannot_be_is_refused, the_page_stands_below_its_prefix, behind_a_proxy_that_keeps_its_path,
    behind_a_proxy_that_takes_its_path_away)
