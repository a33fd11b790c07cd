#!/usr/bin/env python3
"""Whole stacks of real programs: each known leaf under its known callers, up to where the thread began."""
import contextlib
import json
import shutil

from harness import ROOT, Skip, Weir, figure, need_bpf, profiling, run, started, wait_for

WORKLOADS = ROOT / 'build/workloads'

# Leaf, and those of its callers that must stand above it, innermost first. glibc's qsort jumps into qsort_r.
CALLBACK_CHAINS = {
    'compare_elements': ['qsort_r', 'sort_elements', 'all_in_turn', 'run_thread'],
    'burn_in_alloca': ['use_alloca', 'all_in_turn', 'run_thread'],
    'burn_realigned': ['realign_stack', 'all_in_turn', 'run_thread'],
    'burn_in_handler': ['on_alarm', 'run_thread'],
    'burn_interrupted': ['all_in_turn', 'run_thread'],
}
THREAD_STARTS = {'_start', 'clone3', '__clone3', 'clone'}


def config_of(programs):
    return profiling(programs, '5s', 'demangle = "simplified"')


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


def profiled(weir, service, samples):
    """The service's flame graph, as soon as it has that many samples after its first window, and the share of these that is
    complete: in the first one weir has just begun to read tables."""
    weir.wait_ready()
    wait_for(f'{service} has profiles', lambda: service in weir.services(), 30)
    first = weir.flame(service)
    wait_for(f'{service} has {samples} more samples', lambda: weir.flame(service)['samples'] >= first['samples'] + samples, 120)
    answer = weir.flame(service)
    later = answer['samples'] - first['samples']
    share = 100 * (answer['completeSamples'] - first['completeSamples']) / later
    figure(f'{service}: {later} samples, {share:.2f} % complete')
    return answer, share


def callbacks_signals_alloca_and_threads_are_followed_to_their_start():
    need_bpf()
    with started([WORKLOADS / 'callbacks', 'threads']) as process:
        with Weir(config_of({'callbacks': process})) as weir:
            answer, share = profiled(weir, 'callbacks', 2000)
            for leaf, wanted in CALLBACK_CHAINS.items():
                # How many reach the start is counted below; of those that do, none may have lost a caller.
                places = [chain for _, chain in callers_of(answer['flame'], leaf) if chain and chain[-1] in THREAD_STARTS]
                assert places, f'{leaf} was not sampled'
                wrong = [chain for chain in places if not is_within(wanted, chain)]
                assert not wrong, f'{leaf} not under {wanted}: {json.dumps(wrong)[:2000]}'
            assert share >= 99.9, share


def interpreters_of_the_distribution_are_complete():
    """The native frames of python3 and node, as Debian and npm build them: without frame pointers."""
    need_bpf()
    wanted = [('python', ['/usr/bin/python3', str(ROOT / 'tests/workloads/interpreted.py')], 99.5),
              ('node', [shutil.which('node') or 'node', str(ROOT / 'tests/workloads/interpreted.js')], 98.0)]
    there = [row for row in wanted if shutil.which(row[1][0])]
    for name, command, _ in wanted:
        if not shutil.which(command[0]):
            print(f'SKIP: stacks of {name} are complete: {command[0]} is missing')
    if not there:
        raise Skip('neither of them is here')
    with contextlib.ExitStack() as stack:
        programs = {name: stack.enter_context(started(command)) for name, command, _ in there}
        weir = stack.enter_context(Weir(config_of(programs)))
        shares = {name: profiled(weir, name, 1000)[1] for name, _, _ in there}
        for name, _, least in there:
            assert shares[name] >= least, (name, shares[name])


run(callbacks_signals_alloca_and_threads_are_followed_to_their_start, interpreters_of_the_distribution_are_complete)
