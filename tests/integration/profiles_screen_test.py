#!/usr/bin/env python3
"""The Profiles screen in a browser: parts of a range, zoom, search, callers and callees, comparison, links, files, absences."""
import contextlib
import itertools
import json
import pathlib
import tempfile
import urllib.request

from browsing import BACKSPACE, DOWN, ENTER, ESCAPE, HOME, LEFT, RIGHT, UP, page, slow, take_shots
from harness import Skip, go_pprof, run
from made_up import demo

API = 'api/v0/web/profiles/'


def drag(browser, selector, start, end):
    """By shares of the element's width, at a quarter of its height."""
    browser.run('''
        const element = document.querySelector(arguments[0]);
        const box = element.getBoundingClientRect();
        const at = (share) => ({bubbles: true, button: 0, clientX: box.left + share * box.width, clientY: box.top + box.height / 4});
        const turn = (type, target, share) => target.dispatchEvent(new PointerEvent(type, at(share)));
        return new Promise((done) => {
            turn("pointerdown", element, arguments[1]);
            setTimeout(() => { turn("pointermove", window, (arguments[1] + arguments[2]) / 2);
                setTimeout(() => { turn("pointermove", window, arguments[2]);
                    setTimeout(() => { turn("pointerup", window, arguments[2]); done(); }, 50); }, 50); }, 50);
        });''', selector, start, end)


def query(browser):
    return dict(browser.run('return [...new URLSearchParams(location.hash.split("?")[1] ?? "")]'))


def has(browser, **expected):
    """The address says so; None: it says nothing of it."""
    browser.wait(f'the address has {expected}', '''
        const query = new URLSearchParams(location.hash.split("?")[1] ?? "");
        return Object.entries(arguments[0]).every(([name, value]) => query.get(name) === value);''', expected)


def path_says(browser, text):
    browser.wait(f'the path line says “{text}”', 'return document.querySelector(".path")?.innerText.includes(arguments[0])', text)


def open_checkout(browser, url, **more):
    page.open_service(browser, url, 'checkout-api', **more)
    browser.wait('it is drawn', 'return document.querySelector("canvas").height > 20')


def listed(browser):
    return browser.run('return [...document.querySelectorAll(".functions tbody .function > .mono")].map(b => b.textContent)')


def search(browser, text):
    browser.run('''
        const field = document.querySelector(".tools input");
        field.value = arguments[0];
        field.dispatchEvent(new Event("input", {bubbles: true}));''', text)


def services_show_their_use_and_types_only_where_there_are_several():
    with demo('full') as (browser, url):
        open_checkout(browser, url)
        browser.wait('each has its line', 'return document.querySelectorAll(".services .spark path.area").length >= 6')
        row = browser.run('return document.querySelector("[data-service=checkout-api]").innerText')
        page.expect('cores' in row and 'min' in row, f'the row says “{row}”')
        page.expect(browser.run('return document.querySelector("[aria-label=\'Type of profile\']")') is None, 'one type is no choice')
        browser.type('.services input', 'kafka')
        browser.wait_text('none has “kafka” in its name')
        page.is_clean(browser)
    with demo('types') as (browser, url):
        browser.open(f'{url}/#/profiles')
        browser.wait('two types', 'return document.querySelectorAll("[aria-label=\'Type of profile\'] button").length === 2')
        browser.click('[aria-label="Type of profile"] button:nth-child(2)')
        has(browser, type='memory:inuse_space')
        browser.wait('only who has it', 'return document.querySelectorAll("[data-service]").length === 1')
        browser.wait('in its unit', 'return document.querySelector("[data-service]").innerText.includes("B")')
        page.is_clean(browser)


def a_part_of_the_range_is_chosen_by_pointer_and_by_keys():
    with demo('full') as (browser, url):
        open_checkout(browser, url)
        drag(browser, '.timeline', 0.25, 0.5)
        browser.wait('the part is drawn', 'return document.querySelector(".timeline .selected rect")')
        asked = query(browser)
        length = (int(asked['until']) - int(asked['from'])) / 900_000
        page.expect(0.2 < length < 0.3, f'a quarter of the range: {length}')
        has(browser, service='checkout-api')
        browser.run('document.querySelector(".timeline").dispatchEvent(new MouseEvent("dblclick", {bubbles: true}))')
        has(browser, **{'from': None, 'until': None})
        browser.run('document.querySelector(".timeline [aria-label=From]").focus()')
        browser.press(RIGHT, RIGHT)
        browser.wait('the edge is drawn', 'return document.querySelector(".timeline .selected rect")')
        moved = int(query(browser)['from'])
        browser.press(LEFT)
        browser.wait('back by one', 'return Number(new URLSearchParams(location.hash.split("?")[1]).get("from")) < arguments[0]', moved)
        said = browser.run('return document.querySelector(".timeline [aria-label=From]").getAttribute("aria-valuetext")')
        page.expect(said.count(':') == 2, f'the edge says its time: {said}')
        browser.press(BACKSPACE)
        has(browser, **{'from': None, 'until': None})
        page.is_clean(browser)


def zoom_and_search_stand_in_the_address():
    with demo('full') as (browser, url):
        open_checkout(browser, url)
        browser.run('document.querySelector("canvas").focus()')
        browser.press(DOWN, DOWN, ENTER)
        path_says(browser, 'Py_RunMain')
        zoomed = query(browser)['zoom']
        browser.press(DOWN, ENTER)
        path_says(browser, '<module> gunicorn')
        browser.run('history.back()')
        has(browser, zoom=zoomed)
        path_says(browser, 'Py_RunMain')
        browser.run('history.forward()')
        path_says(browser, '<module> gunicorn')
        browser.press(ESCAPE)
        has(browser, zoom=zoomed)
        search(browser, 'rule.*evaluate|^dict_')
        browser.wait_text('of CPU, 2 functions')
        page.expect(set(listed(browser)) == {'RuleEngine.evaluate', 'dict_lookup'}, listed(browser))
        nested = browser.run('return document.querySelector(".tools [role=status]").innerText')
        search(browser, 'RuleEngine.evaluate')
        browser.wait('a hit in a hit counts once',
                     'return document.querySelector(".tools [role=status]").innerText.split("%")[0] === arguments[0].split("%")[0]', nested)
        search(browser, 'evaluate(')
        browser.wait_text('is no regular expression (unterminated group)')
        page.expect(browser.run('return document.querySelector(".tools input").getAttribute("aria-invalid")') == 'true', 'the field says so too')
        has(browser, q='evaluate(')
        browser.wait_text('No function matches.')
        browser.run('document.activeElement.blur()')
        browser.press(ESCAPE)
        has(browser, q=None)
        browser.click('.functions th:nth-child(4) button')
        has(browser, sort='total')
        page.expect(browser.run('return document.querySelector("th[aria-sort]").innerText').startswith('Total'), 'sorted by it')
        page.is_clean(browser)


def a_function_has_callers_and_callees():
    with demo('full') as (browser, url):
        open_checkout(browser, url)
        browser.click('button[aria-label="Callers and callees of _PyEval_EvalFrameDefault"]')
        has(browser, middle='_PyEval_EvalFrameDefault')
        browser.wait('two graphs', 'return document.querySelectorAll("canvas").length === 2')
        labels = browser.run('return [...document.querySelectorAll("canvas")].map(c => c.getAttribute("aria-label"))')
        page.expect(labels[0].startswith('Callers of') and labels[1].startswith('Callees of'), labels)
        rows = browser.run('return [...document.querySelectorAll(".functions tbody tr")].map(r => [...r.cells].map(c => c.innerText.trim()))')
        names = {row[0].split('\n')[0]: row[1:] for row in rows}
        page.expect(names['re_match'][0] == '–' and '%' in names['re_match'][1], names['re_match'])
        page.expect('%' in names['RuleEngine.evaluate'][0] and names['RuleEngine.evaluate'][1] == '–', names['RuleEngine.evaluate'])
        browser.run('document.querySelector(".flipped canvas").focus()')
        browser.press(UP)
        browser.wait('a move upwards is read aloud', 'return document.getElementById("live").textContent.includes("RuleEngine.evaluate")')
        browser.press(ENTER)
        has(browser, middle='RuleEngine.evaluate')
        browser.run('history.back()')
        has(browser, middle='_PyEval_EvalFrameDefault')
        browser.press(ESCAPE)
        has(browser, middle=None)
        browser.wait('one graph', 'return document.querySelectorAll("canvas").length === 1')
        browser.run('document.querySelector("canvas").focus()')
        browser.press(DOWN, DOWN, 's')
        has(browser, middle='Py_RunMain')
        page.is_clean(browser)


def an_unknown_frame_says_why_where_it_is_looked_at():
    with demo('full') as (browser, url):
        open_checkout(browser, url)
        browser.wait('it is listed', 'return document.querySelector(".functions .link.warn")')
        browser.click('.functions .link.warn')
        browser.wait('the row says why', 'return document.querySelector(".whycell .found")?.innerText.includes("/usr/lib/debug/.build-id/3f/")')
        browser.wait_text('Install the debug symbols of libacme_tax.so')
        browser.click('button[aria-label^="Callers and callees of [unknown]"]')
        browser.wait('so does the middle', 'return document.querySelector(".whynote .found")?.innerText.includes("no debug file")')
        browser.press(ESCAPE)
        browser.wait('one graph', 'return document.querySelectorAll("canvas").length === 1')
        # A click on the frame itself: what its tooltip says stays.
        left, top, width, height = browser.run('const r = document.querySelector("canvas").getBoundingClientRect();'
                                               ' return [r.left, r.top, r.width, r.height]')
        for x, y in itertools.product(range(4, int(width), int(width / 24)), range(10, int(height), 20)):
            browser.point(left + x, top + y)
            if browser.run('return document.querySelector(".tip .found")'):
                break
        browser.run('document.querySelector("canvas").dispatchEvent(new MouseEvent("click", {bubbles: true, clientX: arguments[0], clientY: arguments[1]}))',
                    left + x, top + y)
        path_says(browser, '[unknown] libacme_tax.so')
        browser.wait('it stands above the graph', 'return document.querySelector(".whynote .found")?.innerText.includes("no debug file")')
        page.is_clean(browser)


def who_wants_less_motion_gets_none():
    with demo('full') as (browser, url):
        for motion, moves in (('reduce', False), ('no-preference', True)):
            browser.look(*page.WIDE, 'dark', motion)
            open_checkout(browser, url)
            browser.run('document.querySelector("canvas").focus()')
            browser.press(*[DOWN] * 11)
            browser.wait('it is there', 'return document.getElementById("live").textContent.includes("apply_discounts")')
            pictures = browser.run('''
                const canvas = document.querySelector("canvas");
                const seen = new Set([canvas.toDataURL()]);
                canvas.dispatchEvent(new KeyboardEvent("keydown", {key: "Enter", bubbles: true, cancelable: true}));
                const began = performance.now();
                return new Promise((done) => {
                    const look = () => {
                        seen.add(canvas.toDataURL());
                        if (performance.now() - began < 500) requestAnimationFrame(look);
                        else done(seen.size);
                    };
                    look();
                });''')
            page.expect(pictures > 3 if moves else pictures == 2, f'{motion}: {pictures} pictures on the way')


def two_ranges_are_compared():
    with demo('full') as (browser, url):
        open_checkout(browser, url, range=900)
        browser.run('document.activeElement.blur()')
        browser.press('d')
        browser.wait('both parts are drawn', 'return document.querySelector(".timeline .then rect") && document.querySelector(".timeline .selected rect")')
        browser.wait_text('CPU of checkout-api:')
        browser.wait('the colours have their key', 'return document.querySelectorAll(".ramp i").length === 9')
        first = browser.run('return [...document.querySelector(".functions tbody tr").cells].map(c => c.innerText.trim())')
        page.expect(first[0].startswith('re_match') and first[-1].startswith('+') and first[-2].startswith('+'), f'the largest change: {first}')
        signs = browser.run('return [...document.querySelectorAll(".functions tbody tr")].map(r => r.lastElementChild.innerText.trim()[0])')
        page.expect('−' in signs, f'less is said too: {signs}')
        before = int(query(browser)['before'])
        drag(browser, '.timeline', 0.25, 0.4)
        browser.wait('it has moved', 'return Number(new URLSearchParams(location.hash.split("?")[1]).get("before")) > arguments[0]', before)
        before = int(query(browser)['before'])
        browser.run('document.querySelector("[aria-label=\'Time before\']").focus()')
        browser.press(HOME)
        browser.wait('and by keys', 'return Number(new URLSearchParams(location.hash.split("?")[1]).get("before")) < arguments[0]', before)
        browser.run('history.back()')
        page.is_clean(browser)
        browser.run('document.activeElement.blur()')
        browser.press('d')
        has(browser, before=None)
        browser.wait('it ends', 'return !document.querySelector(".versus") && document.querySelector(".legend[aria-label=\'Kinds of code\']")')


def two_services_are_compared():
    with demo('full') as (browser, url):
        open_checkout(browser, url)
        browser.click('button[title^="Compare with"]')
        browser.wait('the strip is there', 'return document.querySelector(".versus select")')
        browser.run('''const field = document.querySelector(".versus select");
            field.value = "thumbnails"; field.dispatchEvent(new Event("change", {bubbles: true}));''')
        has(browser, **{'with': 'thumbnails', 'before': None})
        browser.wait_text('CPU of checkout-api against thumbnails:')
        browser.wait('its line is drawn', 'return document.querySelector(".timeline .line.before")')
        browser.wait('what only one has is new or gone', 'return /gone|new/.test(document.querySelector(".functions tbody").innerText)')
        browser.click('.versus .segments button:last-child')
        has(browser, by='share')
        browser.wait('as much of each', 'return document.querySelector(".path").innerText.includes("thumbnails: =")')
        page.is_clean(browser)


def a_link_shows_the_same_again():
    with demo('full') as (browser, url):
        open_checkout(browser, url, range=3600)
        browser.run('document.querySelector("canvas").focus()')
        browser.press(DOWN, DOWN, ENTER)
        path_says(browser, 'Py_RunMain')
        search(browser, 'gc')
        browser.wait_text('of CPU, 3 functions')
        browser.click('button[aria-label="Share or save"]')
        link = browser.wait('the link is there', 'return document.querySelector(".sharelink input")?.value')
        seen = {'path': browser.run('return document.querySelector(".path").innerText'),
                'hits': browser.run('return document.querySelector(".tools [role=status]").innerText'), 'list': listed(browser)}
        browser.open(link)
        path_says(browser, 'Py_RunMain')
        browser.wait_text('of CPU, 3 functions')
        again = {'path': browser.run('return document.querySelector(".path").innerText'),
                 'hits': browser.run('return document.querySelector(".tools [role=status]").innerText'), 'list': listed(browser)}
        page.expect(again == seen, f'{again}, not {seen}')
        browser.wait('it says that it stands still', 'return [...document.querySelectorAll(".bar .button")].some(b => b.innerText.startsWith("Until"))')
        page.is_clean(browser)
        # All that there is to choose.
        browser.run('document.activeElement.blur()')
        browser.press(ESCAPE)
        browser.press('d')
        browser.wait('it compares', 'return document.querySelector(".ramp")')
        browser.click('button[aria-label="Callers and callees of gc_collect_main"]')
        browser.wait('two graphs', 'return document.querySelectorAll("canvas").length === 2')
        browser.click('button[aria-label="Share or save"]')
        link = browser.wait('the link is there', 'return document.querySelector(".sharelink input")?.value')
        for part in ('service=checkout-api', 'range=3600', 'at=', 'from=', 'until=', 'before=', 'zoom=', 'middle=gc_collect_main', 'in=python3.11'):
            page.expect(part in link, f'{part} is not in {link}')
        browser.wait_text('Before: checkout-api')
        text = browser.run('return document.querySelector(".path").innerText')
        browser.open(link)
        browser.wait('the same', 'return document.querySelector(".path")?.innerText === arguments[0]', text)
        page.is_clean(browser)


def links_to_files(browser):
    """From the open dialog: what each saves, and its address."""
    return dict(browser.wait('the links', 'const all = [...document.querySelectorAll(".forms a")];'
                             ' return all.length > 0 && all.map(a => [a.getAttribute("aria-label"), a.href])'))


def fetched(address, folder, name):
    path = pathlib.Path(folder, name)
    with urllib.request.urlopen(address, timeout=30) as answer:
        path.write_bytes(answer.read())
    return path


def is_for_speedscope(path):
    """What speedscope's schema asks of a sampled profile."""
    file = json.loads(path.read_text())
    page.expect(file['$schema'] == 'https://www.speedscope.app/file-format-schema.json', file['$schema'])
    known = len(file['shared']['frames'])
    page.expect(all(isinstance(frame['name'], str) for frame in file['shared']['frames']), 'frames have names')
    for profile in file['profiles']:
        page.expect(profile['type'] == 'sampled' and profile['unit'] in ('nanoseconds', 'bytes', 'none'), profile['unit'])
        page.expect(len(profile['samples']) == len(profile['weights']), 'a weight a sample')
        page.expect(all(0 <= frame < known for sample in profile['samples'] for frame in sample), 'frames that exist')
        page.expect(sum(profile['weights']) == profile['endValue'] - profile['startValue'], 'the weights fill it')


def what_is_shown_is_saved_as_files():
    with demo('full') as (browser, url), tempfile.TemporaryDirectory() as folder:
        open_checkout(browser, url)
        browser.click('button[aria-label="Share or save"]')
        links = links_to_files(browser)
        page.expect(list(links) == ['Save as pprof', 'Save as Folded stacks', 'Save as speedscope', 'Save as HTML'], links)
        page.is_clean(browser)
        folded = fetched(links['Save as Folded stacks'], folder, 'a.folded').read_text()
        page.expect(all(line.rsplit(' ', 1)[1].isdigit() for line in folded.splitlines()) and ';re_match ' in folded, folded[:200])
        is_for_speedscope(fetched(links['Save as speedscope'], folder, 'a.speedscope.json'))
        html = fetched(links['Save as HTML'], folder, 'a.html')
        browser.open(f'file://{html}')
        browser.wait('the file draws', 'return document.querySelector("canvas")?.height > 20')
        browser.click('button[aria-label="Callers and callees of re_match"]')
        browser.wait('callers and callees there too', 'return document.querySelectorAll("canvas").length === 2')
        asked = browser.run('return performance.getEntriesByType("resource").map(e => e.name)')
        page.expect(not [name for name in asked if not name.startswith('data:')], f'it asks nobody: {asked}')
        pprof = fetched(links['Save as pprof'], folder, 'a.pb.gz')
        with contextlib.suppress(Skip):
            top = go_pprof(pprof, '-top', '-nodecount=200')
            page.expect('re_match' in top, top)


def of_a_comparison_each_side_is_saved():
    with demo('full') as (browser, url), tempfile.TemporaryDirectory() as folder:
        open_checkout(browser, url)
        browser.run('document.activeElement.blur()')
        browser.press('d')
        browser.wait_text('CPU of checkout-api:')
        browser.click('button[aria-label="Share or save"]')
        links = links_to_files(browser)
        browser.wait_text('Before: checkout-api')
        before = fetched(links['Save before as Folded stacks'], folder, 'before')
        after = fetched(links['Save after as Folded stacks'], folder, 'after')
        page.expect(before.read_text() != after.read_text(), 'they are not the same')
        browser.open(f'file://{fetched(links["Save the comparison as HTML"], folder, "both.html")}')
        browser.wait('the comparison draws', 'return document.querySelector(".ramp") && document.querySelector("canvas").height > 20')
        page.expect(browser.run('return document.querySelector(".functions tbody tr").innerText').startswith('re_match'), 'the largest change first')


def absences_and_errors_say_what_to_do():
    with demo('broken') as (browser, url):
        browser.open(f'{url}/#/profiles')
        browser.wait_text('The flame graph did not come.')
        browser.wait_text('segment 0412: bad checksum')
    with demo('empty') as (browser, url):
        browser.open(f'{url}/#/profiles')
        browser.wait_text('Nothing profiled in this range')
        browser.wait('where to look', 'return document.querySelector(".state a[href=\'#/targets\']")')
        page.is_clean(browser)
    with demo('no-store') as (browser, url):
        browser.open(f'{url}/#/profiles')
        browser.wait_text('pyroscope.store "local"')
        page.is_clean(browser)
    with demo('full') as (browser, url):
        page.open_service(browser, url, 'redis')
        browser.open(f'{url}/#/profiles?service=redis&from=1000&until=2000')
        browser.wait_text('No sample in this part.')
        browser.click('.state .button')
        browser.wait('the whole range again', 'return document.querySelector("canvas")')
        browser.open(f'{url}/#/profiles?service=redis&middle=no-such&in=x')
        browser.wait_text('No frame of this profile is of that function')
        browser.open(f'{url}/#/profiles?service=nobody')
        browser.wait_text('No profile of nobody in this range.')
        page.is_clean(browser)


def what_takes_long_is_announced_by_grey_bars():
    with demo('full') as (browser, url):
        browser.open(f'{url}/#/components')
        browser.wait('the page is there', 'return document.querySelector("[data-component]")')
        slow(browser, 1500)
        # In one step: a slow machine may need longer for two than the bars wait.
        at_once = browser.run('''
            location.hash = "#/profiles";
            return new Promise(done => addEventListener("hashchange", () => setTimeout(() => done(document.querySelector("[aria-busy]") !== null), 20)));''')
        page.expect(not at_once, 'not at once')
        browser.wait('grey bars', 'return document.querySelector(".services [aria-busy=true] i") && document.querySelector(".work [aria-busy=true] i")')
        slow(browser, 0)
        browser.wait('then the graph', 'return document.querySelector("canvas") && !document.querySelector("[aria-busy]")', seconds=20)


def every_state_in_every_look():
    with demo('full') as (browser, url):
        now = page.api(url, 'profiles/services')['until']
        at = f'service=checkout-api&range=900&from={now - 420_000}&until={now}'
        base = f'{url}/#/profiles?'
        places = {'plain': (f'{base}service=checkout-api', 'canvas'), 'part': (f'{base}{at}', '.timeline .selected'),
                  'search': (f'{base}service=checkout-api&q=rule|json', '.tools [role=status]'),
                  'wrong-search': (f'{base}service=checkout-api&q=rule(', '#search-wrong'),
                  'sandwich': (f'{base}service=checkout-api&middle=_PyEval_EvalFrameDefault&in=python3.11', '.middle'),
                  'compare': (f'{base}{at}&before={now - 860_000}', '.ramp'),
                  'compare-services': (f'{base}service=edge-gateway&with=otel-collector&by=share', '.ramp'),
                  'compare-sandwich': (f'{base}{at}&before={now - 860_000}&middle=_PyEval_EvalFrameDefault&in=python3.11', '.middle'),
                  'table': (f'{base}service=checkout-api&view=table', '.functions tr'),
                  'flame': (f'{base}service=checkout-api&view=flame', 'canvas')}
        take_shots(browser, places)


run(services_show_their_use_and_types_only_where_there_are_several, a_part_of_the_range_is_chosen_by_pointer_and_by_keys,
    zoom_and_search_stand_in_the_address, a_function_has_callers_and_callees, an_unknown_frame_says_why_where_it_is_looked_at,
    who_wants_less_motion_gets_none,
    two_ranges_are_compared, two_services_are_compared, a_link_shows_the_same_again, what_is_shown_is_saved_as_files,
    of_a_comparison_each_side_is_saved, absences_and_errors_say_what_to_do, what_takes_long_is_announced_by_grey_bars,
    every_state_in_every_look)
