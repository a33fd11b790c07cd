#!/usr/bin/env python3
"""Go programs that tests need and that take minutes to build: built once, kept outside the tree. Run alone, builds them.

They stand in ${WEIR_CACHE:-$HOME/.cache/weir}/go under a name made of everything that decides what they are.
"""
import fcntl
import hashlib
import os
import pathlib
import re
import subprocess

from harness import ROOT, Skip, need_go, run

CACHE = pathlib.Path(os.environ.get('WEIR_CACHE') or pathlib.Path.home() / '.cache/weir') / 'go'
KEPT = 3  # of one program, for clones of other versions
BUILD = ['build', '-trimpath', '-buildvcs=false']
FOLDERS = {'apiserver': 'tests/kubernetes', 'prometheus': 'tests/kubernetes', 'exposition': 'tests/integration'}
FLAGS = {'apiserver': '-s -w -X k8s.io/component-base/version.gitVersion=v1.34.2', 'prometheus': '-s -w', 'exposition': '-s -w'}
ENV = {'CGO_ENABLED': '0', 'GOTOOLCHAIN': 'local', 'GOFLAGS': '-mod=readonly'}


def packages_at_once():
    """Two may need 4 GB."""
    available = re.search(r'^MemAvailable:\s*(\d+) kB', pathlib.Path('/proc/meminfo').read_text(), re.M)
    return 2 if int(available.group(1)) > 6 << 20 else 1


def go(folder, *arguments):
    return subprocess.run(['nice', need_go(), *arguments], cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          env={**os.environ, **ENV})


def last_line(text):
    return text.strip().split('\n')[-1][:300]


def fetch(folder):
    """The modules are there, or the test skips: no network, or a Go that is too old for them."""
    found = go(folder, 'list', '-deps', '.')
    if found.returncode != 0:
        assert 'go.sum' not in found.stderr and 'updates to go.mod' not in found.stderr, found.stderr
        raise Skip(f'the modules of {folder.relative_to(ROOT)} are not to be had: {last_line(found.stderr)}')


def go_program(name):
    """The program of that name."""
    folder = ROOT / FOLDERS[name] / name
    digest = hashlib.sha256(FLAGS[name].encode())
    for file in sorted([*folder.glob('*.go'), folder / 'go.mod', folder / 'go.sum']):
        digest.update(file.read_bytes())
    program = CACHE / f'{name}-{digest.hexdigest()[:16]}'
    if program.exists():
        return program
    need_go()
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f'{name}.lock', 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.exists():
            fetch(folder)
            fresh = program.with_suffix('.new')
            built = go(folder, *BUILD, '-p', str(packages_at_once()), '-ldflags', FLAGS[name], '-o', str(fresh), '.')
            assert built.returncode == 0, built.stderr
            fresh.rename(program)
            for old in sorted(CACHE.glob(f'{name}-*'), key=lambda path: path.stat().st_mtime)[:-KEPT]:
                old.unlink()
    return program


def the_api_server_is_built():
    go_program('apiserver')


def the_referee_of_targets_is_built():
    go_program('prometheus')


def the_reader_of_metrics_is_built():
    go_program('exposition')


if __name__ == '__main__':
    run(the_api_server_is_built, the_referee_of_targets_is_built, the_reader_of_metrics_is_built)
