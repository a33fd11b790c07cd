#!/usr/bin/env python3
"""examples/local.river is edited while it runs: live at once, the sampler stays attached, a broken edit changes nothing."""
import contextlib
import json
import pathlib
import re
import subprocess
import time

from harness import ROOT, Weir, figure, find_bpftool, need_bpf, replace_file, run, wait_for

LOCAL = (ROOT / 'examples/local.river').read_text()


def links_of(pid):
    """The ids of the BPF links that the process holds and that bpftool shows."""
    held = set()
    for info in pathlib.Path(f'/proc/{pid}/fdinfo').iterdir():
        with contextlib.suppress(OSError):  # closed meanwhile
            held.update(map(int, re.findall(r'^link_id:\s*(\d+)', info.read_text(), re.M)))
    shown = json.loads(subprocess.run([find_bpftool(), '-j', 'link', 'show'], capture_output=True, text=True, check=True).stdout)
    return sorted(held & {link['id'] for link in shown})


def argument(component, name):
    found = [statement for statement in component['arguments'] if statement['name'] == name]
    return found[0]['value']['value'] if found else None


def live_after(w, text, condition):
    """How many milliseconds after it was saved."""
    replace_file(w.config, text)
    saved = time.monotonic()
    wait_for('the edit is live', condition, 5, pause=0.002)
    return (time.monotonic() - saved) * 1000


@contextlib.contextmanager
def attached():
    """A weir that samples this machine, and the ids of its BPF links."""
    need_bpf()
    with Weir(LOCAL) as w:
        w.wait_ready()
        w.wait_healthy('pyroscope.ebpf.machine', 20)
        yield w, wait_for('there are BPF links', lambda: links_of(w.process.pid))


def an_edit_is_live_and_the_sampler_stays_attached():
    with attached() as (w, before):
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
    with attached() as (w, links):
        broken = LOCAL.replace('collect_interval = "5s"', 'collect_intervall = "5s"')
        line = next(number for number, text in enumerate(broken.split('\n'), 1) if 'collect_intervall' in text)
        replace_file(w.config, broken)
        place = f'{w.config}:{line}'
        shown = lambda: [found for found in w.last_load()['diagnostics'] if found.get('line') == line]
        wait_for('the status names the line', lambda: not w.last_load()['ok'] and shown())
        wait_for('the log names the line', lambda: place in w.log())
        assert links_of(w.process.pid) == links
        assert w.is_healthy('pyroscope.ebpf.machine')
        replace_file(w.config, LOCAL)
        wait_for('a mended config loads', lambda: w.last_load()['ok'])
        assert links_of(w.process.pid) == links


run(an_edit_is_live_and_the_sampler_stays_attached, a_broken_edit_keeps_everything_running)
