"""The page over made-up data, in a browser."""
import contextlib
import subprocess

from browsing import a_browser
from harness import ROOT


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
