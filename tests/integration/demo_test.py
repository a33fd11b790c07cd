#!/usr/bin/env python3
"""./demo --once, as a new user runs it."""
import subprocess

from harness import ROOT, need_bpf, run


def the_demo_prints_a_flame_tree_of_each_service():
    need_bpf()
    done = subprocess.run([ROOT / 'demo', '--once'], capture_output=True, text=True, timeout=600)
    print(done.stdout)
    assert done.returncode == 0, done.stderr + done.stdout
    # With frame pointers the whole stack has names; without, the hot leaf; of Python, the interpreter's loop.
    for name in ('checkout:', 'handle_order', 'price_order', 'thumbnails:', 'blur_rows', 'recommender:', '_PyEval'):
        assert name in done.stdout, f'{name} is missing'


run(the_demo_prints_a_flame_tree_of_each_service)
