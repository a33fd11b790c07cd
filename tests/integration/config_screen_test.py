#!/usr/bin/env python3
"""The page's config of a weir that runs: the text without its secrets, errors in place, the difference to the disk, Reload."""
import contextlib

from browsing import block, page, shown, take_shots
from config_with_secrets import CONFIG, SECRETS
from harness import run, wait_for


@contextlib.contextmanager
def looked_at(config=CONFIG):
    """(weir, browser): the browser looks at weir's config."""
    with shown(config) as (w, browser):
        browser.open(f'{w.url}/#/config')
        yield w, browser


def the_text_that_runs_has_no_secrets():
    with looked_at() as (w, browser):
        browser.wait_text('refresh_interval = "10s"')
        answer = w.request('/api/v0/web/config')[1]
        for secret in SECRETS:
            page.expect(secret not in answer, f'{secret} is sent')
        for name in ['send.there', 'lib.send.too', 'import.string.lib', 'send.there/pyroscope.write.out']:
            told = w.request(f'/api/v0/web/components/{name}')[1]
            page.expect('(secret)' in told and not [s for s in SECRETS if s in told], f'{name} shows {told}')
        page.expect(answer.count('(secret)') == len(SECRETS), f'{answer.count("(secret)")} places of secrets')
        page.expect(browser.run('return document.querySelectorAll("img").length') == 0, 'a comment became an element')
        browser.wait_text('[U+202E] reversed')
        browser.wait_text('It says what runs.')
        browser.wait_text('Loaded at')
        page.is_clean(browser)


def errors_stand_where_they_are():
    with looked_at() as (w, browser):
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
    with looked_at() as (w, browser):
        browser.wait_text('It says what runs.')
        browser.click('.button.main')
        browser.wait_text('Reloaded.')
        browser.wait_text('Cause: POST /-/reload')
        page.is_clean(browser)
        w.change_config('"10s"', '"soon"')
        wait_for('it is refused', lambda: not w.last_load()['ok'])
        browser.click('.button.main')
        browser.wait_text('The reload was refused.')
        browser.complaints()  # the browser logs the 400
        w.stop()
        browser.click('.button.main')
        browser.wait_text('was not answered.')
        browser.wait_text('no connection')
        browser.wait_text('It may have been applied all the same')


def absences_say_what_to_do():
    with looked_at('\n') as (w, browser):
        browser.wait_text('The config is empty.')
        page.is_clean(browser)
        w.config.unlink()
        browser.wait_text('is gone from the disk')
        block(browser, '*/api/v0/web/config*')
        browser.open(f'{w.url}/#/config')
        browser.wait_text('The config did not come.')


def a_long_config_is_shown():
    blocks = [f'discovery.relabel "r{number}" {{\n  targets = []\n}}\n' for number in range(3000)]
    with looked_at(''.join(blocks)) as (_, browser):
        browser.wait('all lines', 'return document.querySelectorAll(".sourceline").length === 9001', seconds=20)
        page.is_clean(browser)


def it_looks_the_same_everywhere():
    with looked_at() as (w, browser):
        take_shots(browser, {'config': (f'{w.url}/#/config', '.sourceline')})
        w.change_config('refresh_interval', 'refresh_intervall')
        wait_for('it is refused', lambda: not w.last_load()['ok'])
        take_shots(browser, {'config-refused': (f'{w.url}/#/config', '.say')})


run(the_text_that_runs_has_no_secrets, errors_stand_where_they_are, reload_says_what_it_came_to, absences_say_what_to_do,
    a_long_config_is_shown, it_looks_the_same_everywhere)
