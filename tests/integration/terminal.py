"""A program in a terminal of its own, and what stands on its screen: as much of a terminal as weir top needs."""
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

TOKEN = re.compile(r'\x1b\[(\??)([\d;]*)([A-Za-z])|\x1b(.)|([^\x1b])', re.S)


class Terminal:
    """Use it in a `with`."""

    def __init__(self, command, columns=80, lines=24, env=None):
        self.command, self.env = command, {**os.environ, 'TERM': 'xterm-256color', **(env or {})}
        self.columns, self.lines = columns, lines
        self.cells, self.row, self.column, self.style = {}, 0, 0, ''
        self.pending = ''

    def __enter__(self):
        self.master, slave = pty.openpty()
        self.set_size(slave, self.columns, self.lines)
        self.process = subprocess.Popen(self.command, stdin=slave, stdout=slave, stderr=subprocess.PIPE, env=self.env, start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(slave, termios.TIOCSCTTY, 0))
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stderr.close()
        os.close(self.slave)
        os.close(self.master)

    @staticmethod
    def set_size(fd, columns, lines):
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', lines, columns, 0, 0))

    def resize(self, columns, lines):
        self.columns, self.lines, self.cells = columns, lines, {}
        self.set_size(self.master, columns, lines)

    def type(self, keys):
        os.write(self.master, keys.encode())

    def read(self, seconds):
        """Takes what the program prints in that time."""
        deadline = time.monotonic() + seconds
        while select.select([self.master], [], [], max(0, deadline - time.monotonic()))[0]:
            try:
                self.take(os.read(self.master, 65536).decode(errors='replace'))
            except OSError:
                return

    def take(self, text):
        text = self.pending + text
        # A sequence may come in two pieces.
        cut = text.rfind('\x1b')
        self.pending = text[cut:] if cut >= 0 and not re.match(r'\x1b(\[[\d;?]*[A-Za-z]|[^\[])', text[cut:]) else ''
        for _, numbers, command, _, character in TOKEN.findall(text[:len(text) - len(self.pending)]):
            if command:
                self.obey(command, numbers)
            elif character:
                self.put(character)

    def obey(self, command, numbers):
        if command == 'H':
            self.row = self.column = 0
        elif command == 'K':
            self.cells = {at: cell for at, cell in self.cells.items() if at[0] != self.row or at[1] < self.column}
        elif command == 'J':
            self.cells = {at: cell for at, cell in self.cells.items() if at < (self.row, self.column)}
        elif command == 'm':
            self.style = '' if numbers in ('', '0') else numbers

    def put(self, character):
        if character == '\n':
            self.row += 1
        elif character == '\r':
            self.column = 0
        elif ord(character) >= 32:
            self.cells[self.row, self.column] = (character, self.style)
            self.column = min(self.column + 1, self.columns - 1)

    def text(self):
        """The lines of the screen."""
        return [''.join(self.cells.get((row, column), (' ',))[0] for column in range(self.columns)).rstrip() for row in range(self.lines)]

    def wait(self, what, condition, seconds=15):
        deadline = time.monotonic() + seconds
        while not condition(self.text()):
            self.read(0.05)
            if time.monotonic() > deadline:
                raise AssertionError(f'{what}: not within {seconds} s; the screen says:\n' + '\n'.join(self.text()))
        return self.text()

    def html(self):
        """The screen as a page, for a picture."""
        colours = {'2': '#8d9aa5', '1': '#ffffff;font-weight:700', '1;36': '#62bdd0;font-weight:700', '1;31': '#ee7f77;font-weight:700'}
        lines = []
        for row in range(self.lines):
            line = ''
            for column in range(self.columns):
                character, style = self.cells.get((row, column), (' ', ''))
                escaped = {'<': '&lt;', '&': '&amp;'}.get(character, character)
                line += f'<span style="color:{colours.get(style, "#e3e9ed")}">{escaped}</span>'
            lines.append(line)
        return ('<!doctype html><meta charset="utf-8"><body style="margin:0;background:#0e1215"><pre style="margin:12px;font:14px/18px '
                '\'DejaVu Sans Mono\',monospace">' + '\n'.join(lines) + '</pre>')
