"""Prometheus' own discovery, as the referee of ours: the same cases as its config and as weir's, and both answers."""
import contextlib
import json
import pathlib
import re
import subprocess
import tempfile
import threading

from go_program import go_program
from harness import wait_for


NOTHING = re.compile(r'(?!)')


class Referee:
    """Runs cases: {name: {'kubernetes_sd_configs': [...]}}. Use it in a `with`."""

    def __init__(self, cases):
        self.program = go_program('prometheus')
        self.cases = cases
        self.latest = {}

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix='weir-referee-')
        config = pathlib.Path(self.folder.name, 'config.yml')
        config.write_text(json.dumps(self.cases))  # JSON is YAML
        self.log = open(pathlib.Path(self.folder.name, 'log'), 'w+')
        self.process = subprocess.Popen([self.program, config], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log)
        threading.Thread(target=self.read, daemon=True).start()
        return self

    def read(self):
        for line in self.process.stdout:
            self.latest = json.loads(line)

    def __exit__(self, kind, *_):
        self.process.kill()
        self.process.wait()
        if kind:
            self.log.seek(0)
            print('--- log of the referee\n' + self.log.read()[-3000:])
        self.log.close()
        self.folder.cleanup()

    def targets(self, case, less=NOTHING):
        """Without the labels that match `less`."""
        found = self.latest.get(case) or []
        return [as_target({name: value for name, value in labels.items() if not less.fullmatch(name)}) for labels in found]


def as_target(labels):
    """What can be compared. A label with an empty value is none."""
    return tuple(sorted((name, value) for name, value in labels.items() if value))


def exported(w, identity, more=()):
    """The targets of a component of weir, without the labels that only weir has."""
    return [as_target({name: value for name, value in labels.items() if name not in more}) for labels in w.targets(identity)]


def difference(theirs, ours):
    """In words: what only one of them has, targets of one address side by side."""
    theirs, ours = list(theirs), list(ours)
    for target in list(theirs):
        with contextlib.suppress(ValueError):
            ours.remove(target)
            theirs.remove(target)
    lines = []
    for target in theirs:
        like = max(ours, key=lambda other: len(set(other) & set(target)), default=())
        if like:
            ours.remove(like)
        lines.append(f'  {dict(target).get("__address__")}: only the referee: {sorted(set(target) - set(like))}')
        lines.append(f'    only weir: {sorted(set(like) - set(target))}' if like else '    weir has no such target')
    lines += [f'  only weir has {target}' for target in ours]
    return '\n'.join(lines)


def agree(w, referee, component, more=(), less=NOTHING, but=(), before=None, seconds=60):
    """Waits until weir exports what the referee finds in every case; the targets by case.

    `more` and `less`: labels that only weir has, and that only the referee has. `but`: cases in which they differ otherwise.
    `before`: what was found before something changed in every case; until then there was nothing.
    """
    cases = [case for case in referee.cases if case not in but]
    old = {case: sorted(as_target(labels) for labels in (before or {}).get(case, [])) for case in cases}

    def same(case):
        found = sorted(referee.targets(case, less))
        return found != old[case] and found == sorted(exported(w, f'{component}.{case}', more))
    try:
        wait_for('weir and Prometheus find the same', lambda: all(map(same, cases)), seconds)
    except AssertionError:
        wrong = []
        for case in (case for case in cases if not same(case)):
            text = difference(referee.targets(case, less), exported(w, f'{component}.{case}', more))
            wrong.append(f'{case} ({w.health(f"{component}.{case}")["message"]}):\n' + (text or '  nothing has changed'))
        raise AssertionError('weir and Prometheus find different targets:\n' + '\n'.join(wrong)) from None
    return {case: [dict(target) for target in referee.targets(case)] for case in referee.cases}
