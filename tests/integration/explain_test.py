#!/usr/bin/env python3
"""weir explain: which rule does what with a target, in a weir that runs and in a config that does not. weir test: the same as tests."""
import json
import os
import pathlib
import tempfile
import time
import urllib.parse

from harness import Weir, figure, run, run_weir, started, wait_for
from http_servers import Handler, served

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


def own_program():
    return pathlib.Path(os.readlink('/proc/self/exe')).name


def told_of(w, pid):
    """What a weir that runs tells of a process; nothing as long as it has not found it."""
    done = run_weir('explain', 'targets', '--pid', str(pid), '--server', w.url)
    return done.returncode == 0 and done.stdout


def the_way_of_a_process_is_told():
    with Weir(CONFIG % own_program()) as w:
        w.wait_ready()
        line = lambda text: w.config.read_text()[:w.config.read_text().index(text)].count('\n') + 1
        pid = str(os.getpid())
        told = wait_for('this process is a target', lambda: told_of(w, pid))
        assert f'discovery.process.all ({w.config}:1) found it with the labels' in told, told
        assert f'__process_pid__ = "{pid}"' in told, told
        assert f'+ service_name = "{own_program()}"' in told, told
        assert f'{w.config}:8 rule replace: __meta_process_exe = ' in told, told
        assert f'pyroscope.ebpf.host ({w.config}:{line("pyroscope.ebpf")}) uses it with the labels' in told, told

        with started(['sleep', '60']) as other:
            told = wait_for('another process is a target', lambda: told_of(w, other.pid))
        assert 'DROPPED' in told and 'Nobody uses it: discovery.relabel.services dropped it.' in told, told

        labels = '{ service_name = "x" }'
        nobody = run_weir('explain', 'targets', '--labels', labels, '--server', w.url)
        assert nobody.returncode == 1 and 'no component has found such a target' in nobody.stderr, nobody
        found = w.json('/api/v0/web/explain?labels=' + urllib.parse.quote(json.dumps({'__process_pid__': pid})))
        assert found['found'] == 1, found
        (target,) = found['targets']
        assert [visit['component'] for visit in target['visits']] == ['discovery.relabel.services', 'pyroscope.ebpf.host'], target
        assert target['visits'][0]['steps'][0]['changes'] == [
            {'label': 'service_name', 'before': '', 'after': own_program()}], target['visits'][0]


def a_config_that_does_not_run_tells_the_same():
    with Weir(CONFIG % own_program()) as w:
        w.wait_ready()
        pid = str(os.getpid())
        told = wait_for('this process is a target', lambda: told_of(w, pid))
        config = str(w.config)
        done = run_weir('explain', 'targets', config, '--pid', pid)
        assert done.returncode == 0 and done.stdout == told and done.stderr == '', (done, told)
        labels = [line.strip() for line in told.split('\n')[1:] if line.startswith('    ')][:3]
        done = run_weir('explain', 'targets', config, '--labels', '{' + ', '.join(labels) + '}')
        assert done.returncode == 0 and f'discovery.process.all ({w.config}:1) found it with the labels' in done.stdout, done
        done = run_weir('explain', 'targets', config, '--pid', '999999999')
        assert done.returncode == 1 and 'no such target is found by discovery.process.all' in done.stderr, done


JSON = ('Content-Type', 'application/json')
JOINED = """discovery.http "pods" {
  url = "%s"
}

discovery.process "all" {
  join = discovery.http.pods.targets
}

discovery.relabel "named" {
  targets = discovery.process.all.targets

  rule {
    source_labels = ["container"]
    target_label  = "service_name"
  }
}
"""


def answering(body, *headers, first=lambda: None):
    """A server that answers this, and does something else first."""
    class AlwaysThis(Handler):
        def do_GET(self):
            first()
            self.answer(200, body.encode(), *headers)

    return served(AlwaysThis)


def what_a_config_would_find_is_looked_up():
    pods = [{'targets': ['10.0.0.1:80'], 'labels': {'container': 'shop', '__container_id__': '5' * 64}}]
    with tempfile.TemporaryDirectory() as text:
        config = pathlib.Path(text) / 'config.river'
        with answering(json.dumps(pods), JSON) as server:
            config.write_text(JOINED % server.url())
            # Without --from those of this machine look; the one that they join looks first.
            for more, finder in (((), 'discovery.process.all'), (('--from', 'discovery.http.pods'), 'discovery.http.pods')):
                done = run_weir('explain', 'targets', config, '--container', 'shop', *more)
                assert done.returncode == 0 and done.stdout.startswith(f'{finder} ({config}:'), done
                assert ('+ service_name = "shop"' in done.stdout) == (finder == 'discovery.process.all'), done
        done = run_weir('explain', 'targets', config, '--container', 'shop', '--from', 'discovery.http.pods')
        assert done.returncode == 1 and 'discovery.http.pods: ' in done.stderr, done
        assert 'no such target is found by discovery.http.pods' in done.stderr, done


def a_config_that_changes_meanwhile_is_read_as_it_is():
    pods = [{'targets': ['10.0.0.1:80'], 'labels': {'container': 'shop', '__container_id__': '5' * 64}}]
    with tempfile.TemporaryDirectory() as text:
        config = pathlib.Path(text) / 'config.river'
        with answering(json.dumps(pods), JSON, first=lambda: config.write_text('discovery.relabel "named" {')) as server:
            config.write_text(JOINED % server.url())
            done = run_weir('explain', 'targets', config, '--container', 'shop', '--from', 'discovery.http.pods')
        assert done.returncode == 1 and done.stdout == '' and f'{config}:1' in done.stderr, done


def a_search_that_ends_early_has_found_nothing():
    why = 'Not all targets were looked at: it takes longer than 1s.'
    for found, code in (('0', 1), ('1', 0)):
        with answering(why + '\n', ('Weir-Found', found)) as server:
            done = run_weir('explain', 'targets', '--labels', '{ a = "b" }', '--server', server.url())
        assert done.returncode == code and done.stdout == why + '\n', done
        assert ('no such target is among those that were looked at' in done.stderr) == (code == 1), done


HOP = """discovery.relabel "r%d" {
  targets = %s

  rule {
    target_label = "hop"
    replacement  = "%d"
  }
}
"""


def a_large_config_cannot_hold_the_server():
    with tempfile.TemporaryDirectory() as text:
        folder = pathlib.Path(text)
        addresses = [f'10.{i >> 16}.{i >> 8 & 255}.{i & 255}:80' for i in range(100_000)]
        for name, targets in (('one', addresses[:1]), ('many', addresses)):
            (folder / f'{name}.json').write_text(json.dumps([{'targets': targets, 'labels': {'job': name}}]))
        parts = [f'discovery.file "{name}" {{\n  files = ["{folder}/{name}.json"]\n}}\n' for name in ('one', 'many')]
        parts += [HOP % (i, f'discovery.relabel.r{i + 1}.output' if i < 9_999 else 'discovery.file.one.targets', i) for i in range(10_000)]
        parts.append(HOP % (10_000, 'discovery.file.many.targets', 0))
        with Weir('\n'.join(parts)) as w:
            w.wait_ready()
            # A way through all of them is cut; how far it is told depends on the machine, and so may whether all of many are found in time.
            for labels, found in (('{"job": "one"}', 1), ('{"job": "many"}', 100_000)):
                address = '/api/v0/web/explain?labels=' + urllib.parse.quote(labels)
                wait_for(f'the targets of {labels} have come',
                         lambda: (lambda answer: answer['targets'] and answer['targets'][0]['visits'])(w.json(address)), 60)
                begin = time.monotonic()
                answer = w.json(address)
                took = time.monotonic() - begin
                assert took < 4, took
                if found == 1:
                    assert answer['cut'] and answer['targets'][0]['cut'], answer['cut']
                else:
                    assert answer['cut'] or (answer['found'] == found and len(answer['targets']) == 20), answer['found']
                figure(f'explain {labels} among 10,002 components and 100,001 targets: {took:.2f} s')


def a_wrong_question_says_what_would_be_right():
    for arguments, words in (
            (('explain', 'targets'), 'say which targets: --pid, --container or --labels'),
            (('explain', 'profiles', '--pid', '1'), 'weir explain explains targets, not "profiles"'),
            (('explain', 'targets', '--pid', 'x'), '--pid: "x" is no process id'),
            (('explain', 'targets', '--labels', '[1]'), '--labels is an object'),
            (('explain', 'targets', '--pid', '1', '--from', 'discovery.process.all'), '--from is for a config that does not run'),
            (('explain', 'targets', '/nonexistent.river', '--pid', '1', '--server', 'x'), '--server is for a config that runs'),
            (('explain', 'targets', '/nonexistent.river', '--pid', '1'), '/nonexistent.river'),
            (('explain', 'targets', '--pid', '1', '--server', 'http://127.0.0.1:1'), 'say where it runs with --server')):
        done = run_weir(*arguments)
        assert done.returncode != 0 and words in done.stderr, done


def a_password_in_an_address_stays_out_of_messages():
    for server in ('me:hunter2@127.0.0.1:1', 'http://me:hunter2@127.0.0.1:1', 'me:hunter2/secret@127.0.0.1:1', 'http://me:hun#ter2@127.0.0.1:1'):
        done = run_weir('explain', 'targets', '--pid', '1', '--server', server)
        assert done.returncode != 0 and 'say where it runs with --server' in done.stderr, done
        assert 'hun' not in done.stderr and 'ter2' not in done.stderr, done


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
        done = run_weir('test', text)
        assert done.returncode == 0 and '1 passed, 0 failed' in done.stdout, done

        (folder / 'host.test.river').write_text(TEST % (name, name, 'other', name, 0))
        done = run_weir('test', text)
        assert done.returncode == 1 and '0 passed, 1 failed' in done.stdout, done
        for words in ('discovery.relabel.services.output is not what is expected', '- service_name = "other"', f'+ service_name = "{name}"',
                      f'{folder}/host.river:8 rule replace', 'rule 1 of discovery.relabel.services drops it, not rule 0'):
            assert words in done.stdout, (words, done.stdout)

        (folder / 'host.test.river').write_text('test "x" {\n  target {\n    labels = {"a" = "b"}\n  }\n}\n')
        done = run_weir('test', text)
        assert done.returncode == 1 and 'host.test.river:3' in done.stderr and 'say what has to become of it' in done.stderr, done


run(the_way_of_a_process_is_told, a_config_that_does_not_run_tells_the_same, what_a_config_would_find_is_looked_up,
    a_config_that_changes_meanwhile_is_read_as_it_is, a_search_that_ends_early_has_found_nothing,
    a_large_config_cannot_hold_the_server, a_wrong_question_says_what_would_be_right,
    a_password_in_an_address_stays_out_of_messages, a_config_is_tested_without_running)
