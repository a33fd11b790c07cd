#!/usr/bin/env python3
"""Every config of examples/ is valid, runs, and shows what the machine lacks as health, not as an error."""
import pathlib
import subprocess
import sys
import tempfile

from harness import ROOT, Weir, can_load_bpf, run, run_weir, wait_for

EXAMPLES = ROOT / 'examples'
# What a reader of the documents would fill in. Nothing listens on the discard port.
FILLED = {'<URL>': 'http://127.0.0.1:9', '<USERNAME>': 'someone', '<PASSWORD>': 'something',
          'http://pyroscope:4100': 'http://127.0.0.1:9', 'unix:///var/run/docker.sock': 'unix:///nonexistent/docker.sock'}


def filled(name):
    text = (EXAMPLES / name).read_text()
    for placeholder, value in FILLED.items():
        text = text.replace(placeholder, value)
    return text


def validate(text):
    with tempfile.NamedTemporaryFile('w', suffix='.river') as file:
        file.write(text)
        file.flush()
        done = run_weir('validate', file.name, timeout=20)
    assert done.returncode == 0, done.stderr


def settled(w):
    """The components by name, once nothing is still being started or waits for another."""
    components = w.json('/api/v0/web/components?modules=1&states=all')
    by_name = {component['localID']: component['health']['state'] for component in components}
    return by_name if not {'unknown', 'waiting'} & set(by_name.values()) else None


def loads(name, unhealthy):
    text = filled(name)
    validate(text)
    with Weir(text, env={'HOSTNAME': 'node-1', 'KUBERNETES_SERVICE_HOST': ''}) as w:
        w.wait_ready(seconds=15)
        wait_for(f'{unhealthy} is unhealthy', lambda: w.health(unhealthy)['state'] == 'unhealthy', 15)
        message = w.health(unhealthy)['message']
        assert message, 'an unhealthy component says why'
        print(f'{name}: {unhealthy}: {message}')
        assert w.stop() == 0, w.log()


def the_minimal_kubernetes_config_loads_without_a_cluster():
    loads('kubernetes-minimal.river', 'discovery.kubernetes.local_pods')


def the_kubernetes_config_loads_without_a_cluster():
    loads('kubernetes.river', 'discovery.kubernetes.all_pods')


def the_docker_config_loads_without_a_daemon():
    loads('docker.river', 'discovery.docker.linux')


def the_local_config_loads():
    text = filled('local.river')
    validate(text)
    with Weir(text) as w:
        w.wait_ready(seconds=15)
        states = wait_for('everything is started', lambda: settled(w), 15)
        for name, state in states.items():
            if name.startswith('pyroscope.ebpf') and can_load_bpf():
                assert state == 'unhealthy', (name, state)
            else:
                assert state == 'healthy', (name, state, w.health(name))
        assert w.stop() == 0, w.log()


def the_local_config_names_scripts_after_their_file():
    rows = [(['{0}', '{1}/price_order.py', '--port', '80', 'http://127.0.0.1/'], 'price_order'),
            (['{0}', '-u', '{1}/price_order.py'], 'price_order'),
            (['python3', '{1}/price_order.py', 'a/b', 'c'], 'price_order'),
            (['{0}', '-c', 'input() # of no file'], pathlib.Path(sys.executable).resolve().name)]
    with tempfile.TemporaryDirectory() as folder, Weir(filled('local.river')) as w:
        (pathlib.Path(folder) / 'price_order.py').write_text('input()')
        w.wait_ready(seconds=15)
        wait_for('everything is started', lambda: settled(w), 15)
        for arguments, name in rows:
            process = subprocess.Popen([a.format(sys.executable, folder) for a in arguments], executable=sys.executable,
                                       stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
            try:
                wait_for(f'{arguments} is the service {name}', lambda: service_of(w, process.pid) == name, 15)
            finally:
                process.communicate(b'\n', timeout=10)


def service_of(w, pid):
    view = w.json(f'/api/v0/web/components/discovery.relabel.services/views/exports.output?limit=200&filter={pid}')
    for row in view['rows']:
        labels = {pair['key']: pair['value']['value'] for pair in row['value']}
        if labels['__process_pid__'] == str(pid):
            return labels['service_name']
    return None


def the_systemd_config_loads():
    text = filled('systemd.river')
    validate(text)
    with Weir(text) as w:
        w.wait_ready(seconds=15)
        by_systemd = any(pathlib.Path('/sys/fs/cgroup', tree, 'system.slice').exists() for tree in ('', 'unified', 'systemd'))
        expected = 'healthy' if by_systemd else 'unhealthy'
        wait_for(f'it is {expected}', lambda: w.health('discovery.systemd.services')['state'] == expected, 15)
        assert by_systemd or 'systemd' in w.health('discovery.systemd.services')['message']
        assert w.stop() == 0, w.log()


def the_helm_values_hold_the_minimal_config():
    values = (EXAMPLES / 'helm-values.yaml').read_text()
    inside = values.split('content: |\n')[1].split('\n  securityContext')[0]
    lines = [line.strip() for line in inside.split('\n')]
    kept = [line.strip() for line in (EXAMPLES / 'kubernetes-minimal.river').read_text().split('\n')]
    assert [line for line in lines if line] == [line for line in kept if line]


def the_tests_of_a_config_pass_and_find_what_a_changed_rule_breaks():
    done = run_weir('test', EXAMPLES, timeout=20)
    assert done.returncode == 0 and '3 passed' in done.stdout + done.stderr, done
    with tempfile.TemporaryDirectory() as folder:
        for name in ('local.river', 'local.test.river'):
            pathlib.Path(folder, name).write_text((EXAMPLES / name).read_text())
        config = pathlib.Path(folder, 'local.river')
        config.write_text(config.read_text().replace('action        = "keep"', 'action        = "drop"'))
        done = run_weir('test', folder, timeout=20)
        assert done.returncode == 1 and 'rule drop' in done.stdout + done.stderr, done


run(the_minimal_kubernetes_config_loads_without_a_cluster, the_kubernetes_config_loads_without_a_cluster,
    the_docker_config_loads_without_a_daemon, the_local_config_loads, the_systemd_config_loads,
    the_local_config_names_scripts_after_their_file, the_helm_values_hold_the_minimal_config,
    the_tests_of_a_config_pass_and_find_what_a_changed_rule_breaks)
