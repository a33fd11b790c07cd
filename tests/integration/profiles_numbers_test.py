#!/usr/bin/env python3
"""What the Profiles screen says of numbers, in a browser: averages, frames put together, times compared, and what stays when new profiles come."""
import contextlib

from browsing import DOWN, ENTER, ESCAPE, RIGHT, page
from harness import run
from made_up import demo

NUMBER = 'const number = (selector) => parseFloat(document.querySelector(selector)?.textContent.replace("< ", "")); '


@contextlib.contextmanager
def checkout(**more):
    with demo('full') as (browser, url):
        page.open_service(browser, url, 'checkout-api', **more)
        yield browser, url
        page.is_clean(browser)


def answer_otherwise(browser, what, change):
    """From now on `change` makes the answer to a question from weir's own; it has `address`, `options` and `plain`, the browser's fetch."""
    browser.run(f'''
        const plain = window.fetch;
        window.asked = [];
        window.fetch = async (address, options) => {{
            window.asked.push(String(address));
            if (!String(address).includes({what!r})) return plain(address, options);
            {change}
        }};''')


def go(browser, **query):
    browser.run('''
        const query = new URLSearchParams(location.hash.split("?")[1]);
        for (const [name, value] of Object.entries(arguments[0])) query.set(name, value);
        location.hash = `#/profiles?${query}`;''', query)


def all_frames_are_asked_for_and_what_is_put_together_is_said():
    with checkout() as (browser, _):
        note = 'return document.querySelector(".graph [role=note]")?.innerText'
        page.expect(not browser.run(note), 'nothing is put together')
        answer_otherwise(browser, 'profiles/flame', 'return plain(String(address).replace("max_nodes=50000", "max_nodes=12"), options);')
        go(browser, range=3600)
        browser.wait('a share is said', f'{note.replace("return", "return /^[0-9.]+.%/.test(")} ?? "")')
        browser.wait_text('in frames too small to tell apart')
        asked = browser.run('return window.asked.filter(address => address.includes("profiles/flame"))')
        page.expect(asked and all('max_nodes=50000' in one for one in asked), f'it asks for as many as there may be: {asked}')


def an_average_is_over_the_time_there_are_profiles_of():
    with checkout(range=900) as (browser, url):
        same = 'return document.querySelector("[data-service=checkout-api] small").textContent === document.querySelector(".timeline .rate").textContent'
        browser.wait('list and line say the same', same)
        # Weir has been there for little more than an hour of the six.
        go(browser, range=3600)
        browser.wait('an hour', 'return document.querySelector(".timeline svg").getAttribute("aria-label") && '
                     'document.querySelector("button[aria-pressed=true][data-service]") && window.location.hash.includes("3600")')
        browser.wait('of the hour too', same)
        hour = browser.run(NUMBER + 'return number(".timeline .rate")')
        go(browser, range=21600)
        browser.wait('six hours on the line', 'return [...document.querySelectorAll(".bar button")].some(b => b.innerText === "6 h" && b.ariaPressed === "true")')
        browser.wait('of six hours too', same)
        six = browser.run(NUMBER + 'return number(".timeline .rate")')
        page.expect(0.7 * hour < six < 1.4 * hour, f'{six} cores in six hours, {hour} in one')
        # A part of which only the first quarter has profiles: what they come to, over all of the part.
        now = page.api(url, 'profiles/services')['until']
        began, length = now - 1_800_000, 1_200_000
        answer_otherwise(browser, 'profiles/series', f'''
            const answer = await (await plain(address, options)).json();
            const points = answer.points.filter(([time]) => time < {began + length // 4});
            window.cores = points.reduce((sum, [time, value]) => sum + (time < {began} ? 0 : value), 0) / {length} / 1e6;
            return new Response(JSON.stringify({{ ...answer, points }}));''')
        go(browser, range=3600, **{'from': began, 'until': began + length})
        browser.wait('the part', 'return /from .* to /.test(document.querySelector(".timeline svg").getAttribute("aria-label"))')
        browser.wait('a quarter', NUMBER + '// One window more or less at each end.\n'
                     'return Math.abs(number(".timeline .rate") - window.cores) < 0.2 * window.cores')


def what_each_side_covers_is_said():
    with checkout() as (browser, url):
        answer = page.api(url, 'profiles/services?from=1')
        first = min(service['first'] for service in answer['services'])
        until = answer['until'] - 60_000
        go(browser, range=21600, **{'from': until - 600_000, 'until': until, 'before': first - 400_000})
        browser.wait('both', r'return /cover .*3\Wmin before and .*(9|10)\Wmin after/.test(document.querySelector(".versus .covered")?.innerText)')
        page.is_clean(browser)
        more = browser.run('return document.querySelector(".path b").innerText')
        browser.click('.versus .covered button')
        browser.wait('per second', 'return location.hash.includes("by=time") && document.querySelector(".versus .segments [aria-pressed=true]").innerText === "Per second"')
        browser.wait('it is less', 'return document.querySelector(".path b").innerText !== arguments[0]', more)
        browser.run('''const field = document.querySelector(".tools input");
            field.value = "re_match"; field.dispatchEvent(new Event("input", {bubbles: true}));''')
        browser.wait('both shares', r'return /% of CPU before, [0-9.]+.% after, 1 function/.test(document.querySelector(".tools [role=status]")?.innerText)')


def what_is_asked_anew_does_not_stand_under_the_old_numbers():
    with checkout() as (browser, _):
        answer_otherwise(browser, 'profiles/services', 'return new Response("{\\"error\\": \\"out of order\\"}", {status: 500});')
        go(browser, range=300)
        browser.wait_text('The list of services did not come.')
        page.expect(not browser.run('return document.querySelector("[data-service], canvas")'), 'nothing of the range before')


def what_is_chosen_stays_when_new_profiles_come():
    with checkout(view='flame') as (browser, _):
        browser.run('document.querySelector("canvas").focus()')
        browser.press(DOWN, DOWN)
        browser.wait('it is chosen', 'return document.getElementById("live").textContent.includes("Py_RunMain")')
        said = browser.run('return document.querySelector(".path").innerText')
        browser.wait('new profiles', 'return document.querySelector(".path").innerText !== arguments[0]', said, seconds=50)
        browser.press(ENTER)
        browser.wait('the same frame', 'return document.querySelector(".path").innerText.includes("Py_RunMain")')


def a_key_does_one_thing():
    with demo('full') as (browser, url):
        page.open_service(browser, url, 'checkout-api', q='gc_collect')
        browser.run('document.querySelector("canvas").focus()')
        box = browser.run('const r = document.querySelector("canvas").getBoundingClientRect(); return [r.left, r.top, r.width]')
        browser.point(box[0] + box[2] / 4, box[1] + 30)
        browser.wait('a tip', 'return document.querySelector(".tip")')
        browser.press(ESCAPE)
        browser.wait('no tip', 'return !document.querySelector(".tip")')
        page.expect('q=gc_collect' in browser.run('return location.hash'), 'the search stays')
        browser.press(ESCAPE)
        browser.wait('then the search goes', 'return !location.hash.includes("q=")')
        browser.press(DOWN, DOWN)
        browser.press('g', 's')
        browser.wait('it leads to the config', 'return location.hash.startsWith("#/config")')
        browser.run('history.back()')
        browser.wait('nothing was put in the middle', 'return document.querySelectorAll("canvas").length === 1 && !location.hash.includes("middle=")')


def a_held_key_asks_little():
    with checkout(range=3600) as (browser, _):
        answer_otherwise(browser, 'nothing', '')
        browser.run('document.querySelector(".timeline [aria-label=From]").focus()')
        for _ in range(20):
            browser.press(RIGHT)
        browser.wait('the part is drawn', 'return document.querySelector(".timeline .selected rect")')
        wanted = browser.run('return new URLSearchParams(location.hash.split("?")[1]).get("from")')
        browser.wait('the last is asked for', 'return window.asked.some(a => a.includes("profiles/flame") && a.includes(`from=${arguments[0]}`))', wanted)
        asked = browser.run('return window.asked.filter(a => a.includes("profiles/flame")).length')
        page.expect(asked < 10, f'{asked} questions for 20 steps')


run(all_frames_are_asked_for_and_what_is_put_together_is_said, an_average_is_over_the_time_there_are_profiles_of, what_each_side_covers_is_said,
    what_is_asked_anew_does_not_stand_under_the_old_numbers, what_is_chosen_stays_when_new_profiles_come, a_key_does_one_thing,
    a_held_key_asks_little)
