#!/usr/bin/env python3
"""tidy.py [--remember] [FILE...]: clang-tidy over the product's files, or over those named.

What was found clean is remembered by the file, every header of ours it includes, and the checks: only what changed is looked at
again. The memory is in WEIR_CACHE and, for new clones, in tidied.txt, which --remember writes when everything is clean.
"""
import concurrent.futures
import functools
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

from project import ROOT

INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)
# The build's commands without the precompiled header, so that a file which uses what it does not include is found here.
COMMANDS = ROOT / 'build/tidy/compile_commands.json'
PRECOMPILED = re.compile(r' -Xclang -include(-pch)? -Xclang \S+')
TIDIED = ROOT / 'tests/house/tidied.txt'
CACHE = pathlib.Path(os.environ.get('WEIR_CACHE', ROOT / '.cache')) / 'tidy'


@functools.cache
def text_of(name):
    path = ROOT / name
    return path.read_text(encoding='utf-8', errors='replace') if path.is_file() else ''


def closure(name):
    """The file and all headers of ours that it reaches."""
    seen, open_names = set(), [name]
    while open_names:
        current = open_names.pop()
        if current in seen:
            continue
        seen.add(current)
        open_names += INCLUDE.findall(text_of(current))
    return sorted(seen)


@functools.cache
def tidied():
    return set(TIDIED.read_text().split()) if TIDIED.exists() else set()


def key(name):
    digest = hashlib.sha256(text_of('.clang-tidy').encode())
    for part in closure(name):
        digest.update(part.encode() + b'\0' + text_of(part).encode())
    return digest.hexdigest()[:32]


def check(name):
    """None when clean, else what clang-tidy printed."""
    mark = CACHE / key(name)
    if mark.name in tidied() or mark.exists():
        return None
    done = subprocess.run(['clang-tidy-19', '-p', str(COMMANDS.parent), '--quiet', name], cwd=ROOT, capture_output=True, text=True)
    if done.returncode == 0:
        mark.touch()
        return None
    return done.stdout or done.stderr


def commands():
    entries = json.loads((ROOT / 'build/compile_commands.json').read_text())
    for entry in entries:
        entry['command'] = PRECOMPILED.sub('', entry['command'])
    COMMANDS.parent.mkdir(exist_ok=True)
    COMMANDS.write_text(json.dumps(entries))
    return entries


def product_files(entries):
    """What the build compiles of the product: tests and benchmarks are read by people only."""
    names = [os.path.relpath(entry['file'], ROOT) for entry in entries]
    return sorted({name for name in names if not re.match(r'(build|tests|bench|fuzz|\.\.)', name) and name.endswith('.cpp')})


def main():
    CACHE.mkdir(parents=True, exist_ok=True)
    entries = commands()
    names = [name for name in sys.argv[1:] if name != '--remember'] or product_files(entries)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = {name: printed for name, printed in zip(names, pool.map(check, names)) if printed}
    for printed in found.values():
        print(printed)
    for name in found:
        print(f'not ok tidy {name}')
    if not found:
        print(f'ok tidy: {len(names)} files')
        if sys.argv[1:] == ['--remember']:
            TIDIED.write_text(''.join(f'{key(name)} {name}\n' for name in names))
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
