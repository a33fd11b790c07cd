"""The page over made-up data, in a browser."""
import contextlib
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / 'web/browser'))
import browser as driver
import page
from harness import ROOT, Skip

ESCAPE = '\ue00c'
ENTER = '\ue007'
LEFT, UP, RIGHT, DOWN = '\ue012', '\ue013', '\ue014', '\ue015'
BACKSPACE = '\ue003'
HOME = '\ue011'


@contextlib.contextmanager
def a_browser():
    if driver.missing():
        raise Skip(driver.missing())
    with driver.Browser() as browser:
        browser.look(*page.WIDE, 'dark')
        yield browser


@contextlib.contextmanager
def served(mode, address='127.0.0.1:0'):
    """The address of the page."""
    program = subprocess.Popen([ROOT / 'build/tests/web_demo', mode, address], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        yield program.stdout.readline().strip()
    finally:
        program.terminate()
        program.wait(10)


@contextlib.contextmanager
def demo(mode):
    """(browser, address)."""
    with a_browser() as browser, served(mode) as url:
        yield browser, url
