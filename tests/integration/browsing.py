"""A browser for the tests of the page: opened in one way, and a test skips where this machine has none."""
import contextlib
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / 'web/browser'))
import browser as driver
import page
from harness import Skip, Weir

# Keys that are no letters, as Browser.press takes them.
BACKSPACE, TAB, ENTER, ESCAPE, SPACE, HOME = '\ue003', '\ue004', '\ue007', '\ue00c', ' ', '\ue011'
LEFT, UP, RIGHT, DOWN = '\ue012', '\ue013', '\ue014', '\ue015'


def need_browser():
    if driver.missing():
        raise Skip(driver.missing())


@contextlib.contextmanager
def a_browser(credentials=None):
    """In a wide dark window, before a blank page. `credentials`: a name and a password, for whoever asks."""
    need_browser()
    with driver.Browser(credentials) as browser:
        browser.look(*page.WIDE, 'dark')
        yield browser


@contextlib.contextmanager
def shown(config, **options):
    """(weir, browser): one that runs this config, and a browser that has opened nothing yet."""
    with a_browser() as browser, Weir(config, **options) as w:
        w.wait_ready()
        yield w, browser


def slow(browser, milliseconds):
    """Each answer takes so much longer from now on."""
    browser.cdp('Network.enable')
    browser.cdp('Network.emulateNetworkConditions', offline=False, latency=milliseconds, downloadThroughput=-1, uploadThroughput=-1)


def block(browser, *patterns):
    """Requests for these addresses fail from now on, and no others do."""
    browser.cdp('Network.enable')
    browser.cdp('Network.setBlockedURLs', urls=patterns)


def take_shots(browser, places):
    """What must hold of each place in every look; WEIR_SHOTS names a folder for the pictures."""
    page.take_shots(browser, os.environ.get('WEIR_SHOTS') or f'{browser.folder}/shots', places)
