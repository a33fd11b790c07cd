"""A headless Chromium, driven by driver.mjs, which stands beside this: Playwright's events and axe-core's rules, in Python."""
import contextlib
import json
import os
import pathlib
import select
import shutil
import subprocess
import tempfile
import time

import installed

PATIENCE = 60  # s, for one command
DRIVER = pathlib.Path(__file__).with_name('driver.mjs')


def missing():
    """What this machine lacks for a browser, or None."""
    lacking = [name for name in ('chromium', 'node') if not shutil.which(name)]
    if lacking:
        return f'{" and ".join(lacking)} not installed'
    try:
        installed.modules()
    except installed.NotToBeHad as reason:
        return str(reason)
    return None


class Browser:
    """Use it in a `with`. Everything waits for a condition, with a deadline. `credentials`: a name and a password, for whoever asks."""

    def __init__(self, credentials=None):
        self.credentials = credentials

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix='weir-browser-')
        user = dict(zip(('username', 'password'), self.credentials)) if self.credentials else None
        options = {'modules': str(installed.modules()), 'chromium': shutil.which('chromium'), 'credentials': user}
        with open(f'{self.folder}/errors', 'w') as errors:
            self.driver = subprocess.Popen(['node', DRIVER, json.dumps(options)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                           stderr=errors, env={**os.environ, 'TMPDIR': self.folder})
        self.unread = b''
        try:
            self.answer('start')
        except AssertionError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        with contextlib.suppress(BrokenPipeError):
            self.driver.stdin.close()
        try:
            self.driver.wait(15)
        except subprocess.TimeoutExpired:
            self.driver.kill()  # the browser ends when nobody holds its pipe
            self.driver.wait(15)
        self.driver.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def answer(self, command):
        deadline = time.monotonic() + PATIENCE
        while b'\n' not in self.unread:
            if not select.select([self.driver.stdout], [], [], max(0, deadline - time.monotonic()))[0]:
                raise AssertionError(f'{command}: the browser has not answered within {PATIENCE} s')
            got = os.read(self.driver.stdout.fileno(), 1 << 20)
            if not got:
                raise AssertionError(f'{command}: the driver has ended: {pathlib.Path(self.folder, "errors").read_text()[-2000:]}')
            self.unread += got
        line, _, self.unread = self.unread.partition(b'\n')
        answer = json.loads(line)
        if 'error' in answer:
            raise AssertionError(f'{command}: {answer["error"]}')
        return answer['value']

    def ask(self, command, **given):
        try:
            self.driver.stdin.write(json.dumps({'do': command, **given}).encode() + b'\n')
            self.driver.stdin.flush()
        except BrokenPipeError:
            pass  # the answer says why
        return self.answer(command)

    def cdp(self, command, **parameters):
        return self.ask('cdp', method=command, parameters=parameters)

    def look(self, width, height, theme, motion='no-preference'):
        """The size of the window, and what the system says about dark and light and about things that move."""
        self.looks = (width, height, theme, motion)
        self.ask('look', width=width, height=height, theme=theme, motion=motion)

    def open(self, url):
        """The status of the answer; 0 when there is none of HTTP."""
        return self.ask('open', url=url)

    def reload(self):
        return self.ask('reload')

    def run(self, script, *arguments):
        """The value of a JavaScript function body."""
        return self.ask('run', script=script, values=arguments)

    def wait(self, what, script, *arguments, seconds=10):
        deadline = time.monotonic() + seconds
        while True:
            value = self.run(script, *arguments)
            if value:
                return value
            if time.monotonic() > deadline:
                raise AssertionError(f'{what}: not within {seconds} s; the page says: {self.text()[:600]}')
            time.sleep(0.02)

    def text(self):
        return self.run('return document.body.innerText')

    def wait_text(self, text, seconds=10):
        self.wait(f'“{text}” stands on the page', 'return document.body.innerText.includes(arguments[0])', text, seconds=seconds)

    def click(self, selector):
        self.ask('click', selector=selector)

    def type(self, selector, text):
        self.ask('type', selector=selector, text=text)

    def press(self, *keys):
        """Keys at whatever has the focus."""
        self.ask('press', keys=keys)

    def point(self, x, y):
        self.ask('point', x=int(x), y=int(y))

    def shot(self, path):
        path = pathlib.Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        self.ask('shot', path=str(path.absolute()))

    def download(self, selector):
        """(name, bytes) of the file that a click there brings."""
        path = pathlib.Path(self.folder, 'download')
        name = self.ask('download', selector=selector, path=str(path))
        return name, path.read_bytes()

    def audit(self):
        """What bars people who do not see, or not well: serious or critical breaches of axe-core's rules."""
        return self.ask('audit')

    def complaints(self):
        """What the browser has logged since the last call: errors, refused requests, breaches of the page's policy, what was thrown."""
        return self.ask('complaints')

    def requests(self):
        """Every address that was asked for since the start, answered or not."""
        return self.ask('requests')

    def strangers(self):
        """Addresses that were asked for, answered or not, anywhere but where `open` led."""
        return self.ask('strangers')
