#!/usr/bin/env python3
"""Whole stacks of real programs: each known leaf under its known callers, up to where the thread began."""
import contextlib
import json
import shutil
import urllib.parse

from harness import ROOT, Skip, Weir, figure, need_bpf, run, started, wait_for

WORKLOADS = ROOT / 'build/workloads'

CONFIG = '''
pyroscope.ebpf "all" {{
  targets = [{targets}]
  forward_to = [pyroscope.store.local.receiver]
  collect_interval = "5s"
  demangle = "simplified"
}}
pyroscope.store "local" {{ }}
'''

# Leaf, and those of its callers that must stand above it, innermost first. glibc's qsort jumps into qsort_r.
CALLBACK_CHAINS = {
    'compare_elements': ['qsort_r', 'sort_elements', 'all_in_turn', 'run_thread'],
    'burn_in_alloca': ['use_alloca', 'all_in_turn', 'run_thread'],
    'burn_realigned': ['realign_stack', 'all_in_turn', 'run_thread'],
    'burn_in_handler': ['on_alarm', 'run_thread'],
    'burn_interrupted': ['all_in_turn', 'run_thread'],
}


def config_of(programs):
    targets = ', '.join(f'{{"__process_pid__" = "{process.pid}", "service_name" = "{name}"}}' for name, process in programs)
    return CONFIG.format(targets=targets)


def flame_of(weir, service):
    row = weir.services()[service]
    return weir.json('/api/v0/web/profiles/flame?' + urllib.parse.urlencode({'service': service, 'type': row['type']}))


def callers_of(flame, leaf):
    """(time, the names from the leaf's caller to the root) of each place where the leaf stands."""
    names = [flame['strings'][index].split('@')[0] for index in flame['name']]
    for node, name in enumerate(names):
        if name != leaf:
            continue
        chain, at = [], flame['parent'][node]
        while at > 0:
            chain.append(names[at])
            at = flame['parent'][at]
        yield flame['total'][node], chain


def is_within(wanted, chain):
    rest = iter(chain)
    return all(name in rest for name in wanted)


def complete_share(answer):
    return 100 * answer['completeSamples'] / answer['samples']


def profiled(weir, service, samples):
    """The service's flame graph, as soon as it has that many samples."""
    weir.wait_ready()
    wait_for(f'{service} has profiles', lambda: service in weir.services(), 30)
    wait_for(f'{service} has {samples} samples', lambda: flame_of(weir, service)['samples'] >= samples, 120)
    return flame_of(weir, service)


def callbacks_signals_alloca_and_threads_are_followed_to_their_start():
    need_bpf()
    with started([WORKLOADS / 'callbacks', 'threads']) as process:
        with Weir(config_of([('callbacks', process)])) as weir:
            answer = profiled(weir, 'callbacks', 2000)
            figure(f'callbacks: {answer["samples"]} samples, {complete_share(answer):.2f} % complete')
            for leaf, wanted in CALLBACK_CHAINS.items():
                places = list(callers_of(answer['flame'], leaf))
                assert places, f'{leaf} was not sampled'
                whole = sum(time for time, _ in places)
                right = sum(time for time, chain in places if is_within(wanted, chain))
                assert right >= 0.999 * whole, f'{leaf}: {100 * right / whole:.2f} % under {wanted}: {json.dumps(places)[:2000]}'
            assert complete_share(answer) >= 99.9, complete_share(answer)


def interpreters_of_the_distribution_are_complete():
    """The native frames of python3 and node, as Debian and npm build them: without frame pointers."""
    need_bpf()
    wanted = [('python', ['/usr/bin/python3', str(ROOT / 'tests/workloads/interpreted.py')], 99.5),
              ('node', [shutil.which('node') or 'node', str(ROOT / 'tests/workloads/interpreted.js')], 98.0)]
    there = [row for row in wanted if shutil.which(row[1][0])]
    if not there:
        raise Skip('neither python3 nor node is here')
    with contextlib.ExitStack() as stack:
        programs = [(name, stack.enter_context(started(command))) for name, command, _ in there]
        weir = stack.enter_context(Weir(config_of(programs)))
        shares = {}
        for name, _, least in there:
            answer = profiled(weir, name, 1000)
            shares[name] = complete_share(answer)
            figure(f'{name}: {answer["samples"]} samples, {shares[name]:.2f} % complete')
        for name, _, least in there:
            assert shares[name] >= least, (name, shares[name])


run(callbacks_signals_alloca_and_threads_are_followed_to_their_start, interpreters_of_the_distribution_are_complete)
