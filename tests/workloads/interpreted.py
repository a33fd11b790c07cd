"""Python that keeps the interpreter's C code busy: calls, sorting with a key function, strings, a regular expression."""
import ctypes
import json
import re
import signal

ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: end with the test


def key_of(value):
    return -value


def sort_with_key():
    return sorted(range(2000), key=key_of)


def parse_text():
    text = json.dumps({'rows': list(range(400))})
    return json.loads(text), re.findall(r'(\d+), (\d+)', text)


while True:
    sort_with_key()
    parse_text()
