"""A headless Chromium, driven over WebDriver's HTTP protocol with nothing but the standard library."""
import base64
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

FLAGS = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update',
         '--disable-sync', '--no-first-run', '--hide-scrollbars', '--force-device-scale-factor=1']
ELEMENT = 'element-6066-11e4-a52e-4f735466cecf'


def missing():
    """What this machine lacks for a browser, or None."""
    lacking = [name for name in ('chromium', 'chromedriver') if not shutil.which(name)]
    return f'{" and ".join(lacking)} not installed' if lacking else None


class Browser:
    """Use it in a `with`. Everything waits for a condition, with a deadline."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix='weir-browser-')
        self.driver = subprocess.Popen(['chromedriver', '--port=0'], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL, text=True, env={**os.environ, 'TMPDIR': self.folder})
        for line in self.driver.stdout:
            found = re.search(r'successfully on port (\d+)', line)
            if found:
                self.base = f'http://127.0.0.1:{found.group(1)}'
                break
        options = {'binary': shutil.which('chromium'), 'args': [*FLAGS, f'--user-data-dir={self.folder}/profile']}
        wanted = {'browserName': 'chrome', 'goog:chromeOptions': options, 'goog:loggingPrefs': {'browser': 'ALL'}}
        created = self.call('POST', '/session', {'capabilities': {'alwaysMatch': wanted}})
        self.session = f'/session/{created["sessionId"]}'
        return self

    def __exit__(self, *_):
        try:
            self.call('DELETE', self.session)
        except (OSError, AssertionError, AttributeError):
            pass
        self.driver.terminate()
        self.driver.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)

    def call(self, method, path, body=None):
        data = None if method != 'POST' else json.dumps(body or {}).encode()
        request = urllib.request.Request(self.base + path, data=data, method=method, headers={'Content-Type': 'application/json'})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)['value']
        except urllib.error.HTTPError as error:
            value = json.load(error)['value']
            raise AssertionError(f'{path}: {value["error"]}: {value["message"]}') from None

    def cdp(self, command, **parameters):
        return self.call('POST', f'{self.session}/goog/cdp/execute', {'cmd': command, 'params': parameters})

    def look(self, width, height, theme):
        """The size of the window and what the system says about dark and light."""
        self.cdp('Emulation.setDeviceMetricsOverride', width=width, height=height, deviceScaleFactor=1, mobile=width < 700)
        self.cdp('Emulation.setEmulatedMedia', features=[{'name': 'prefers-color-scheme', 'value': theme}])

    def open(self, url):
        self.call('POST', f'{self.session}/url', {'url': 'about:blank'})
        self.call('POST', f'{self.session}/url', {'url': url})

    def run(self, script, *arguments):
        """The value of a JavaScript function body."""
        return self.call('POST', f'{self.session}/execute/sync', {'script': script, 'args': list(arguments)})

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

    def find(self, selector):
        return self.call('POST', f'{self.session}/element', {'using': 'css selector', 'value': selector})[ELEMENT]

    def click(self, selector):
        self.call('POST', f'{self.session}/element/{self.find(selector)}/click')

    def type(self, selector, text):
        self.call('POST', f'{self.session}/element/{self.find(selector)}/value', {'text': text})

    def press(self, *keys):
        """Keys at whatever has the focus."""
        actions = [{'type': kind, 'value': key} for key in keys for kind in ('keyDown', 'keyUp')]
        self.call('POST', f'{self.session}/actions', {'actions': [{'type': 'key', 'id': 'keyboard', 'actions': actions}]})

    def point(self, x, y):
        move = {'type': 'pointerMove', 'duration': 0, 'x': int(x), 'y': int(y)}
        self.call('POST', f'{self.session}/actions', {'actions': [{'type': 'pointer', 'id': 'mouse', 'actions': [move]}]})

    def shot(self, path):
        path = pathlib.Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(self.call('GET', f'{self.session}/screenshot')))

    def complaints(self):
        """What the browser has logged since the last call: errors, refused requests, breaches of the page's policy."""
        lines = self.call('POST', f'{self.session}/se/log', {'type': 'browser'})
        return [line['message'] for line in lines if line['level'] in ('SEVERE', 'WARNING')]

    def strangers(self):
        """Addresses the page has loaded from anywhere but its own origin."""
        return self.run('return performance.getEntriesByType("resource").map(e => e.name).filter(n => !n.startsWith(location.origin + "/"))')
