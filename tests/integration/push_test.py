#!/usr/bin/env python3
"""What pyroscope.write sends is read by somebody who has never seen our code: Go's pprof."""
import pathlib
import shutil
import subprocess
import tempfile

from harness import ROOT, Skip, Weir, go_pprof, need_bpf, run, started, wait_for
from receiver import Receiver

CONFIG = '''
discovery.process "all" {{
  refresh_interval = "1s"
}}
discovery.relabel "ours" {{
  targets = discovery.process.all.targets
  rule {{
    source_labels = ["__process_pid__"]
    regex         = "{pid}"
    action        = "keep"
  }}
  rule {{
    target_label = "service_name"
    replacement  = "checkout"
  }}
}}
pyroscope.ebpf "machine" {{
  targets          = discovery.relabel.ours.output
  forward_to       = [pyroscope.write.there.receiver]
  collect_interval = "2s"
}}
pyroscope.write "there" {{
  external_labels = {{ "region" = "here" }}
  endpoint {{
    url     = "{url}"
    headers = {{ "X-Scope-OrgID" = "tenant-7" }}
    basic_auth {{
      username = "someone"
      password = "something"
    }}
  }}
}}
'''


def a_pushed_profile_is_read_by_go():
    need_bpf()
    with Receiver() as receiver, started([ROOT / 'build/services/checkout']) as service:
        with Weir(CONFIG.format(pid=service.pid, url=receiver.url)) as w:
            w.wait_ready()
            labels, pprof = wait_for('a profile arrives', lambda: receiver.of('checkout'), 20)[0]
            path, headers = receiver.requests[0]
            assert path == '/push.v1.PusherService/Push', path
            assert headers['Content-Type'] == 'application/proto', headers
            assert headers['Authorization'] == 'Basic c29tZW9uZTpzb21ldGhpbmc=', headers
            assert headers['X-Scope-OrgID'] == 'tenant-7', headers
            assert labels['__name__'] == 'process_cpu' and labels['region'] == 'here', labels
            assert not [name for name in labels if name.startswith('__meta')], labels
            assert w.stop() == 0, w.log()
    top = go_pprof(pprof, '-top', '-nodecount=10', seconds=120)
    print(top)
    for part in ('Type: cpu', 'shop::', 'checkout'):
        assert part in top or part.replace('::', '') in top, f'{part} is missing in:\n{top}'


def a_stripped_program_says_why_it_has_no_names():
    need_bpf()
    if not shutil.which('strip'):
        raise Skip('there is no strip')
    with tempfile.TemporaryDirectory() as folder, Receiver() as receiver:
        bare = pathlib.Path(folder, 'bare')
        subprocess.run(['strip', '-o', bare, ROOT / 'build/services/checkout'], check=True)
        with started([bare]) as service, Weir(CONFIG.format(pid=service.pid, url=receiver.url)) as w:
            w.wait_ready()
            _, pprof = wait_for('a profile arrives', lambda: receiver.of('checkout'), 20)[0]
            assert w.stop() == 0, w.log()
    comments = go_pprof(pprof, '-comments', seconds=120)
    print(comments)
    line = next(line for line in comments.splitlines() if f'frames without a name in {bare}: stripped: it has no .symtab' in line)
    assert '/usr/lib/debug/.build-id/' in line, line
    assert 'bare+0x' in go_pprof(pprof, '-top', '-nodecount=10', seconds=120)


run(a_pushed_profile_is_read_by_go, a_stripped_program_says_why_it_has_no_names)
