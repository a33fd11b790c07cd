#!/usr/bin/env python3
"""The page where a password is asked for: by weir's own http block, or by a proxy; without it, and when it changes meanwhile."""
import urllib.error
import urllib.request

from browsing import a_browser, need_browser, page
from harness import basic, run, wait_for, weir_with_a_profile
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
ME = ('me', 'first one')
ASKS = 'weir asks for a password'


def answer(address, user=None):
    """(status, text) to who gives this name and password, or none."""
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=basic(user)), timeout=10) as given:
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
    with a_browser(('me', 'guessed')) as browser:
        page.expect(browser.open(address) == 401, 'a browser gets no page')
        page.expect(browser.text().strip() == refused[1].strip() and not browser.run('return document.scripts.length'), browser.text())


def behind_the_password_of_weir():
    need_browser()
    with weir_with_a_profile(CONFIG) as w:
        nothing_is_shown(f'{w.url}/', 'api/v0/web/config', 'nowhere')
        with a_browser(ME) as browser:
            page.works_below(browser, f'{w.url}/')
            page.expect('first one' not in browser.run('return document.documentElement.outerHTML'), 'the password stands on the page')


def behind_the_password_of_a_proxy():
    need_browser()
    with weir_with_a_profile() as w, proxy(w.port, strips=True, user=ME) as address:
        nothing_is_shown(address)
        with a_browser(ME) as browser:
            page.works_below(browser, address)


def with_the_password_in_the_address():
    with a_browser() as browser, weir_with_a_profile(CONFIG) as w:
        browser.open(f'http://me:first%20one@127.0.0.1:{w.port}/#/components')
        browser.wait('the list comes', 'return document.querySelector("[data-component]")')
        browser.click('nav a.screen[href="#/profiles"]')
        browser.wait('and the profiles', 'return document.querySelector("canvas")')
        page.is_clean(browser)


def another_password_is_said_and_asked_for():
    with a_browser(ME) as browser, weir_with_a_profile(CONFIG) as w:
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
