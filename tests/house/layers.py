#!/usr/bin/env python3
"""Reads the includes of the project and fails where they break the plan of the house.

The plan: a room (a top-level folder) includes only the rooms of its row in MAY. Beast is used in net/ alone, BPF skeletons
in profiler/ alone, no file says `using namespace` at file scope, no two folders include each other.
Prints the arrows and the longest files, for a reader's judgement.
"""
import collections
import re
import sys

from project import ROOT, files

MAY = {
    'base': [],
    'bpf': [],
    'profile': ['base'],
    'lang': ['base'],
    'net': ['base'],
    'store': ['profile', 'base'],
    'profiler': ['profile', 'base', 'bpf'],
    'runtime': ['lang', 'base'],
    'components': ['runtime', 'net', 'profiler', 'store', 'profile', 'lang', 'base'],
    'web': ['runtime', 'store', 'profile', 'net', 'lang', 'base'],
    'cli': ['web', 'components', 'runtime', 'net', 'profiler', 'store', 'profile', 'lang', 'base'],
}
OUTSIDE = ('tests', 'bench', 'fuzz')  # may look into every room
MAX_LINES = 800

INCLUDE = re.compile(r'\s*#\s*include\s*(["<])([^">]+)[">]')
USING = re.compile(r'using namespace (?!std::(\w+_)?literals)')


def broken_include(room, quoted, target):
    """What is wrong with `room` including `target`, or None."""
    to = target.split('/')[0]
    if 'boost/beast' in target and room != 'net' and room not in OUTSIDE:
        return 'Boost.Beast outside net/'
    if target.endswith('.skel.h') and room != 'profiler' and room not in OUTSIDE:
        return 'a BPF skeleton outside profiler/'
    if quoted and room in MAY and to in MAY and to != room and to not in MAY[room]:
        return f'{room}/ must not include {to}/'
    if quoted and room in MAY and to in OUTSIDE:
        return f'{room}/ must not include {to}/'
    return None


def check():
    problems, arrows, lengths = [], collections.Counter(), []
    for name in files(r'\.(h|c|cpp)$'):
        room = name.split('/')[0]
        lines = (ROOT / name).read_text(encoding='utf-8', errors='replace').split('\n')
        lengths.append((len(lines), name))
        for number, line in enumerate(lines, 1):
            include = INCLUDE.match(line)
            if include:
                quoted, target = include.group(1) == '"', include.group(2)
                wrong = broken_include(room, quoted, target)
                if wrong:
                    problems.append(f'{name}:{number}: {wrong}')
                to = target.split('/')[0]
                if quoted and room in MAY and to in MAY and to != room:
                    arrows[room, to] += 1
            elif USING.match(line):
                problems.append(f'{name}:{number}: using namespace at file scope')
    problems += [f'{a}/ and {b}/ include each other' for a, b in arrows if a < b and (b, a) in arrows]
    problems += [f'{name}: {n} lines, more than {MAX_LINES}' for n, name in lengths if n > MAX_LINES]
    return problems, arrows, sorted(lengths, reverse=True)


def main():
    problems, arrows, lengths = check()
    print('arrows: ' + ', '.join(f'{a} > {b} {n}' for (a, b), n in sorted(arrows.items())))
    print('longest: ' + ', '.join(f'{name} {n}' for n, name in lengths[:8]))
    for problem in problems:
        print(f'! {problem}')
    print('not ok layers' if problems else 'ok layers')
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main())
