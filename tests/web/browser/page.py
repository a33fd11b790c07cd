"""What must hold of the page, whoever serves it: each check drives a Browser at the address of a weir."""
import json
import re
import urllib.request
from urllib.parse import urlencode

WIDE = (1280, 800)
NARROW = (390, 844)
LOOKS = [(*size, theme) for size in (WIDE, NARROW) for theme in ('dark', 'light')]


def api(url, path):
    with urllib.request.urlopen(f'{url}/api/v0/web/{path}', timeout=30) as answer:
        return json.load(answer)


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


def is_quiet(browser):
    """Nothing refused, nothing thrown, nothing asked for elsewhere."""
    complaints = browser.complaints()
    expect(not complaints, f'the browser complains: {complaints}')
    expect(not browser.strangers(), f'asked for elsewhere: {browser.strangers()}')


def is_for_everybody(browser):
    """As it looks now: no sideways scroll, and nothing that bars who does not see, or not well."""
    browser.wait('colours stand still', 'return document.getAnimations().every(a => !(a instanceof CSSTransition))')
    look = ', '.join(map(str, browser.looks))
    widths = browser.run('const page = document.documentElement; return [page.scrollWidth, page.clientWidth]')
    expect(widths[0] <= widths[1], f'{look}: the page scrolls sideways: {widths}')
    barred = browser.audit()
    expect(not barred, '\n'.join([f'{look}: {browser.run("return location.href")}', *barred]))


def is_clean(browser):
    """All of that, in every look; it looks as before afterwards."""
    is_quiet(browser)
    before = browser.looks
    for look in LOOKS:
        browser.look(*look, before[3])
        is_for_everybody(browser)
    browser.look(*before)
    is_quiet(browser)


def service_link(url, service, **query):
    return f'{url}/#/profiles?{urlencode({"service": service, **query})}'


def open_service(browser, url, service, **query):
    browser.open(service_link(url, service, **query))
    browser.wait(f'the flame graph of {service}',
                 'const work = document.querySelector("section.work"); return work?.dataset.of === arguments[0]'
                 ' && document.querySelector("canvas")?.getAttribute("aria-label").includes(work.getAttribute("aria-label"))', service)


def is_drawn(browser):
    """Whether the canvas has at least two colours besides nothing."""
    return browser.run('''
        const canvas = document.querySelector("canvas");
        const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
        const colours = new Set();
        for (let i = 0; i < data.length; i += 4 * 97) if (data[i + 3]) colours.add(data[i] << 16 | data[i + 1] << 8 | data[i + 2]);
        return colours.size;''') >= 2


def functions_listed(browser, text):
    """What the table lists when the search says `text`."""
    browser.run('''
        const field = document.querySelector(".tools input");
        field.value = arguments[0];
        field.dispatchEvent(new Event("input", {bubbles: true}));''', text)
    browser.wait('the search is applied', 'return document.querySelector(".tools [role=status]") !== null || !arguments[0]', text)
    return browser.run('return [...document.querySelectorAll(".function > .mono")].map(b => b.textContent)')


def has_flame_graph(browser, url, service, functions):
    """The service has a drawn flame graph whose table, the canvas's equal, lists each of the functions."""
    open_service(browser, url, service, range=3600)
    expect(is_drawn(browser), f'the canvas of {service} is empty')
    for function in functions:
        listed = functions_listed(browser, function)
        expect(any(function in name for name in listed), f'{service}: no function “{function}”, only {listed[:10]}')
    functions_listed(browser, '')
    is_clean(browser)


def says_why_unnamed(browser, frame, why):
    """Who points at a frame without a name reads what was looked at in search of one."""
    functions_listed(browser, frame)
    title = browser.run('return document.querySelector(".functions tbody .function").title')
    expect(why in title, f'{frame}: “{why}” is not in “{title}”')
    functions_listed(browser, '')
    is_clean(browser)


def component_opens(browser, url, component):
    """From the list, by the row's link: the component with its health as the API tells it."""
    states = {'healthy': 'Healthy', 'unhealthy': 'Unhealthy', 'waiting': 'Waiting', 'unknown': 'Starting', 'exited': 'Exited'}
    browser.open(f'{url}/#/components')
    browser.wait(f'{component} is listed', 'return document.querySelector(`[data-component="${arguments[0]}"]`)', component)
    browser.click(f'[data-component="{component}"] a')
    browser.wait(f'{component} opens', 'return document.querySelector("h1")?.textContent === arguments[0]'
                 ' && document.querySelectorAll(".panel").length > 2', component)
    health = api(url, f'components/{component}?states=all')['health']
    shown = browser.run('return document.querySelector(".bar .health").textContent')
    expect(shown == states[health['state']], f'{component}: shown {shown}, is {health["state"]}')
    if health['message']:
        # Some say how long ago something was: what comes before the first number stands still.
        browser.wait_text(re.split(r'\d', health['message'])[0].strip())
    is_clean(browser)
    return health


SCREENS = {'profiles': 'canvas', 'graph': '.node', 'components': '[data-component]', 'targets': 'main table', 'config': '.sourceline'}


def works_below(browser, address):
    """From there on every screen by its link, a component, a reload of the page, a download, a POST; and nothing from outside of it."""
    asked = len(browser.requests())
    browser.open(address)
    for screen, shown in SCREENS.items():
        browser.click(f'nav a.screen[href="#/{screen}"]')
        browser.wait(f'{screen} opens', 'return document.querySelector(arguments[0])', shown)
    browser.click('.button.main')
    browser.wait_text('Reloaded.')
    browser.click('nav a.screen[href="#/components"]')
    browser.click('[data-component] a')
    browser.wait('a component opens', 'return document.querySelectorAll(".panel").length > 2')
    expect(browser.reload() == 200, 'the page can be loaded again')
    browser.wait('it is as it was', 'return document.querySelectorAll(".panel").length > 2')
    browser.click('nav a.screen[href="#/profiles"]')
    browser.wait('profiles open', 'return document.querySelector("canvas")')
    browser.click('button[aria-label="Share or save"]')
    _, profile = browser.download('a[href*="profiles/pprof"]')
    expect(profile.startswith(b'\x1f\x8b'), f'the download is no profile: {profile[:200]}')
    outside = [url for url in browser.requests()[asked:] if not url.startswith((address, 'about:'))]
    expect(not outside, f'the page asks outside of {address}: {outside}')
    is_clean(browser)


def take_shots(browser, folder, places):
    """places: name → (address, selector to wait for). Each in dark and light, wide and narrow."""
    for look in LOOKS:
        browser.look(*look)
        for name, (address, selector) in places.items():
            browser.open(address)
            browser.wait(f'{name} is there', 'return document.querySelector(arguments[0])', selector)
            # What comes with the next answers, and what moves into its place.
            browser.wait('it stands still', 'return document.getAnimations().length === 0'
                         ' && !document.querySelector("[aria-busy]")')
            is_quiet(browser)
            is_for_everybody(browser)
            browser.shot(f'{folder}/{name}-{look[0]}-{look[2]}.png')
    browser.look(*WIDE, 'dark')
