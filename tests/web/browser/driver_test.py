#!/usr/bin/env python3
"""What watches the page in the browser tests sees what it is there for: each on a page that is wrong on purpose."""
import contextlib
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / 'integration'))
import http_servers
from browsing import BACKSPACE, a_browser, page
from harness import free_port, run

POLICY = "default-src 'self'; style-src 'unsafe-inline'"
PAGES = {
    '/': '<!doctype html><html lang="en"><title>a page</title><main><h1>fine</h1><input aria-label="name"></main></html>',
    '/favicon.ico': '',
    '/thrown': '<script src="thrown.js"></script>',
    '/thrown.js': 'throw new Error("on purpose")',
    '/lost': '<script src="nowhere.js"></script>',
    '/inline': '<button onclick="x()">x</button><script>document.title = "it ran"</script>',
    '/stranger': '<script src="stranger.js"></script>',
    '/stranger.js': f'new Image().src = "http://127.0.0.1:{free_port()}/far.png"',
    '/grey': '<!doctype html><html lang="en"><title>grey</title><main><h1>grey</h1><p style="color: #999; background: #fff">hard to read</p></main></html>',
    '/unnamed': '<!doctype html><html lang="en"><title>unnamed</title><main><h1>unnamed</h1><button></button></main></html>',
    '/wide': '<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>wide</title><main><h1>wide</h1><p style="width: 800px">wide</p></main></html>',
}


class Pages(http_servers.Handler):
    def do_GET(self):
        text = PAGES.get(self.path)
        self.answer(404 if text is None else 200, (text or '').encode(),
                    ('Content-Type', 'text/javascript' if self.path.endswith('.js') else 'text/html; charset=utf-8'),
                    ('Content-Security-Policy', POLICY if self.path != '/stranger' else ''))


@contextlib.contextmanager
def served():
    """(browser, address of the pages)."""
    with a_browser() as browser, http_servers.served(Pages) as server:
        yield browser, server.url('')


def what_is_wrong(browser):
    try:
        page.is_clean(browser)
    except AssertionError as error:
        return str(error)
    return ''


def a_page_without_fault_is_clean():
    with served() as (browser, url):
        page.expect(browser.open(url) == 200, 'it is there')
        page.expect(what_is_wrong(browser) == '', what_is_wrong(browser))
        browser.type('input', 'abc')
        browser.type('input', f'd{BACKSPACE}e')
        page.expect(browser.run('return document.querySelector("input").value') == 'abce', 'letters and keys arrive')
        page.expect(browser.run('return arguments[0].a + 1', {'a': 2}) == 3, 'values go in and come out')


def faults_are_told():
    with served() as (browser, url):
        for path, words in (('/thrown', 'on purpose'), ('/lost', '404'), ('/inline', 'Content Security Policy'), ('/grey', 'color-contrast'),
                            ('/unnamed', 'button-name'), ('/wide', 'scrolls sideways'), ('/stranger', 'far.png')):
            browser.open(url + path)
            browser.wait('it has loaded', 'return document.readyState === "complete"')
            told = what_is_wrong(browser)
            page.expect(words in told, f'{path}: {told}')
            browser.complaints()
        page.expect(browser.run('return document.title') != 'it ran', 'the policy holds')


run(a_page_without_fault_is_clean, faults_are_told)
