#!/usr/bin/env python3
"""/metrics of a weir that works, read by Prometheus' own parser: what is there is what the reference says, name, type, label
and meaning, and each metric that the reference has of weir itself is there."""
import json
import re
import subprocess

from go_program import go_program
from harness import ROOT, Weir, free_port, ingest, receiving, run, wait_for, wait_receiving
from receiver import Receiver

REFERENCE = ROOT / 'docs/reference'
ROW = re.compile(r'^\| `([a-z_]+)` \| (counter|gauge|histogram) \| (.*?) \| (.*) \|$', re.M)
OF_COMPONENT = {'component_id', 'component_path'}

CONFIG = '''
discovery.process "all" { }
discovery.relabel "some" {
  targets = discovery.process.all.targets
}
pyroscope.write "out" {
  endpoint { url = "URL" }
}
pyroscope.ebpf "one" {
  targets    = discovery.relabel.some.output
  forward_to = [pyroscope.write.out.receiver]
}
'''


def documented(page):
    """(type, own labels, meaning) by name."""
    return {name: (kind, set(re.findall(r'[a-z_]+', labels)), meaning)
            for name, kind, labels, meaning in ROW.findall((REFERENCE / page).read_text())}


def understood(text):
    """What Prometheus' parser makes of it, by name."""
    parsed = subprocess.run([go_program('exposition')], input=text, capture_output=True, text=True, timeout=60)
    assert parsed.returncode == 0, parsed.stderr
    return {metric['name']: metric for metric in map(json.loads, parsed.stdout.splitlines())}


def what_is_exposed_is_what_the_reference_says():
    go_program('exposition')
    own = documented('metrics.md')
    all_pages = {name: row for page in REFERENCE.glob('*.md') for name, row in documented(page.name).items()}
    port = free_port()
    with Receiver() as receiver, Weir(CONFIG.replace('URL', receiver.url) + receiving(port, 'pyroscope.write.out.receiver')) as w:
        w.wait_ready()
        wait_receiving(w)
        ingest(port, 'shop', 'main;work 3')
        wait_for('the profile is sent', lambda: receiver.of('shop'), 20)
        assert w.request('/-/reload', 'POST')[0] == 200
        metrics = understood(w.request('/metrics')[1])
    for name, metric in metrics.items():
        assert name in all_pages, f'{name} is in no page of the reference'
        kind, labels, meaning = all_pages[name]
        assert metric['type'] == kind, (metric, kind)
        assert metric['help'] == meaning.replace('\\|', '|'), (metric, meaning)
        assert set(metric['labels']) <= labels | OF_COMPONENT, (metric, labels)
        assert (set(metric['labels']) & OF_COMPONENT == set()) == (name in own), metric
    # What is turned away is counted when something is.
    missing = own.keys() - metrics.keys() - {'weir_http_turned_away_total'}
    assert not missing, missing
    for name in ('process_cpu_seconds_total', 'process_resident_memory_bytes', 'process_start_time_seconds',
                 'weir_component_evaluation_seconds', 'weir_config_load_timestamp_seconds'):
        assert metrics[name]['sum'] > 0, metrics[name]
    assert metrics['weir_config_last_load_success']['sum'] == 1, metrics['weir_config_last_load_success']
    assert metrics['weir_component_controller_running_components']['sum'] == 6, metrics


def a_refused_reload_shows():
    go_program('exposition')
    with Weir('discovery.process "all" { }\n') as w:
        w.wait_ready()
        before = understood(w.request('/metrics')[1])
        w.config.write_text('discovery.process "all" {\n')
        assert w.request('/-/reload', 'POST')[0] == 400
        after = understood(w.request('/metrics')[1])
    assert after['weir_config_last_load_success']['sum'] == 0, after
    age = 'weir_config_load_timestamp_seconds'
    assert after[age]['sum'] == before[age]['sum'], 'the running config is as old as before'


if __name__ == '__main__':
    run(what_is_exposed_is_what_the_reference_says, a_refused_reload_shows)
