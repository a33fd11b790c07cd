"""The Node modules that tests need: fetched once, kept outside the tree.

Those of a folder FOLDER stand in ${WEIR_CACHE:-$HOME/.cache/weir}/FOLDER under a name made of what is pinned in its package-lock.json.
"""
import contextlib
import fcntl
import functools
import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
CACHE = pathlib.Path(os.environ.get('WEIR_CACHE') or pathlib.Path.home() / '.cache/weir')
KEPT = 3  # for clones of other versions
FETCH = ['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error', '--fetch-retries=1']
PATIENCE = 100  # s, which a script of several cases can lose once
# A refusal counts for so many seconds, for all scripts: where there is no network, each would wait for it again.
STANDS = 900


class NotToBeHad(Exception):
    """No network, or no npm: why."""


@contextlib.contextmanager
def lock(cache):
    cache.mkdir(parents=True, exist_ok=True)
    with open(cache / 'lock', 'w') as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def fetch(source, folder):
    if not shutil.which('npm'):
        raise NotToBeHad('npm not installed')
    what = f'what {source.name}/package.json names'
    fresh = pathlib.Path(tempfile.mkdtemp(dir=folder.parent))
    try:
        for name in ('package.json', 'package-lock.json'):
            shutil.copy(source / name, fresh)
        try:
            done = subprocess.run(FETCH, cwd=fresh, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            raise NotToBeHad(f'npm did not fetch {what} within {PATIENCE} s') from None
        if done.returncode != 0:
            raise NotToBeHad(f'npm does not fetch {what}: {(done.stderr.strip() or "no reason given").splitlines()[0][:300]}')
        fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def fetch_or_remember(source, folder):
    refusal = folder.with_name('refusal')
    with contextlib.suppress(OSError):
        if time.time() - refusal.stat().st_mtime < STANDS:
            raise NotToBeHad(refusal.read_text())
    try:
        fetch(source, folder)
    except NotToBeHad as why:
        refusal.write_text(str(why))
        raise


@functools.cache
def modules(source=HERE):
    """Where those are that package.json in this folder names; NotToBeHad when this machine cannot have them."""
    digest = hashlib.sha256((source / 'package-lock.json').read_bytes()).hexdigest()[:16]
    cache = CACHE / source.name
    folder = cache / f'modules-{digest}'
    if folder.exists():
        return folder
    with lock(cache):
        if not folder.exists():
            fetch_or_remember(source, folder)
            for old in sorted(cache.glob('modules-*'), key=lambda path: path.stat().st_mtime)[:-KEPT]:
                shutil.rmtree(old, ignore_errors=True)
    return folder
