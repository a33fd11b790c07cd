#!/usr/bin/env python3
"""discovery.docker finds what Prometheus' own discovery finds, over the same real daemon: ports, networks, labels, filters."""
import json
import secrets

from docker_daemon import docker_daemon
from harness import Skip, Weir, figure, need_root, run
from referee import Referee, agree

CASES = {
    'every': {'match_first_network': False},
    'first_network': {'match_first_network': True},
    'other_port': {'port': 9100, 'host_networking_host': 'this-host'},
    'filtered': {'filters': [{'name': 'label', 'values': ['com.example.team=books']}]},
    'stopped_too': {'filters': [{'name': 'status', 'values': ['running', 'exited']}]},
}
# What Agent and Alloy have beside Prometheus' labels; nothing else may differ.
MORE = {
    '__meta_docker_container_image': 'Alloy: the name of the image',
    '__meta_docker_container_image_id': 'Alloy: the id of the image',
}
LABELS = '''
container_id container_name container_network_mode container_label_com_example_team
network_id network_name network_scope network_internal network_ingress network_label_a_b network_ip
port_private port_public port_public_ip
'''.split()


def config_of_weir(socket):
    text = ''
    for case, fields in CASES.items():
        lines = [f'{name} = {json.dumps(value)}' for name, value in fields.items() if name != 'filters']
        lines += ['filter {\n' + '\n'.join(f'{name} = {json.dumps(value)}' for name, value in one.items()) + '\n}'
                  for one in fields.get('filters', [])]
        text += f'discovery.docker "{case}" {{\nhost = "{socket}"\nrefresh_interval = "2s"\n' + '\n'.join(lines) + '\n}\n'
    return text


def config_of_prometheus(socket):
    return {case: {'docker_sd_configs': [{'host': socket, 'refresh_interval': '2s', **fields}]} for case, fields in CASES.items()}


def make_all(daemon):
    net = f'10.231.{secrets.randbelow(256)}'  # not the one of another daemon here
    try:
        daemon.call('network', 'create', '--subnet', f'{net}.0/25', '--label', 'a.b=c d', 'front')
        daemon.call('network', 'create', '--subnet', f'{net}.128/25', '--internal', 'aside')
    except AssertionError as error:
        raise Skip(f'no networks can be made here: {error}') from None
    daemon.run('ports', '--network', 'front', '-p', '127.0.0.1::80', '--expose', '90', '--expose', '53/udp',
               '--label', 'com.example.team=books', '--label', 'odd/Label-é=x y')
    daemon.call('network', 'connect', 'aside', 'ports')
    daemon.run('udp-only', '--network', 'aside', '--expose', '53/udp', '--label', 'empty=')
    daemon.run('hosted', '--network', 'host', '--label', 'com.example.team=books')
    daemon.run('alone')
    daemon.run('guest', '--network', 'container:ports')
    daemon.run('stopped', '--network', 'front')
    daemon.call('kill', 'stopped')


def every_container_has_the_labels_of_prometheus():
    need_root()
    with docker_daemon() as daemon:
        make_all(daemon)
        with Referee(config_of_prometheus(daemon.address)) as referee, Weir(config_of_weir(daemon.address), dialect='alloy') as w:
            w.wait_ready()
            found = agree(w, referee, 'discovery.docker', more=MORE)
            seen = {name for targets in found.values() for target in targets for name in target}
            missing = [name for name in LABELS if f'__meta_docker_{name}' not in seen]
            assert not missing, f'the containers do not show {missing}'
            figure(f'{len(CASES)} configs of discovery.docker: {sum(map(len, found.values()))} targets as Prometheus has them')
            daemon.call('start', 'stopped')
            daemon.call('kill', 'udp-only')
            daemon.call('network', 'disconnect', 'front', 'ports')
            agree(w, referee, 'discovery.docker', more=MORE, before=found)
            assert w.stop() == 0, w.log()


run(every_container_has_the_labels_of_prometheus)
