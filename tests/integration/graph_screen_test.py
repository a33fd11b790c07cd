#!/usr/bin/env python3
"""The page's graph of a weir that runs: what flows where, what waits and what fails, modules in place, 1,000 components, and
what stands there when there is nothing to draw or nobody answers."""
import time

from browsing import ENTER, ESCAPE, RIGHT, SPACE, block, page, shown, slow, take_shots
from harness import BUSY, figure, free_port, push_profile, receiving, run, wait_for, wait_receiving

HOSTILE = '<img src=x onerror=alert(1)>'
LABELS = 'return [...document.querySelectorAll(".flowlabel text")].map(t => t.textContent.replace(/\\s/g, " "))'
NODES = 'return [...document.querySelectorAll(".node")].map(n => n.dataset.id)'

CONFIG = '''
discovery.process "all" { }
declare "named" {
  argument "targets" { }
  discovery.relabel "inner" {
    targets = argument.targets.value
    rule {
      target_label = "service_name"
      replacement  = "all"
    }
  }
  export "output" { value = discovery.relabel.inner.output }
}
named "m" { targets = discovery.process.all.targets }
discovery.relabel "last" { targets = named.m.output }
local.file "gone" { filename = "/nowhere/%s" }
discovery.relabel "late" { targets = [{"a" = local.file.gone.content}] }
pyroscope.write "nobody" {
  endpoint { url = "http://127.0.0.1:1" }
}
'''


def config(port, file='x'):
    return CONFIG % file + receiving(port, 'pyroscope.write.nobody.receiver')


def the_graph_shows_what_flows_waits_and_fails():
    port = free_port()
    with shown(config(port, HOSTILE)) as (w, browser):
        wait_receiving(w)
        push_profile(port)
        wait_for('its endpoint fails', lambda: w.health('pyroscope.write.nobody')['state'] == 'unhealthy', 20)
        browser.open(f'{w.url}/#/graph')
        browser.wait('all nodes', NODES + '.length === 9')
        found = len(w.component('discovery.process.all')['exports'])
        page.expect(found, 'the processes are exported')
        labels = browser.wait('profiles on the edges', f'const l = (() => {{ {LABELS} }})(); return l.includes("1 profile") && l')
        page.expect(sum(label.endswith(' targets') for label in labels) >= 3, f'lists have their length: {labels}')
        page.expect(browser.run('return document.querySelectorAll(".line.bad").length') == 2, 'two edges fail')
        page.expect(browser.run('return document.querySelector(".node.waiting")?.dataset.id') == 'discovery.relabel.late', 'one waits')
        page.expect(browser.run('return document.querySelectorAll("img").length') == 0, 'a name became an element')
        page.expect(HOSTILE in browser.run('return document.querySelector("[data-id=\\"local.file.gone\\"]").textContent'), 'the name is told')

        def has_rate():
            push_profile(port)
            return any(label.endswith('/s') for label in browser.run(LABELS))
        wait_for('a rate stands on an edge', has_rate, 30, pause=0.2)
        browser.wait('what flows moves', 'return document.querySelectorAll(".flow").length === 1')
        page.is_clean(browser)


def keys_fold_and_open():
    with shown(config(free_port())) as (w, browser):
        browser.open(f'{w.url}/#/graph')
        browser.wait('all nodes', NODES + '.length === 9')
        browser.run('document.querySelector(".graphbox").focus()')
        browser.press(RIGHT)
        browser.wait('the first is chosen', 'return document.querySelector(".chosen")?.dataset.id === "discovery.process.all"')
        browser.press(RIGHT)
        browser.wait('along the edge', 'return document.querySelector(".chosen").dataset.id === "named.m"')
        browser.wait('it is read aloud', 'return document.getElementById("live").textContent.startsWith("named.m, healthy")')
        page.expect(browser.run('return document.querySelector(".node.frame")?.dataset.id') == 'named.m', 'the module is open')
        browser.press(SPACE)
        browser.wait('it folds', 'return !document.querySelector(".node.frame") && document.querySelectorAll(".node").length === 8')
        browser.click('[data-id="named.m"] .fold')
        browser.wait('it unfolds', 'return document.querySelector(".node.frame") !== null')
        browser.press('/')
        browser.type('.bar input', 'inner')
        browser.wait('the others fade', 'return document.querySelectorAll(".node:not(.faded)").length === 1')
        browser.press(ESCAPE)
        browser.wait('Escape clears the search', 'return document.querySelectorAll(".faded").length === 0')
        browser.run('document.querySelector(".graphbox").focus()')
        browser.press(ENTER)
        browser.wait('Enter opens', 'return document.querySelector("h1").textContent === "named.m"')
        browser.press('g', 'g')
        browser.wait('g g leads back', 'return document.querySelector("h1").textContent === "Graph"')
        page.is_clean(browser)


PLACES = 'return Object.fromEntries([...document.querySelectorAll(".node")].map(n => [n.dataset.id, n.getAttribute("transform")]))'
MORE = '''
discovery.relabel "second" { targets = discovery.process.all.targets }
discovery.relabel "third" { targets = discovery.relabel.second.output }
local.file "aside" { filename = "/etc/hostname" }
'''


def a_node_keeps_its_place_across_reloads():
    with shown(config(free_port())) as (w, browser):
        browser.open(f'{w.url}/#/graph')
        browser.wait('all nodes', NODES + '.length === 9')
        before = browser.run(PLACES)
        text = w.config.read_text()
        w.change_config(text, text + MORE)
        browser.wait('the new ones come', NODES + '.length === 12', seconds=20)
        after = browser.run(PLACES)
        moved = {id: (place, after[id]) for id, place in before.items() if after[id] != place}
        page.expect(not moved, f'these have moved: {moved}')
        page.expect(len(set(after.values())) == 12, f'each has a place of its own: {after}')
        w.change_config(text + MORE, text.replace('discovery.relabel "last" { targets = named.m.output }\n', '') + MORE)
        browser.wait('one goes', NODES + '.length === 11', seconds=20)
        last = browser.run(PLACES)
        moved = {id: (after[id], place) for id, place in last.items() if after[id] != place}
        page.expect(not moved, f'these have moved: {moved}')
        page.is_clean(browser)


def a_thousand_components_stay_usable():
    def block(number):
        source = f'discovery.relabel.r{number - 1 if number % 9 else max(0, number - 40)}.output' if number else 'discovery.process.all.targets'
        return f'discovery.relabel "r{number}" {{\n  targets = {source}\n}}\n'
    with shown('discovery.process "all" { }\n' + ''.join(map(block, range(999)))) as (w, browser):
        start = time.monotonic()
        answer = w.request('/api/v0/web/graph')[1]
        figure(f'graph of 1,000 components: {len(answer) // 1024} KiB in {(time.monotonic() - start) * 1000:.0f} ms')
        browser.open(f'{w.url}/#/graph')
        browser.wait('it is drawn', 'return document.querySelector(".far, .node") !== null')
        layout = browser.run('return performance.getEntriesByName("graph layout")[0].duration')
        elements = browser.run('return document.querySelectorAll(".graphbox *").length')
        figure(f'layout of 1,000 components: {layout:.0f} ms; drawn with {elements} elements')
        page.expect(layout < BUSY * 200, f'the layout took {layout} ms')
        page.expect(elements < 3000, f'{elements} elements')
        browser.run('location.hash = "#/components"')
        browser.wait('the list', 'return document.querySelectorAll("[data-component]").length === 1000', seconds=20)
        opened = browser.run('''
            return new Promise(done => {
              const start = performance.now();
              const watch = new MutationObserver(() => {
                if (!document.querySelector(".graphbox .far, .graphbox .node")) return;
                watch.disconnect();
                requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
              });
              watch.observe(document.querySelector("main"), {childList: true, subtree: true});
              location.hash = "#/graph";
            });''')
        figure(f'1,000 components are drawn {opened:.0f} ms after they are asked for')
        page.expect(opened < BUSY * 1000, f'the graph opens in {opened:.0f} ms')
        panned = browser.run('''
            document.querySelector('.zoom button:nth-child(2)').click();
            for (let i = 0; i < 8; i++) document.querySelector('.zoom [aria-label="Larger"]').click();
            const box = document.querySelector(".graphbox"), times = [];
            return new Promise(done => {
              const step = (n, last) => requestAnimationFrame(now => {
                if (last) times.push(now - last);
                if (n === 0) return done(times.sort((a, b) => a - b));
                box.scrollBy(n % 40 < 20 ? 60 : -60, n % 40 < 20 ? 40 : -40);
                step(n - 1, now);
              });
              step(120, 0);
            });''')
        figure(f'a frame while it is moved: {panned[60]:.0f} ms in the middle, {panned[113]:.0f} ms of 19 in 20')
        page.expect(panned[60] < BUSY * 34, f'a frame takes {panned[60]:.0f} ms')
        browser.run('document.querySelector(".graphbox").focus()')
        browser.press(RIGHT, RIGHT)
        browser.wait('keys move', 'return document.querySelector(".strip b")?.textContent === "discovery.relabel.r0"')
        drawn = browser.run('''
            const box = document.querySelector(".graphbox"), times = [];
            return new Promise(done => {
              const step = n => {
                if (n === 0) return done(times.sort((a, b) => a - b)[times.length >> 1]);
                const start = performance.now();
                document.querySelector('.zoom [aria-label="' + (n % 2 ? "Larger" : "Smaller") + '"]').click();
                requestAnimationFrame(() => setTimeout(() => { times.push(performance.now() - start); step(n - 1); }));
              };
              step(20);
            });''')
        figure(f'a zoom of 1,000 components: {drawn:.0f} ms in the middle of 20')
        browser.type('.bar input', 'r500')
        browser.wait('what is found and what is next to it', NODES + '.length >= 2 && document.querySelectorAll(".node").length < 8')
        page.is_clean(browser)
        sizes = browser.run('return [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]'
                            '.filter(e => !e.name.includes("/api/")).map(e => e.encodedBodySize)')
        figure(f'the page: {sum(sizes) / 1024:.1f} KiB as sent')
        page.expect(0 < sum(sizes) <= 100 * 1024, f'the page has {sum(sizes)} bytes as sent')


def absences_say_what_to_do():
    with shown('logging { }\n') as (w, browser):
        browser.open(f'{w.url}/#/graph')
        browser.wait_text('No component runs.')
        page.is_clean(browser)
        block(browser, '*/api/v0/web/graph*')
        browser.open(f'{w.url}/#/graph')
        browser.wait_text('The graph did not come.')
        block(browser)
        browser.wait_text('No component runs.')
        browser.open(f'{w.url}/#/components')
        browser.wait_text('No component runs.')
        slow(browser, 1500)
        browser.run('location.hash = "#/graph"')
        browser.wait('it says that it loads', 'return document.querySelector("[aria-busy]") !== null')
        browser.wait_text('No component runs.')


def it_outlives_an_outage():
    with shown(config(free_port())) as (w, browser):
        browser.open(f'{w.url}/#/graph?node=named.m')
        browser.wait('all nodes', NODES + '.length === 9')
        w.stop()
        browser.wait('the page says so', 'return document.body.innerText.includes("No answer from weir.")', seconds=30)
        page.expect(len(browser.run(NODES)) == 9, 'what was there still stands')
        w.start()
        browser.wait('it mends itself', 'return !document.body.innerText.includes("No answer from weir.")', seconds=30)
        page.expect(browser.run('return document.querySelector(".chosen")?.dataset.id') == 'named.m', 'what was chosen still is')


def it_looks_the_same_everywhere():
    with shown(config(free_port())) as (w, browser):
        places = {'graph': (f'{w.url}/#/graph?node=named.m', '.node'), 'graph-search': (f'{w.url}/#/graph?q=relabel', '.node')}
        take_shots(browser, places)


run(the_graph_shows_what_flows_waits_and_fails, keys_fold_and_open, a_node_keeps_its_place_across_reloads, a_thousand_components_stay_usable,
    absences_say_what_to_do, it_outlives_an_outage, it_looks_the_same_everywhere)
