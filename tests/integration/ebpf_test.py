#!/usr/bin/env python3
"""What pyroscope.ebpf's arguments do, seen by who receives the profiles: each labels and values, each changed while weir runs."""
import collections
import gzip

from harness import ROOT, Weir, need_bpf, run, started, wait_for
from receiver import Receiver, all_of, fields, varints

BLOCK = '''
pyroscope.ebpf "{name}" {{
  targets          = [{targets}]
  forward_to       = [pyroscope.write.there.receiver]
  collect_interval = "1s"
  {more}
}}
'''
WRITE = '''
pyroscope.write "there" {{
  endpoint {{
    url = "{url}"
  }}
}}
'''

Profile = collections.namedtuple('Profile', 'period samples seconds')
Sample = collections.namedtuple('Sample', 'stack value labels')


def read_pprof(packed):
    message = gzip.decompress(packed)
    strings = [text.decode() for text in all_of(message, 6)]
    names = {}
    for function in all_of(message, 5):
        row = dict(fields(function))
        names[row[1]] = strings[row.get(2, 0)]
    locations = {}
    for location in all_of(message, 4):
        row = dict((n, v) for n, v in fields(location) if n != 4)
        locations[row[1]] = [names[dict(fields(line))[1]] for line in all_of(location, 4)]
    samples = []
    for sample in all_of(message, 2):
        stack = [name for ids in all_of(sample, 1) for number in varints(ids) for name in locations[number]]
        labels = {}
        for label in all_of(sample, 3):
            row = dict(fields(label))
            labels[strings[row[1]]] = strings[row.get(2, 0)]
        samples.append(Sample(stack, next(varints(all_of(sample, 2)[0])), labels))
    rest = dict((n, v) for n, v in fields(message) if n in (10, 12))
    return Profile(rest[12], samples, rest[10] / 1e9)


def target(process, service=None, **labels):
    pairs = {'__process_pid__': str(process.pid), **({'service_name': service} if service else {}), **labels}
    return '{' + ', '.join(f'"{name}" = "{value}"' for name, value in pairs.items()) + '}'


def config(receiver, *blocks):
    return ''.join(BLOCK.format(name=name, targets=targets, more=more) for name, targets, more in blocks) + \
        WRITE.format(url=receiver.url)


def change(w, text):
    w.config.write_text(text)
    status, answer = w.request('/-/reload', 'POST')
    assert status == 200, answer


def wait_for_profile(receiver, what, service, condition=lambda labels, profile: True):
    """The first one from now on."""
    seen = len(receiver.of(service))

    def find():
        for labels, pprof in receiver.of(service)[seen:]:
            profile = read_pprof(pprof)
            if condition(labels, profile):
                return labels, profile
        return None
    return wait_for(what, find, 20)


def cores(profile):
    return sum(sample.value for sample in profile.samples) / 1e9 / profile.seconds


def blocks_of_different_rates_stand_side_by_side():
    need_bpf()
    with Receiver() as receiver, started([ROOT / 'build/workloads/shares']) as burner:
        text = config(receiver, ('fast', target(burner, 'fast'), 'sample_rate = 97'),
                      ('slow', target(burner, 'slow'), 'sample_rate = 19'))
        with Weir(text) as w:
            w.wait_ready()
            for service, rate in (('fast', 97), ('slow', 19)):
                # Both saw the same process: each must find as much CPU time as the kernel says it had.
                wait_for('profiles of 5 s', lambda: len(receiver.of(service)) >= 6, 30)
                profiles = [read_pprof(pprof) for _, pprof in receiver.of(service)]
                assert {p.period for p in profiles} == {10**9 // rate}, profiles[0].period
            totals = {}
            for service in ('fast', 'slow'):
                mine = [read_pprof(pprof) for _, pprof in receiver.of(service)[1:6]]
                totals[service] = sum(s.value for p in mine for s in p.samples) / 1e9 / sum(p.seconds for p in mine)
            # 19 Hz over 5 s: 95 samples at most, a ninth of which is one standard deviation of chance.
            assert abs(totals['fast'] - totals['slow']) < 0.45, totals
            assert w.stop() == 0, w.log()


def each_argument_changes_while_weir_runs():
    need_bpf()
    with Receiver() as receiver, started([ROOT / 'build/workloads/shares']) as burner:
        mine = target(burner, 'mine')

        def text(more, targets=mine):
            return config(receiver, ('one', targets, more))

        with Weir(text('')) as w:
            w.wait_ready()
            _, first = wait_for_profile(receiver, 'a first profile', 'mine')
            assert first.period == 10**9 // 97 and not any(s.labels for s in first.samples), first

            change(w, text('sample_rate = 397'))
            _, p = wait_for_profile(receiver, 'the new rate', 'mine', lambda _, p: p.period == 10**9 // 397)
            assert cores(p) < 1.3, cores(p)  # values follow at once
            change(w, text('pid_label = true\ncomm = "label"'))
            wait_for_profile(receiver, 'labels of samples', 'mine', lambda _, p: any(
                s.labels == {'comm': 'shares', 'pid': str(burner.pid)} for s in p.samples))
            change(w, text('comm = "stackframe"'))
            wait_for_profile(receiver, 'the thread as root', 'mine', lambda _, p: all(
                s.stack[-1] == 'shares' and not s.labels for s in p.samples))
            change(w, text('collect_interval = "3s"').replace('collect_interval = "1s"\n', ''))
            wait_for_profile(receiver, 'a longer window', 'mine', lambda _, p: 2.5 < p.seconds < 4)
            change(w, text('collect_user_profile = false'))
            before = wait_for('samples of user code are counted as lost', lambda: loss(w, 'user_off'), 20)
            assert before > 0
            change(w, text('', targets=target(burner, 'renamed', team='x')))
            labels, _ = wait_for_profile(receiver, 'a new target', 'renamed')
            assert labels == {'__name__': 'process_cpu', 'service_name': 'renamed', 'team': 'x'}, labels
            change(w, text('targets_only = false', targets=''))
            wait_for_profile(receiver, 'everything, under a name of its own', 'ebpf/unspecified', lambda _, p: any(
                'burn_seventy' in s.stack for s in p.samples))
            change(w, text('default_target = {"service_name" = "rest", "host" = "h"}', targets=''))
            labels, _ = wait_for_profile(receiver, 'everything, under ours', 'rest')
            assert labels == {'__name__': 'process_cpu', 'service_name': 'rest', 'host': 'h'}, labels
            change(w, text('pid_map_size = 1\ndefault_target = {"service_name" = "rest"}', targets=''))
            wait_for_profile(receiver, 'one process at a time', 'rest')
            change(w, text('memory_limit = 1000000', targets=mine))
            wait_for('the limit holds samples back', lambda: loss(w, 'memory_limit'), 20)
            assert 'memory_limit' in w.health('pyroscope.ebpf.one')['message'], w.health('pyroscope.ebpf.one')
            change(w, text('', targets=mine))
            wait_for_profile(receiver, 'profiles again', 'mine')
            change(w, text('', targets=''))
            wait_for('health says there are no targets', lambda: w.health('pyroscope.ebpf.one')['message'] ==
                     'running, no data: there are no targets', 20)
            assert 'not be attached' not in w.log()
            assert w.metric('pyroscope_ebpf_pprof_bytes_total') > 100
            assert w.metric('pyroscope_symtab_known_symbols_total') > 10
            assert w.stop() == 0, w.log()


def loss(w, reason):
    for line in w.request('/metrics')[1].splitlines():
        if line.startswith('pyroscope_ebpf_lost_samples_total') and f'reason="{reason}"' in line:
            return float(line.split()[-1])
    return 0


def a_service_is_named_as_documented():
    need_bpf()
    kube = {'__meta_kubernetes_namespace': 'shop', '__meta_kubernetes_pod_container_name': 'cart'}
    annotation = {'__meta_kubernetes_pod_annotation_pyroscope_io_service_name': 'annotated'}
    docker = {'__meta_docker_container_name': '/web'}
    swarm_label = {'__meta_dockerswarm_container_label_service_name': 'labelled'}
    swarm = {'__meta_dockerswarm_service_name': 'swarmed'}
    rows = [('given', {'service_name': 'given', **annotation, **kube}), ('annotated', {**annotation, **kube, **docker}),
            ('ebpf/shop/cart', {**kube, **docker}), ('/web', {**docker, **swarm_label}),
            ('labelled', {**swarm_label, **swarm}), ('swarmed', swarm), ('unspecified', {'team': 'x'})]
    with Receiver() as receiver, started([ROOT / 'build/workloads/shares']) as burner:
        with Weir(config(receiver, ('one', target(burner, **rows[0][1]), ''))) as w:
            w.wait_ready()
            for service, labels in rows:
                change(w, config(receiver, ('one', target(burner, **labels), '')))
                got, _ = wait_for_profile(receiver, f'a profile of {service}', service)
                expected = {name: value for name, value in labels.items() if not name.startswith('__')}
                assert got == {**expected, '__name__': 'process_cpu', 'service_name': service}, got
            name = {'service_name': 'typed', '__name__': 'my_cpu'}
            change(w, config(receiver, ('one', target(burner, **name), '')))
            got, _ = wait_for_profile(receiver, 'a name of its own', 'typed')
            assert got == name, got
            assert w.stop() == 0, w.log()


run(blocks_of_different_rates_stand_side_by_side, each_argument_changes_while_weir_runs, a_service_is_named_as_documented)
