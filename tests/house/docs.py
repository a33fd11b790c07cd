#!/usr/bin/env python3
"""docs/reference/ is what `weir docs` writes. To mend: build/weir docs"""
import difflib
import subprocess
import sys
import tempfile
import pathlib

from project import ROOT


def pages(folder):
    return {path.name: path.read_text(encoding='utf-8') for path in pathlib.Path(folder).glob('*.md')}


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([ROOT / 'build/weir', 'docs', folder], check=True)
        fresh = pages(folder)
    kept = pages(ROOT / 'docs/reference')
    differ = [name for name in sorted(fresh | kept) if fresh.get(name) != kept.get(name)]
    for name in differ:
        diff = difflib.unified_diff(kept.get(name, '').splitlines(), fresh.get(name, '').splitlines(),
                                    f'docs/reference/{name}', 'weir docs', n=0, lineterm='')
        print('\n'.join(list(diff)[:12]))
    print(f'not ok docs: run build/weir docs' if differ else f'ok docs: {len(fresh)} pages')
    return 1 if differ else 0


if __name__ == '__main__':
    sys.exit(main())
