#!/usr/bin/env python3
"""The page in a browser, over made-up data that shows every state: flame graph, search, zoom, lists, health, notes."""
import itertools

from browsing import DOWN, ENTER, ESCAPE, a_browser, page, take_shots
from harness import run
from made_up import demo, served

HOSTILE = '<img src=x onerror=alert(1)>'


def the_page_shows_services_and_their_functions():
    with demo('full') as (browser, url):
        page.has_flame_graph(browser, url, 'thumbnails', ['thumbs::resize', 'lanczos_row', '[unknown]', 'copy_user_generic'])
        page.says_why_unnamed(browser, 'libjpeg.so.62+', 'no debug file: /usr/lib/debug/.build-id/3f/')
        page.has_flame_graph(browser, url, 'checkout-api', ['checkout.views.quote', 'dgemm_kernel_HASWELL'])
        page.has_flame_graph(browser, url, HOSTILE, ['parse'])


def search_zoom_and_keys_work():
    with demo('full') as (browser, url):
        page.open_service(browser, url, 'thumbnails')
        browser.press('/')
        browser.type('.tools input', 'lanczos')
        browser.wait_text('of CPU, 2 functions')
        page.expect(all('lanczos' in name for name in browser.run(
            'return [...document.querySelectorAll(".function > .mono")].map(b => b.textContent)')), 'the table filters along')
        browser.press(ESCAPE)
        browser.wait('Escape clears the search', 'return document.querySelector(".tools input").value === ""')
        browser.run('document.querySelector("canvas").focus()')
        browser.press(DOWN, DOWN)
        browser.wait('a move is read aloud', 'return document.getElementById("live").textContent.includes("__libc_start_main")')
        browser.press(ENTER)
        browser.wait('Enter zooms', 'return document.querySelector(".path button")?.textContent === "All"')
        browser.press(ESCAPE, ESCAPE)
        browser.wait('Escape zooms out', 'return document.querySelector(".path").textContent.includes("Click a frame")')
        browser.run('document.activeElement.blur()')
        browser.press('g', 'c')
        browser.wait('g c opens the components', 'return document.querySelector("h1")?.textContent === "Components"')
        browser.press('t')
        browser.wait('t changes the theme', 'return getComputedStyle(document.body).backgroundColor === "rgb(245, 247, 248)"')
        page.is_clean(browser)


def a_frame_without_a_name_says_why():
    with demo('full') as (browser, url):
        page.open_service(browser, url, 'thumbnails')
        box = browser.run('const r = document.querySelector("canvas").getBoundingClientRect(); return [r.left, r.top, r.width]')
        # The smallest of the root's children: code that no mapping covers.
        browser.point(box[0] + box[2] - 4, box[1] + 30)
        browser.wait_text('Why it has no name')
        browser.wait_text('-fno-omit-frame-pointer')
        # Somewhere among the others: code of a stripped file, and what was looked at in search of its names.
        left, top, width, height = browser.run('const r = document.querySelector("canvas").getBoundingClientRect();'
                                               ' return [r.left, r.top, r.width, r.height]')
        found = ''
        for place in itertools.product(range(10, int(height), 20), range(4, int(width), int(width / 24))):
            browser.point(left + place[1], top + place[0])
            found = browser.run('return document.querySelector(".tip .found")?.textContent')
            if found:
                break
        page.expect('no debug file: /usr/lib/debug/.build-id/3f/' in (found or ''), f'the tip says “{found}”')


def components_open_with_their_health():
    with demo('full') as (browser, url):
        health = page.component_opens(browser, url, 'pyroscope.write.backup')
        page.expect(health['state'] == 'unhealthy', health)
        page.expect('hunter2' not in browser.run('return document.documentElement.outerHTML'), 'a secret stands on the page')
        browser.wait_text('(secret)')
        page.component_opens(browser, url, 'discovery.process.all')
        browser.wait_text('1–50 of ')
        browser.type('.view input', '1017')
        browser.wait_text('1–1 of 1 that match')


def a_target_is_explained():
    with demo('full') as (browser, url):
        browser.open(f'{url}/#/components')
        browser.wait_text('discovery.process.all')
        browser.press('g', 't')
        browser.wait('g t opens the targets', 'return document.querySelector("h1")?.textContent === "Targets"')
        browser.click('.bar a[href="#/explain"]')
        browser.wait('the form opens', 'return document.querySelector(".ask input")')
        browser.press('/')
        browser.type('.ask input', '1017' + ENTER)
        browser.wait('the way is told', 'return document.querySelector(".way")?.querySelectorAll(".steps .steps > li").length === 3')
        page.expect('pid=1017' in browser.run('return location.hash'), 'the address holds what was asked')
        for words in ('finds it', 'replace', 'changes it', 'keeps it', 'service_name = "service-2" matches',
                      'config.river:8', 'uses it', 'Used by pyroscope.ebpf.machine', 'The profile of service-2', HOSTILE):
            browser.wait_text(words)
        added = browser.run('return [...document.querySelector(".way").querySelectorAll(".changes ins")].map(e => e.textContent)')
        page.expect(added == ['node-7'], added)
        page.is_clean(browser)

        browser.click('.ask .segments button:nth-child(3)')
        browser.type('.ask input', 'service_name="service-6", __meta_process_exe=/usr/bin/service-6' + ENTER)
        browser.wait_text('the first 20 are shown')
        browser.wait_text('Dropped by discovery.relabel.host')
        browser.wait_text('leaves it as it is')
        browser.wait_text('change the rule keep at config.river:')
        browser.type('.ask input', ESCAPE + ',,,' + ENTER)
        browser.wait_text('is not written as in')
        browser.type('.ask input', ESCAPE + 'service_name=nobody' + ENTER)
        browser.wait_text('No component has found such a target.')
        page.is_clean(browser)


def targets_say_what_becomes_of_each_process():
    with demo('full') as (browser, url):
        browser.open(f'{url}/#/targets')
        for text in ('Names missing', 'Exited too soon', 'Left out by a rule', '1–50 of 7'):
            browser.wait_text(text)
        for pid, why in ((1277, 'Found by nothing'), (3120, 'libacme_tax.so: no debug file')):
            browser.click(f'tr[data-pid="{pid}"]')
            browser.wait_text(why)
        shown = browser.run('return [...document.querySelectorAll("[data-pid]")].map(row => row.dataset.pid)')
        page.expect(shown[:2] == ['2118', '2291'], f'the busiest first: {shown[:5]}')
        page.expect(browser.run('return document.querySelector("tr[data-pid=\'20400\'] a").textContent') == '<img onerror=x>',
                    'a hostile name is text')
        browser.wait_text('\\u202egpj.exe')
        browser.run('[...document.querySelectorAll(".chip")].find(chip => chip.textContent.startsWith("Names missing")).click()')
        browser.wait('the chip filters', 'return document.querySelectorAll("[data-pid]").length === 2')
        page.expect('state=names_missing' in browser.run('return location.hash'), 'the address holds the state')
        browser.type('.bar input', 'taxd')
        browser.wait('so does the search', 'return document.querySelectorAll("[data-pid]").length === 1')
        browser.type('.bar input', 'kafka')
        browser.wait_text('No process matches.')
        page.is_clean(browser)
        browser.open(f'{url}/#/targets?sort=name&offset=50')
        browser.wait('the second page', 'return document.querySelectorAll("[data-pid]").length === 24')
        browser.click('tr[data-pid] a')
        browser.wait('a row is told beside the list', 'return location.hash.includes("pid=") && document.querySelector("[data-why] .who") !== null')
        browser.open(f'{url}/#/targets?pid=20402')
        browser.wait_text('too many for a service that is kept')
        browser.open(f'{url}/#/targets?pid=20401')
        browser.wait_text('\\u202egpj.exe')
        page.is_clean(browser)
    with demo('empty') as (browser, url):
        browser.open(f'{url}/#/targets')
        browser.wait_text('Nothing is profiled: no component of the config samples processes.')
        page.is_clean(browser)


def a_component_tells_how_it_was_and_what_it_counts():
    with demo('full') as (browser, url):
        browser.open(f'{url}/#/component/pyroscope.write.backup')
        browser.wait_text('connect: no route to host')
        label = browser.run('return document.querySelector(".beat").getAttribute("aria-label")')
        page.expect('unhealthy for' in label and 'healthy for 20' in label, label)
        page.expect(browser.run('return document.querySelectorAll(".beat-unhealthy").length') >= 3, 'the bars show it')
        browser.click('section[aria-label="Metrics"] button')
        browser.wait_text('demo_pushes_total')
        browser.click('a[href="#/graph?node=pyroscope.write.backup"]')
        browser.wait('the graph shows it', 'return document.querySelector("a[href=\'#/component/pyroscope.write.backup\']") !== null')
        page.is_clean(browser)
        browser.open(f'{url}/#/component/pyroscope.write.backup')
        # The made-up data has no text of a config.
        browser.wait('its line of the running config is a link', """return [...document.querySelectorAll("a")].some((link) =>
            /^#\\/config\\?file=.+&line=[0-9]+&view=running$/.test(link.getAttribute("href") ?? ""))""")
        page.is_clean(browser)


def a_refused_config_stands_on_every_screen():
    with demo('refused') as (browser, url):
        for screen in ('profiles', 'components'):
            browser.open(f'{url}/#/{screen}')
            browser.wait_text('refused: 1 error')
            browser.wait_text('/etc/weir/config.river:1:1:')
            browser.wait_text('Nothing was changed')


def absences_say_what_to_do():
    with demo('no-store') as (browser, url):
        browser.open(url)
        browser.wait_text('pyroscope.store "local"')
        page.is_clean(browser)
    with demo('empty') as (browser, url):
        browser.open(url)
        browser.wait_text('Nothing profiled in this range')
    with demo('lost') as (browser, url):
        browser.open(f'{url}/#/components?q=kafka')
        browser.wait_text('none has “kafka”')
        browser.click('.foot button')
        browser.wait_text('weir did not read fast enough')


def a_lost_connection_is_said_and_mends_itself():
    with a_browser() as browser:
        with served('full') as url:
            page.open_service(browser, url, 'thumbnails')
        browser.wait('the page says so', 'return document.body.innerText.includes("No answer from weir.")', seconds=20)
        page.expect(browser.run('return document.querySelector("canvas") !== null'), 'what was there still stands')
        with served('full', url.removeprefix('http://')):
            browser.wait('it mends itself', 'return !document.body.innerText.includes("No answer from weir.")', seconds=20)


def it_looks_the_same_everywhere():
    with demo('full') as (browser, url):
        places = {'profiles': (f'{url}/#/profiles', 'canvas'), 'components': (f'{url}/#/components', 'table'),
                  'component': (f'{url}/#/component/pyroscope.write.backup', '.panel'),
                  'target-list': (f'{url}/#/component/discovery.process.all', '.rows'), 'targets': (f'{url}/#/targets', 'table'),
                  'explained': (f'{url}/#/explain?pid=1017', '.way'),
                  'dropped': (f'{url}/#/explain?labels=service_name%3Dservice-6', '.way')}
        take_shots(browser, places)


run(the_page_shows_services_and_their_functions, search_zoom_and_keys_work, a_frame_without_a_name_says_why,
    components_open_with_their_health, a_target_is_explained, targets_say_what_becomes_of_each_process,
    a_component_tells_how_it_was_and_what_it_counts, a_refused_config_stands_on_every_screen, absences_say_what_to_do,
    a_lost_connection_is_said_and_mends_itself, it_looks_the_same_everywhere)
