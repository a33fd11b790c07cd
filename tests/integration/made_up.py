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
def demo(mode):
    """(browser, address) of the page over made-up data."""
    if driver.missing():
        raise Skip(driver.missing())
    program = subprocess.Popen([ROOT / 'build/tests/web_demo', mode], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        with driver.Browser() as browser:
            browser.look(*page.WIDE, 'dark')
            yield browser, program.stdout.readline().strip()
    finally:
        program.terminate()
        program.wait(10)
