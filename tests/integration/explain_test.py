#!/usr/bin/env python3
"""weir explain: which rule did what with a target of a running weir. weir test: the same questions to a config that does not run."""
import json
import os
import pathlib
import subprocess
import tempfile
import urllib.parse

from harness import WEIR, Weir, run, wait_for

CONFIG = '''discovery.process "all" {
  refresh_interval = "1s"
}

discovery.relabel "services" {
  targets = discovery.process.all.targets

  rule {
    source_labels = ["__meta_process_exe"]
    regex         = ".*/(.+)"
    target_label  = "service_name"
  }

  rule {
    source_labels = ["service_name"]
    regex         = "%s"
    action        = "keep"
  }
}

pyroscope.ebpf "host" {
  targets    = discovery.relabel.services.output
  forward_to = [pyroscope.store.local.receiver]
}

pyroscope.store "local" { }
'''


def weir(*arguments):
    return subprocess.run([WEIR, *arguments], capture_output=True, text=True, timeout=60)


def own_program():
    return pathlib.Path(os.readlink('/proc/self/exe')).name


def the_way_of_a_process_is_told():
    with Weir(CONFIG % own_program()) as w:
        w.wait_ready()
        line = lambda text: w.config.read_text()[:w.config.read_text().index(text)].count('\n') + 1
        pid = str(os.getpid())
        told = wait_for('this process is a target', lambda: (lambda done: done.returncode == 0 and done.stdout)(
            weir('explain', 'targets', '--pid', pid, '--server', w.url)))
        assert f'discovery.process.all ({w.config}:1) found it with the labels' in told, told
        assert f'__process_pid__ = "{pid}"' in told, told
        assert f'+ service_name = "{own_program()}"' in told, told
        assert f'{w.config}:8 rule replace: __meta_process_exe = ' in told, told
        assert f'pyroscope.ebpf.host ({w.config}:{line("pyroscope.ebpf")}) uses it with the labels' in told, told

        other = subprocess.Popen(['sleep', '60'])
        try:
            told = wait_for('another process is a target', lambda: (lambda done: done.returncode == 0 and done.stdout)(
                weir('explain', 'targets', '--pid', str(other.pid), '--server', w.url)))
        finally:
            other.kill()
            other.wait()
        assert 'DROPPED' in told and 'Nobody uses it: discovery.relabel.services dropped it.' in told, told

        labels = '{ service_name = "x" }'
        nobody = weir('explain', 'targets', '--labels', labels, '--server', w.url)
        assert nobody.returncode == 1 and 'no component has found such a target' in nobody.stderr, nobody
        found = w.json('/api/v0/web/explain?labels=' + urllib.parse.quote(json.dumps({'__process_pid__': pid})))
        assert found['found'] == 1, found
        (target,) = found['targets']
        assert [visit['component'] for visit in target['visits']] == ['discovery.relabel.services', 'pyroscope.ebpf.host'], target
        assert target['visits'][0]['steps'][0]['changes'] == [
            {'label': 'service_name', 'before': '', 'after': own_program()}], target['visits'][0]


def a_wrong_question_says_what_would_be_right():
    for arguments, words in (
            (('explain', 'targets'), 'say which targets: --pid, --container or --labels'),
            (('explain', 'profiles', '--pid', '1'), 'weir explain explains targets, not "profiles"'),
            (('explain', 'targets', '--pid', 'x'), '--pid: "x" is no process id'),
            (('explain', 'targets', '--labels', '[1]'), '--labels is an object'),
            (('explain', 'targets', '--pid', '1', '--server', 'http://127.0.0.1:1'), 'say where it runs with --server')):
        done = weir(*arguments)
        assert done.returncode != 0 and words in done.stderr, done


TEST = '''
test "python_is_a_service" {
  override {
    component = "discovery.process.all"
    exports   = {
      targets = [
        {"__process_pid__" = "7", "__meta_process_exe" = "/usr/bin/%s"},
        {"__process_pid__" = "8", "__meta_process_exe" = "/usr/bin/bash"},
      ],
    }
  }

  expect {
    component = "discovery.relabel.services"
    exports   = {
      output = [
        {"__process_pid__" = "7", "__meta_process_exe" = "/usr/bin/%s", "service_name" = "%s"},
      ],
    }
  }

  target {
    labels  = {"__process_pid__" = "7"}
    at      = "pyroscope.ebpf.host"
    becomes = {"service_name" = "%s"}
  }

  target {
    labels     = {"__process_pid__" = "8"}
    dropped_by = "discovery.relabel.services"
    rule       = %d
  }
}
'''


def a_config_is_tested_without_running():
    with tempfile.TemporaryDirectory() as text:
        folder = pathlib.Path(text)
        name = own_program()
        (folder / 'host.river').write_text(CONFIG % name)
        (folder / 'host.test.river').write_text(TEST % (name, name, name, name, 1))
        done = weir('test', text)
        assert done.returncode == 0 and '1 passed, 0 failed' in done.stdout, done

        (folder / 'host.test.river').write_text(TEST % (name, name, 'other', name, 0))
        done = weir('test', text)
        assert done.returncode == 1 and '0 passed, 1 failed' in done.stdout, done
        for words in ('discovery.relabel.services.output is not what is expected', '- service_name = "other"', f'+ service_name = "{name}"',
                      f'{folder}/host.river:8 rule replace', 'rule 1 of discovery.relabel.services drops it, not rule 0'):
            assert words in done.stdout, (words, done.stdout)

        (folder / 'host.test.river').write_text('test "x" {\n  target {\n    labels = {"a" = "b"}\n  }\n}\n')
        done = weir('test', text)
        assert done.returncode == 1 and 'host.test.river:3' in done.stderr and 'say what has to become of it' in done.stderr, done


run(the_way_of_a_process_is_told, a_wrong_question_says_what_would_be_right, a_config_is_tested_without_running)
