#!/usr/bin/env python3
"""The page where a password is asked for: by weir's own http block, or by a proxy; without it, and when it changes meanwhile."""
import base64
import contextlib
import pathlib
import sys
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / 'web/browser'))
import browser as driver
import page
from harness import Skip, Weir, free_port, push_profile, run, wait_for
from proxy import proxy

CONFIG = '''
http {
  auth {
    basic {
      username = "me"
      password = "first one"
    }
    filter {
      paths                       = ["/-/"]
      authenticate_matching_paths = false
    }
  }
}
'''
OPEN = '''
pyroscope.receive_http "in" {
  http {
    listen_address = "127.0.0.1"
    listen_port    = %d
  }
  forward_to = [pyroscope.store.local.receiver]
}
pyroscope.store "local" { }
'''
ME = ('me', 'first one')
ASKS = 'weir asks for a password'


@contextlib.contextmanager
def running(config):
    if driver.missing():
        raise Skip(driver.missing())
    port = free_port()
    with Weir(config + OPEN % port) as w:
        w.wait_ready()
        wait_for('profiles are taken', lambda: w.status('/-/healthy') == 200)
        push_profile(port)
        yield w


@contextlib.contextmanager
def looking(credentials=None):
    with driver.Browser(credentials) as browser:
        browser.look(*page.WIDE, 'dark')
        yield browser


def answer(address, user=None):
    """(status, text) to who gives this name and password, or none."""
    headers = {'Authorization': 'Basic ' + base64.b64encode(':'.join(user).encode()).decode()} if user else {}
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=10) as given:
            return given.status, given.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def nothing_is_shown(address, *paths):
    """To who has no password, or a wrong one."""
    refused = 401, answer(address)[1]
    page.expect(refused[1].strip() in ('a user name and a password are needed here', 'not here, or not you'), refused)
    for path in ('', 'api/v0/web/status', 'metrics', *paths):
        for user in (None, ('me', 'guessed')):
            page.expect(answer(address + path, user) == refused, (path, user))
    with looking(('me', 'guessed')) as browser:
        page.expect(browser.open(address) == 401, 'a browser gets no page')
        page.expect(browser.text().strip() == refused[1].strip() and not browser.run('return document.scripts.length'), browser.text())


def behind_the_password_of_weir():
    with running(CONFIG) as w:
        nothing_is_shown(f'{w.url}/', 'api/v0/web/config', 'nowhere')
        with looking(ME) as browser:
            page.works_below(browser, f'{w.url}/')
            page.expect('first one' not in browser.run('return document.documentElement.outerHTML'), 'the password stands on the page')


def behind_the_password_of_a_proxy():
    with running('') as w, proxy(w.port, strips=True, user=ME) as address:
        nothing_is_shown(address)
        with looking(ME) as browser:
            page.works_below(browser, address)


def with_the_password_in_the_address():
    with running(CONFIG) as w, looking() as browser:
        browser.open(f'http://me:first%20one@127.0.0.1:{w.port}/#/components')
        browser.wait('the list comes', 'return document.querySelector("[data-component]")')
        browser.click('nav a.screen[href="#/profiles"]')
        browser.wait('and the profiles', 'return document.querySelector("canvas")')
        page.is_clean(browser)


def another_password_is_said_and_asked_for():
    with running(CONFIG) as w, looking(ME) as browser:
        for screen, shown in page.SCREENS.items():
            browser.open(f'{w.url}/#/{screen}')
            browser.wait(f'{screen} is there', 'return document.querySelector(arguments[0])', shown)
            w.change_config('first one', 'second one')
            browser.wait_text(ASKS, seconds=20)
            page.expect(browser.run('return document.querySelector(arguments[0]) !== null', shown), 'what was there still stands')
            asked = len(browser.requests())
            browser.run('return new Promise(done => setTimeout(done, 2500))')
            page.expect(len(browser.requests()) == asked, 'it asks no more: each time a browser would ask the person')
            browser.complaints()  # of the 401
            page.is_clean(browser)
            w.change_config('second one', 'first one')
            wait_for('it is as it was', lambda: answer(f'{w.url}/', ME)[0] == 200)
            browser.click('.note .button')
            browser.wait(f'{screen} comes again', 'return document.querySelector(arguments[0]) && !document.body.innerText.includes(arguments[1])',
                         shown, ASKS)


run(behind_the_password_of_weir, behind_the_password_of_a_proxy, with_the_password_in_the_address, another_password_is_said_and_asked_for)
