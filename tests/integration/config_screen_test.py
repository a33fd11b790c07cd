#!/usr/bin/env python3
"""The page's config of a weir that runs: the text without its secrets, errors in place, the difference to the disk, Reload."""
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / 'web/browser'))
import browser as driver
import page
from harness import Skip, Weir, run, wait_for

SECRETS = ['hunter2', 'tr0ub4dor', 'pa55w0rd', 'b3arer', '0ldsecret', 'c0ntent', 'imp0rted']
CONFIG = '''// The old one: password = "0ldsecret"
discovery.process "all" {
  refresh_interval = "10s"
}
declare "send" {
  argument "word" { }
  pyroscope.write "out" {
    endpoint {
      url = "http://me:pa55w0rd@127.0.0.1:1"
      headers = {"Authorization" = "Bearer b3arer"}
    }
    endpoint {
      url = "http://127.0.0.1:1"
      basic_auth {
        username = "me"
        password = argument.word.value
      }
    }
  }
}
send "there" { word = "tr0ub4dor" }
pyroscope.write "here" {
  endpoint {
    url          = "http://127.0.0.1:1"
    bearer_token = "hunter2"
  }
}
import.string "lib" {
  content = `declare "send" {
    // c0ntent
    argument "given" { }
    pyroscope.write "out" {
      endpoint {
        url          = "http://127.0.0.1:1"
        bearer_token = argument.given.value
      }
    }
  }`
}
lib.send "too" { given = "imp0rted" }
// <img src=x onerror=alert(1)> \u202e reversed
'''


class Shown:
    """A weir and a browser that looks at its config."""

    def __init__(self, config=CONFIG):
        if driver.missing():
            raise Skip(driver.missing())
        self.weir = Weir(config)
        self.browser = driver.Browser()

    def __enter__(self):
        self.weir.__enter__().wait_ready()
        self.browser.__enter__()
        self.browser.look(*page.WIDE, 'dark')
        self.browser.open(f'{self.weir.url}/#/config')
        return self.weir, self.browser

    def __exit__(self, *error):
        self.browser.__exit__(*error)
        self.weir.__exit__(*error)


def the_text_that_runs_has_no_secrets():
    with Shown() as (w, browser):
        browser.wait_text('refresh_interval = "10s"')
        answer = w.request('/api/v0/web/config')[1]
        for secret in SECRETS:
            page.expect(secret not in answer, f'{secret} is sent')
        for name in ['send.there', 'lib.send.too', 'import.string.lib', 'send.there/pyroscope.write.out']:
            shown = w.request(f'/api/v0/web/components/{name}')[1]
            page.expect('(secret)' in shown and not [s for s in SECRETS if s in shown], f'{name} shows {shown}')
        page.expect(answer.count('(secret)') == len(SECRETS), f'{answer.count("(secret)")} places of secrets')
        page.expect(browser.run('return document.querySelectorAll("img").length') == 0, 'a comment became an element')
        browser.wait_text('[U+202E] reversed')
        browser.wait_text('It says what runs.')
        browser.wait_text('Loaded at')
        page.is_clean(browser)


def errors_stand_where_they_are():
    with Shown() as (w, browser):
        browser.wait_text('It says what runs.')
        w.change_config('refresh_interval', 'refresh_intervall')
        browser.wait_text('Refused at')
        browser.wait_text('"refresh_interval"?')
        line = browser.wait('the line is marked', 'return document.querySelector(".sourceline.bad:has(.say) i")?.textContent')
        page.expect(line == '3', f'line {line} is marked')
        marked = browser.run('return [...document.querySelectorAll(".wrong")].map(e => e.textContent).join("")')
        page.expect(marked == 'refresh_intervall', f'“{marked}” is marked')
        page.expect('hunter2' not in w.request('/api/v0/web/config')[1], 'a secret of the file on the disk is sent')
        browser.click('.segments button:nth-child(2)')
        browser.wait('the difference', 'return document.querySelectorAll(".difference .removed, .difference .added").length === 2')
        browser.click('.segments button:nth-child(3)')
        browser.wait('what runs', 'return document.querySelectorAll(".say").length === 0 && document.body.innerText.includes("refresh_interval = ")')
        browser.click('.problems .link')
        browser.wait('the link leads to the line', 'return document.querySelector(".sourceline.shown i")?.textContent === "3"')
        page.is_clean(browser)
        w.change_config('refresh_intervall', 'refresh_interval')
        browser.wait_text('It says what runs.')
        browser.wait_text('Loaded at')


def reload_says_what_it_came_to():
    with Shown() as (w, browser):
        browser.wait_text('It says what runs.')
        browser.click('.button.main')
        browser.wait_text('Reloaded.')
        browser.wait_text('Cause: POST /-/reload')
        page.is_clean(browser)
        w.change_config('"10s"', '"soon"')
        wait_for('it is refused', lambda: not w.json('/api/v0/web/status')['lastLoad']['ok'])
        browser.click('.button.main')
        browser.wait_text('The reload was refused.')
        browser.complaints()  # the browser logs the 400
        w.stop()
        browser.click('.button.main')
        browser.wait_text('was not answered.')
        browser.wait_text('no connection')
        browser.wait_text('It may have been applied all the same')


def absences_say_what_to_do():
    with Shown('\n') as (w, browser):
        browser.wait_text('The config is empty.')
        page.is_clean(browser)
        w.config.unlink()
        browser.wait_text('is gone from the disk')
        browser.cdp('Network.enable')
        browser.cdp('Network.setBlockedURLs', urls=['*/api/v0/web/config*'])
        browser.open(f'{w.url}/#/config')
        browser.wait_text('The config did not come.')


def a_long_config_is_shown():
    blocks = [f'discovery.relabel "r{number}" {{\n  targets = []\n}}\n' for number in range(3000)]
    with Shown(''.join(blocks)) as (_, browser):
        browser.wait('all lines', 'return document.querySelectorAll(".sourceline").length === 9001', seconds=20)
        page.is_clean(browser)


def it_looks_the_same_everywhere():
    with Shown() as (w, browser):
        places = {'config': (f'{w.url}/#/config', '.sourceline')}
        folder = os.environ.get('WEIR_SHOTS') or f'{browser.folder}/shots'
        page.take_shots(browser, folder, places)
        w.change_config('refresh_interval', 'refresh_intervall')
        wait_for('it is refused', lambda: not w.json('/api/v0/web/status')['lastLoad']['ok'])
        page.take_shots(browser, folder, {'config-refused': (f'{w.url}/#/config', '.say')})


run(the_text_that_runs_has_no_secrets, errors_stand_where_they_are, reload_says_what_it_came_to, absences_say_what_to_do,
    a_long_config_is_shown, it_looks_the_same_everywhere)
