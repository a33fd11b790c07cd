#!/usr/bin/env python3
"""Every C++ file is as clang-format leaves it. To mend: clang-format-19 -i FILE..."""
import subprocess
import sys

from project import ROOT, files


def main():
    # BPF programs and case files have a layout of their own.
    names = [name for name in files(r'\.(h|cpp)$') if not name.startswith('bpf/')]
    done = subprocess.run(['clang-format-19', '--dry-run', '--ferror-limit=1', *names], cwd=ROOT, capture_output=True, text=True)
    wrong = sorted({line.split(':')[0] for line in done.stderr.split('\n') if 'clang-formatted' in line})
    for name in wrong:
        print(f'! clang-format-19 -i {name}')
    print('not ok format' if wrong else f'ok format of {len(names)} files')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
