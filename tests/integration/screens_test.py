#!/usr/bin/env python3
"""What holds of every screen of a weir that runs: how it loads, fails and is filtered to nothing, a refused config, the keyboard, the
window's title, less motion, few colours, double size. Profiles has tests of its own."""
import dataclasses
import os
import socket

from browsing import ENTER, TAB, block, page, shown, slow
from harness import run, started, wait_for

CONFIG = '''
discovery.process "all" {
  refresh_interval = "1s"
}
discovery.relabel "some" {
  targets = discovery.process.all.targets
  rule {
    source_labels = ["__process_pid__"]
    regex         = "0"
    action        = "keep"
  }
  rule {
    target_label = "service_name"
    replacement  = "all"
  }
}
discovery.relabel "last" {
  targets = discovery.relabel.some.output
}
local.file "gone" {
  filename = "/nowhere/to be found"
}
discovery.relabel "late" {
  targets = [{"a" = local.file.gone.content}]
}
'''


@dataclasses.dataclass
class Screen:
    address: str
    api: str  # what it asks
    shows: str  # a selector
    fails: str  # what it says without an answer
    bones: str  # the shape of what comes
    title: str


SCREENS = [
    Screen('graph', 'graph', '.node', 'The graph did not come.', 'nodes', 'Graph'),
    Screen('components', 'components', '[data-component]', 'The list of components did not come.', 'rows', 'Components'),
    Screen('component/discovery.process.all', 'components/discovery', '.panel', 'The component did not come.', 'panels',
           'discovery.process.all'),
    Screen('targets', 'targets', '[data-pid]', 'The list of processes did not come.', 'rows', 'Targets'),
    Screen('explain?pid=1', 'explain', '.way', 'That cannot be answered.', 'panels', 'Explain a target'),
    Screen('config', 'config', '.sourceline', 'The config did not come.', 'lines', 'Config'),
]
IS_THERE = 'return document.querySelector(arguments[0]) !== null'


def state_of(w, component):
    return w.json(f'/api/v0/web/components/{component}?states=all')['health']['state']


def found_by_the_config(w):
    """A process that the screens can be asked about: this one, once it is found."""
    pid = os.getpid()
    wait_for('it is found', lambda: w.json(f'/api/v0/web/explain?pid={pid}')['found'])
    return pid


def each_screen_says_that_it_loads_and_that_it_failed():
    with shown(CONFIG) as (w, browser):
        pid = found_by_the_config(w)
        browser.open(f'{w.url}/#/profiles')
        browser.wait_text('Profiles')
        for screen in SCREENS:
            address = screen.address.replace('pid=1', f'pid={pid}')
            slow(browser, 1200)
            browser.run('''
                window.bars = null;
                const start = performance.now();
                new MutationObserver((_, watch) => {
                  const bones = document.querySelector("main .bones");
                  if (!bones) return;
                  watch.disconnect();
                  window.bars = {after: performance.now() - start, shape: bones.className, busy: bones.getAttribute("aria-busy")};
                }).observe(document.querySelector("main"), {childList: true, subtree: true});
                location.hash = arguments[0];''', f'#/{address}')
            bars = browser.wait(f'{address} says that it loads', 'return window.bars')
            page.expect(bars['after'] >= 140 and bars['busy'] == 'true' and screen.bones in bars['shape'], f'{address}: {bars}')
            slow(browser, 0)
            browser.wait(f'{address} comes', IS_THERE, screen.shows, seconds=20)
        for screen in SCREENS:
            address = screen.address.replace('pid=1', f'pid={pid}')
            block(browser, f'*/api/v0/web/{screen.api}*')
            browser.open(f'{w.url}/#/{address}')
            browser.wait_text(screen.fails)
            block(browser)
            browser.wait(f'{address} recovers by itself', IS_THERE, screen.shows, seconds=20)
            page.expect(screen.fails not in browser.text(), f'{address}: the error still stands')


def what_is_not_renewed_says_so():
    with shown(CONFIG) as (w, browser):
        browser.open(f'{w.url}/#/targets')
        browser.wait('the list comes', IS_THERE, '[data-pid]')
        block(browser, '*/api/v0/web/targets*')
        browser.wait('it says so, and stands', 'return document.body.innerText.includes("Not renewed since")'
                     ' && document.querySelector("[data-pid]") !== null', seconds=20)
        page.expect('No answer from weir.' not in browser.text(), 'weir itself answers')
        # Under another filter the old rows would say what is not so.
        browser.run('[...document.querySelectorAll(".chip")].find(chip => chip.getAttribute("aria-pressed") === "false").click()')
        browser.wait_text('The list of processes did not come.')
        page.expect(not browser.run(IS_THERE, '[data-pid]'), 'rows of another question are gone')
        page.expect(browser.run(IS_THERE, '.chip'), 'and the way back stands')
        block(browser)
        browser.wait('it comes', IS_THERE, '[data-pid]', seconds=20)
        page.expect('Not renewed' not in browser.text(), 'and is no longer old')


def a_dialog_gives_the_focus_back():
    with shown(CONFIG) as (w, browser):
        browser.open(f'{w.url}/#/components')
        browser.wait('the list comes', IS_THERE, '[data-component]')
        ways = {'the X': 'document.querySelector("dialog header button").click()', 'its surroundings': 'document.querySelector("dialog").click()'}
        for name, close in ways.items():
            browser.run('const opener = document.querySelector("[aria-label=Keyboard]"); opener.focus(); opener.click()')
            browser.wait('it opens', 'return document.querySelector("dialog")?.open')
            browser.run(close)
            browser.wait('it is gone', 'return document.querySelector("dialog") === null')
            has = browser.run('return document.activeElement.getAttribute("aria-label")')
            page.expect(has == 'Keyboard', f'{name} closes it: {has} has the focus')


def what_is_filtered_to_nothing_says_of_how_many():
    with shown(CONFIG) as (w, browser):
        for screen, words in (('graph', 'The config has 5 components; none has “kafka” in its name.'),
                              ('components', 'The config has 5 components; none has “kafka” in its name or message.'),
                              ('targets', 'none has “kafka” in its pid, name, service or container.')):
            browser.open(f'{w.url}/#/{screen}?q=kafka')
            browser.wait_text(words)
            page.is_clean(browser)
            browser.click('.state button')
            browser.wait('the search is cleared', 'return document.querySelector(".node, [data-component], [data-pid]") !== null'
                         ' && document.querySelector(".bar input").value === ""')
        browser.open(f'{w.url}/#/components?q=discovery&state=exited')
        browser.wait_text('none has “discovery” in its name or message and is exited.')
        browser.open(f'{w.url}/#/component/discovery.process.nobody')
        browser.wait_text('The config has no such component.')


def the_list_begins_with_what_needs_a_person():
    with shown(CONFIG) as (w, browser):
        wait_for('one waits', lambda: state_of(w, 'discovery.relabel.late') == 'waiting')
        browser.open(f'{w.url}/#/components')
        order = browser.wait('all are listed', 'const rows = [...document.querySelectorAll("[data-component]")].map(r => r.dataset.component);'
                             ' return rows.length === 5 && rows')
        page.expect(order == ['local.file.gone', 'discovery.relabel.late', 'discovery.process.all', 'discovery.relabel.last',
                              'discovery.relabel.some'], order)
        browser.wait('lists say what goes in and out', r'return /^[\d\s]+ → 0 targets$/.test('
                     'document.querySelector("[data-component=\'discovery.relabel.some\'] td:nth-child(4)")?.textContent)')
        for component, words in (('local.file.gone', 'It tries again by itself'), ('discovery.relabel.late', 'It starts as soon as that is there.')):
            browser.open(f'{w.url}/#/component/{component}')
            browser.wait_text(words)
            page.expect(browser.run('return document.querySelectorAll(".note").length') == 1, f'{component}: one note')
            page.is_clean(browser)
        # Under the pointer the list stands as it is.
        browser.open(f'{w.url}/#/components')
        browser.wait('they are listed', IS_THERE, '[data-component="discovery.process.all"]')
        browser.point(500, 150)
        w.change_config('/nowhere/to be found', '/etc/hostname')
        w.wait_healthy('local.file.gone')
        first = 'document.querySelector("[data-component]").dataset.component'
        browser.wait('the page knows it', 'return document.querySelector("[data-component=\'local.file.gone\'] .ok") !== null')
        page.expect(browser.run(f'return {first}') == 'local.file.gone', 'the rows stand under the pointer')
        browser.point(20, 500)
        browser.wait('then they are ordered', f'return {first} === "discovery.process.all"')


def the_targets_screen_tells_why_beside_the_list():
    with shown(CONFIG) as (w, browser), started(['sleep', '1000']) as left, started(['sh', '-c', 'while :; do :; done']) as busy:
        wait_for('it is found', lambda: any(row['state'] == 'left_out' for row in w.json(f'/api/v0/web/targets?filter={busy.pid}')['rows']))
        browser.open(f'{w.url}/#/targets?q={busy.pid}')
        browser.wait_text('Choose a process to see')
        browser.click(f'tr[data-pid="{busy.pid}"] a')
        for words in ('finds it', 'drops it', 'rule 2', 'is not reached', 'does not see it', 'To have it used, change the rule'):
            browser.wait_text(words)
        page.expect(browser.run('return document.querySelector("[aria-selected]").dataset.pid') == str(busy.pid), 'its row is marked')
        page.is_clean(browser)
        # The rule's line in the config that runs.
        rule = browser.wait('its place', 'return document.querySelector("aside .steps .steps > li.bad a.place")?.textContent')
        page.expect(rule == 'config.river:7', rule)
        browser.click('aside .steps .steps > li.bad a.place')
        browser.wait('the config shows it', 'return document.querySelector(".sourceline.shown i")?.textContent === "7"')
        # One that is nowhere.
        browser.open(f'{w.url}/#/targets?pid=4194999')
        browser.wait_text('No process of the id 4194999 used CPU.')
        asked = browser.run('return performance.getEntriesByType("resource").filter(e => /targets\\?(.*&)?pid=4194999/.test(e.name)).length')
        page.expect(asked > 0, 'it is looked for by its exact id')
        # On a narrow screen the answer is a screen of its own.
        browser.look(*page.NARROW, 'light')
        browser.open(f'{w.url}/#/targets?q={busy.pid}')
        browser.wait('it is listed', IS_THERE, f'tr[data-pid="{busy.pid}"] a')
        browser.click(f'tr[data-pid="{busy.pid}"] a')
        browser.wait('it opens', f'return location.hash === "#/explain?pid={busy.pid}"')
        browser.wait_text('Dropped by discovery.relabel.some')
        page.is_clean(browser)
        page.expect(left.poll() is None, 'it still runs')


def a_refused_config_is_told_on_every_screen():
    with shown(CONFIG) as (w, browser):
        w.change_config('refresh_interval', 'refresh_intervall')
        wait_for('it is refused', lambda: not w.last_load()['ok'])
        for screen in (*SCREENS, Screen('profiles', '', 'main', '', '', 'Profiles')):
            browser.open(f'{w.url}/#/{screen.address}')
            browser.wait_text('Nothing was changed: weir still runs the config of')
            browser.wait('the rail counts it', 'return document.querySelector(".rail a[href=\'#/config\'] .count")?.textContent.startsWith("1")')
            page.is_clean(browser)


def titles_and_the_focus_follow_the_screen():
    with shown(CONFIG) as (w, browser):
        pid = found_by_the_config(w)
        browser.open(f'{w.url}/#/components')
        browser.wait('it is there', IS_THERE, '[data-component]')
        browser.press(TAB)
        page.expect(browser.run('return document.activeElement.className') == 'skip', 'first comes the way past the rail')
        page.expect(browser.run('return document.activeElement.getBoundingClientRect().top >= 0'), 'and it can be seen')
        browser.press(ENTER)
        page.expect(browser.run('return document.activeElement.id') == 'main', 'it leads to the content')
        stops = []
        for _ in range(40):
            browser.press(TAB)
            stop = browser.run('''
                const e = document.activeElement, style = getComputedStyle(e);
                return [e.tagName, e.closest("[data-component]")?.dataset.component ?? "", style.outlineStyle, style.outlineWidth];''')
            page.expect(stop[2] != 'none' and stop[3] == '2px', f'the focus can be seen: {stop}')
            stops.append(stop)
            if stop[1] == 'discovery.process.all':
                break
        page.expect(stops[-1][1] == 'discovery.process.all', f'rows are reached: {stops}')
        browser.press(ENTER)
        browser.wait('Enter opens the row', 'return document.querySelector("h1").textContent === "discovery.process.all"')
        browser.wait('the focus is in it', 'return document.activeElement.id === "main"')
        for screen in SCREENS:
            browser.run('location.hash = arguments[0]', f'#/{screen.address.replace("pid=1", f"pid={pid}")}')
            wanted = f'{screen.title} · {socket.gethostname()} · weir'
            browser.wait(f'the title is {wanted}', 'return document.title === arguments[0]', wanted)
            page.expect(browser.run('return document.querySelectorAll("h1").length') == 1, f'{screen.address}: one h1')
            page.expect(browser.run('return document.querySelectorAll("nav, main, footer").length') == 3, 'landmarks')


def what_an_answer_takes_away_leaves_its_focus_to_the_next():
    with shown(CONFIG) as (w, browser):
        wait_for('one waits', lambda: state_of(w, 'discovery.relabel.late') == 'waiting')
        browser.open(f'{w.url}/#/components')
        browser.wait('it is there', IS_THERE, '[data-component="discovery.relabel.late"]')
        browser.run('document.querySelector("[data-component=\'discovery.relabel.late\'] a").focus()')
        w.change_config('discovery.relabel "late" {\n  targets = [{"a" = local.file.gone.content}]\n}\n', '')
        browser.wait('it is gone', 'return document.querySelector("[data-component=\'discovery.relabel.late\']") === null')
        has = browser.run('return document.activeElement.closest("[data-component]")?.dataset.component')
        page.expect(has == 'discovery.process.all', f'the next row has the focus: {has}')


def no_motion_few_colours_and_double_size():
    with shown(CONFIG) as (w, browser):
        pid = found_by_the_config(w)
        addresses = [screen.address.replace('pid=1', f'pid={pid}') for screen in SCREENS]

        def media(**features):
            browser.cdp('Emulation.setEmulatedMedia', features=[{'name': name.replace('_', '-'), 'value': value} for name, value in features.items()])

        media(prefers_reduced_motion='reduce', prefers_color_scheme='dark')
        for address, screen in zip(addresses, SCREENS):
            browser.open(f'{w.url}/#/{address}')
            browser.wait(f'{address} is there', IS_THERE, screen.shows)
            page.expect(browser.run('return document.getAnimations().length') == 0, f'{address}: something moves')
            moving = browser.run('return [...document.querySelectorAll("*")].filter(e => getComputedStyle(e).transitionDuration !== "0s").length')
            page.expect(moving == 0, f'{address}: {moving} elements change slowly')
        media(forced_colors='active', prefers_color_scheme='dark')
        browser.open(f'{w.url}/#/components')
        browser.wait('it is there', IS_THERE, '[data-component="local.file.gone"]')
        colours = browser.run('return [...document.querySelectorAll("[data-component] .health svg")].map(svg => getComputedStyle(svg).color)')
        page.expect(len(set(colours)) == 3, f'marks keep their colours: {colours}')
        page.expect(browser.run('return getComputedStyle(document.querySelector(".chip[aria-pressed=true]")).outlineStyle') == 'solid', 'what is pressed can be seen')
        media(prefers_color_scheme='light')
        for width, height in ((640, 400), page.NARROW, page.WIDE):
            browser.cdp('Emulation.setDeviceMetricsOverride', width=width, height=height, deviceScaleFactor=2, mobile=False)
            for address, screen in zip(addresses, SCREENS):
                browser.open(f'{w.url}/#/{address}')
                browser.wait(f'{address} is there', IS_THERE, screen.shows)
                page.is_clean(browser)
                over = browser.run('const m = document.querySelector("main"); return m.scrollWidth - m.clientWidth')
                page.expect(over <= 0, f'{address} at {width}: {over} px too wide')


run(each_screen_says_that_it_loads_and_that_it_failed, what_is_not_renewed_says_so, a_dialog_gives_the_focus_back,
    what_is_filtered_to_nothing_says_of_how_many, the_list_begins_with_what_needs_a_person,
    the_targets_screen_tells_why_beside_the_list, a_refused_config_is_told_on_every_screen, titles_and_the_focus_follow_the_screen,
    what_an_answer_takes_away_leaves_its_focus_to_the_next, no_motion_few_colours_and_double_size)
