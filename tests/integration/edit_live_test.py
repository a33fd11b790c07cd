#!/usr/bin/env python3
"""examples/local.river is edited while it runs: live at once, the sampler stays attached, a broken edit changes nothing."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import time

from harness import ROOT, Weir, figure, need_bpf, run, wait_for

LOCAL = (ROOT / 'examples/local.river').read_text()


def links_of(pid):
    """The ids of the BPF links that the process holds and that bpftool shows."""
    held = set()
    for info in pathlib.Path(f'/proc/{pid}/fdinfo').iterdir():
        with contextlib.suppress(OSError):  # closed meanwhile
            held.update(map(int, re.findall(r'^link_id:\s*(\d+)', info.read_text(), re.M)))
    bpftool = shutil.which('bpftool', path=os.environ['PATH'] + ':/usr/sbin')
    shown = json.loads(subprocess.run([bpftool, '-j', 'link', 'show'], capture_output=True, text=True, check=True).stdout)
    return sorted(held & {link['id'] for link in shown})


def argument(component, name):
    found = [statement for statement in component['arguments'] if statement['name'] == name]
    return found[0]['value']['value'] if found else None


def save(w, text):
    """As an editor does: a new file renamed over the old one. The moment of it."""
    beside = w.config.with_suffix('.new')
    beside.write_text(text)
    beside.rename(w.config)
    return time.monotonic()


def live_after(w, text, condition):
    saved = save(w, text)
    deadline = saved + 5
    while not condition():
        assert time.monotonic() < deadline, 'the edit is not live after 5 s'
        time.sleep(0.002)
    return (time.monotonic() - saved) * 1000


def an_edit_is_live_and_the_sampler_stays_attached():
    need_bpf()
    with Weir(LOCAL) as w:
        w.wait_ready()
        wait_for('pyroscope.ebpf is healthy', lambda: w.health('pyroscope.ebpf.machine')['state'] == 'healthy', 20)
        before = wait_for('there are BPF links', lambda: links_of(w.process.pid))
        interval = lambda: argument(w.component('pyroscope.ebpf.machine'), 'collect_interval')
        took = []
        for value in ['3s', '4s', '2s', '6s', '7s']:
            text = LOCAL.replace('collect_interval = "5s"', f'collect_interval = "{value}"')
            assert text != LOCAL
            took.append(live_after(w, text, lambda: interval() == value))
        figure(f'an edit is live after {sorted(took)[len(took) // 2]:.0f} ms (median of {len(took)}; worst {max(took):.0f} ms)')
        assert links_of(w.process.pid) == before, 'the sampler was attached again'
        figure(f'{len(before)} BPF links, the same ids before and after')


def a_broken_edit_keeps_everything_running():
    need_bpf()
    with Weir(LOCAL) as w:
        w.wait_ready()
        wait_for('pyroscope.ebpf is healthy', lambda: w.health('pyroscope.ebpf.machine')['state'] == 'healthy', 20)
        links = wait_for('there are BPF links', lambda: links_of(w.process.pid))
        broken = LOCAL.replace('collect_interval = "5s"', 'collect_intervall = "5s"')
        line = next(number for number, text in enumerate(broken.split('\n'), 1) if 'collect_intervall' in text)
        save(w, broken)
        place = f'{w.config}:{line}'
        shown = lambda: [found for found in last_load(w)['diagnostics'] if found.get('line') == line]
        wait_for('the status names the line', lambda: not last_load(w)['ok'] and shown())
        wait_for('the log names the line', lambda: place in w.log())
        assert links_of(w.process.pid) == links
        assert w.health('pyroscope.ebpf.machine')['state'] == 'healthy'
        save(w, LOCAL)
        wait_for('a mended config loads', lambda: last_load(w)['ok'])
        assert links_of(w.process.pid) == links


def last_load(w):
    return w.json('/api/v0/web/status')['lastLoad']


run(an_edit_is_live_and_the_sampler_stays_attached, a_broken_edit_keeps_everything_running)
