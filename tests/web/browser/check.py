#!/usr/bin/env python3
"""Checks the page of a weir that runs, in a real browser.

  check.py http://127.0.0.1:12345 --service NAME=FUNCTION,FUNCTION… [--component ID]… [--shots FOLDER]

Each service named must have a flame graph that shows the functions, each component must open with its health.
Prints a line each: `ok …`, `not ok …`, or `SKIP: …` where there is no Chromium. Exit 1 when one failed.
"""
import argparse
import pathlib
import sys
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import browser as driver
import page


def report(name, check):
    try:
        check()
    except AssertionError:
        traceback.print_exc()
        print(f'not ok {name}', flush=True)
        return False
    print(f'ok {name}', flush=True)
    return True


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('url')
    parser.add_argument('--service', action='append', default=[], metavar='NAME=FUNCTION,…')
    parser.add_argument('--component', action='append', default=[], metavar='ID')
    parser.add_argument('--shots', metavar='FOLDER')
    return parser.parse_args()


def main():
    options = parse()
    if driver.missing():
        print(f'SKIP: the page in a browser: {driver.missing()}')
        return 0
    url = options.url.rstrip('/')
    services = [(name, [f for f in functions.split(',') if f]) for name, _, functions in (s.partition('=') for s in options.service)]
    good = True
    with driver.Browser() as browser:
        browser.look(*page.WIDE, 'dark')
        for name, functions in services:
            good &= report(f'the flame graph of {name}', lambda: page.has_flame_graph(browser, url, name, functions))
        for component in options.component:
            good &= report(f'component {component} opens', lambda: page.component_opens(browser, url, component))
        if options.shots:
            places = {f'service-{i}': (page.service_link(url, name), 'canvas') for i, (name, _) in enumerate(services)}
            places['components'] = (f'{url}/#/components', 'table')
            places |= {f'component-{i}': (f'{url}/#/component/{id}', '.panel') for i, id in enumerate(options.component)}
            good &= report('pictures', lambda: page.take_shots(browser, options.shots, places))
    return 0 if good else 1


if __name__ == '__main__':
    sys.exit(main())
