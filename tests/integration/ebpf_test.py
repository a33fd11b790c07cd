#!/usr/bin/env python3
"""What pyroscope.ebpf's arguments do, seen by who receives the profiles: each labels and values, each changed while weir runs."""
import contextlib
import pathlib
import shutil
import subprocess
import tempfile

from harness import ROOT, Skip, Weir, need_bpf, run, started, wait_for
from receiver import Receiver, read_pprof

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


def blocks_share_tables_and_symbols():
    need_bpf()
    program = ROOT / 'build/workloads/shares_no_frame_pointers'
    with Receiver() as receiver, started([program]) as first, started([program]) as second:
        fast = ('fast', target(first, 'fast'), 'sample_rate = 97')
        slow = ('slow', target(second, 'slow'), 'sample_rate = 19')
        with Weir(config(receiver, fast, slow)) as w:
            w.wait_ready()
            for service in ('fast', 'slow'):
                wait_for_profile(receiver, 'names and whole stacks', service, lambda _, p: any(
                    'burn_seventy' in s.stack and s.stack[-1] == '_start' for s in p.samples))

            def tables(block):
                return debug(w, block, 'shared', 'unwind_tables')

            # The program and its libraries once each, whoever asked for them.
            wait_for('nothing is left to read', lambda: w.metric('pyroscope_ebpf_unwind_tables') ==
                     int(tables('fast')['ready']) == int(tables('slow')['ready']))
            assert w.metric('pyroscope_ebpf_unwind_tables_made_total') == int(tables('fast')['made']), w.request('/metrics')[1]
            assert w.metric('pyroscope_ebpf_unwind_limit_bytes') == 64 << 20
            assert int(tables('fast')['ready']) < 10 and int(tables('fast')['processes']) == 2, tables('fast')
            # One goes; the other has all, and tells of it.
            change(w, config(receiver, slow))
            wait_for('the other tells of the tables', lambda: w.metric('pyroscope_ebpf_unwind_limit_bytes') == 64 << 20)
            wait_for('the first process is let go', lambda: int(tables('slow')['processes']) == 1)
            wait_for_profile(receiver, 'whole stacks still', 'slow', lambda _, p: any(
                'burn_seventy' in s.stack and s.stack[-1] == '_start' for s in p.samples))
            assert w.stop() == 0, w.log()


def debug(w, block, *path):
    """A block of debug info, as a dictionary of its values; empty as long as there is none."""
    body = w.component(f'pyroscope.ebpf.{block}')['debugInfo']
    for name in path:
        body = next((statement['body'] for statement in body if statement['name'] == name and 'body' in statement), [])
    return {statement['name']: statement['value']['value'] for statement in body if 'value' in statement}


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
                     'running, no data: 0 targets came in: what gives them has none', 20)
            assert 'not be attached' not in w.log()
            assert w.metric('pyroscope_ebpf_pprof_bytes_total') > 100
            assert w.metric('pyroscope_symtab_known_symbols_total') > 10
            assert w.stop() == 0, w.log()


def names_and_the_kernels_frames_change_while_weir_runs():
    need_bpf()
    with Receiver() as receiver, started([ROOT / 'build/services/checkout']) as cpp, started([ROOT / 'build/workloads/reader']) as reader:
        targets = f'{target(cpp, "cpp")}, {target(reader, "reader")}'

        def text(more):
            return config(receiver, ('one', targets, more))

        def named(prefix, suffix=''):
            return lambda _, p: any(name.startswith(prefix) and name.endswith(suffix) for s in p.samples for name in s.stack)

        def in_kernel(profile):
            return any('read_zero' in name or 'vfs_read' in name for s in profile.samples for name in s.stack)

        with Weir(text('')) as w:
            w.wait_ready()
            wait_for_profile(receiver, 'mangled names', 'cpp', named('_ZN4shop6tax_of'))
            for mode, prefix, suffix in (('simplified', 'shop::tax_of', 'tax_of'), ('full', 'shop::tax_of(', ')'),
                                         ('none', '_ZN4shop6tax_of', '')):
                change(w, text(f'demangle = "{mode}"'))
                wait_for_profile(receiver, f'names with demangle = {mode}', 'cpp', named(prefix, suffix))
            wait_for_profile(receiver, 'the kernel', 'reader', lambda _, p: in_kernel(p))
            for more in ('collect_kernel_profile = false', 'kernel_frames = false'):
                change(w, text(more))
                wait_for_profile(receiver, f'no kernel with {more}', 'reader', lambda _, p: p.samples and not in_kernel(p))
                change(w, text('no_kernel_version_check = true'))
                wait_for_profile(receiver, 'the kernel again', 'reader', lambda _, p: in_kernel(p))
            assert w.stop() == 0, w.log()


def caches_shrink_while_weir_runs():
    need_bpf()
    if not shutil.which('objcopy'):
        raise Skip('there is no objcopy')
    program = ROOT / 'build/workloads/shares'
    with contextlib.ExitStack() as stack:
        receiver = stack.enter_context(Receiver())
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        burner = stack.enter_context(started([program]))
        extra = stack.enter_context(contextlib.ExitStack())
        for i in range(3):
            # Neither has a build id, or each one of its own.
            subprocess.run(['objcopy', '--remove-section=.note.gnu.build-id', program, folder / f'without-{i}'], check=True)
            note = folder / f'note-{i}'
            note.write_bytes(b'\4\0\0\0\x14\0\0\0\3\0\0\0GNU\0' + bytes([i]) * 20)
            subprocess.run(['objcopy', f'--update-section=.note.gnu.build-id={note}', program, folder / f'with-{i}'], check=True)
        others = [extra.enter_context(started([folder / f'{kind}-{i}'])) for kind in ('with', 'without') for i in range(3)]
        mine = target(burner, 'mine')
        everyone = ', '.join([mine, *(target(other, 'other') for other in others)])

        def text(more, targets):
            return config(receiver, ('one', targets, more))

        with Weir(text('', everyone)) as w:
            w.wait_ready()

            def known():
                size = {name: int(debug(w, 'one', 'elf_cache', f'{name}_cache').get('size', 0)) for name in ('build_id', 'same_file')}
                pids = debug(w, 'one', 'pid_cache')
                return size['build_id'], size['same_file'], int(pids.get('lru_size', 0)) + int(pids.get('round_size', 0))

            before = wait_for('all are known', lambda: all(a >= b for a, b in zip(known(), (4, 4, 7))) and known(), 30)
            extra.close()
            change(w, text('cache_rounds = 0', mine))
            wait_for('they have ended', lambda: int(debug(w, 'one', 'pid_cache').get('lru_size', 0)) >= 6, 20)
            assert known()[0] >= before[0] and known()[2] >= 7, (before, known())  # there is room for them still
            # Now one each, and what the burner uses: its file and its libraries, the kernel, itself.
            change(w, text('cache_rounds = 0\nbuild_id_cache_size = 1\nsame_file_cache_size = 1\npid_cache_size = 1', mine))
            after = wait_for('they are forgotten', lambda: known()[0] <= before[0] - 2 and known()[1] <= before[1] - 2
                             and known()[2] <= 2 and known(), 20)
            print(f'tables with build id, without, processes: {before}, then {after}')
            for cache, least in (('build_id', 2), ('same_file', 2), ('pid', 5)):
                assert evictions(w, cache) >= least, (cache, w.request('/metrics')[1])
            wait_for_profile(receiver, 'names still', 'mine', lambda _, p: any('burn_seventy' in s.stack for s in p.samples))
            assert w.stop() == 0, w.log()


def a_lazy_block_waits_for_its_first_target():
    need_bpf()
    with Receiver() as receiver, started([ROOT / 'build/workloads/shares']) as burner:
        with Weir(config(receiver, ('one', '', 'lazy_mode = true'))) as w:
            w.wait_ready()
            wait_for('it is not attached', lambda: w.health('pyroscope.ebpf.one')['message'].startswith('not attached'))
            change(w, config(receiver, ('one', target(burner, 'mine'), 'lazy_mode = true')))
            wait_for_profile(receiver, 'a profile', 'mine')
            assert w.stop() == 0, w.log()


def loss(w, reason):
    return w.count('pyroscope_ebpf_lost_samples_total', reason=reason)


def evictions(w, cache):
    return w.count('pyroscope_ebpf_cache_evictions_total', cache=cache)


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


run(blocks_of_different_rates_stand_side_by_side, blocks_share_tables_and_symbols, each_argument_changes_while_weir_runs,
    names_and_the_kernels_frames_change_while_weir_runs, caches_shrink_while_weir_runs, a_lazy_block_waits_for_its_first_target,
    a_service_is_named_as_documented)
