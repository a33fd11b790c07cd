#!/usr/bin/env python3
"""weir as a plain user with a handful of capabilities: what it needs, and that it needs no more."""
import shutil

from harness import ROOT, Skip, Weir, need_bpf, run, started, wait_for

NOBODY = 65534
CAPABILITIES = ['bpf', 'perfmon', 'sys_ptrace', 'dac_read_search', 'syslog']

CONFIG = '''
pyroscope.ebpf "all" {{
  targets = [{{"__process_pid__" = "{pid}", "service_name" = "checkout"}}]
  forward_to = [pyroscope.store.local.receiver]
  collect_interval = "2s"
  demangle = "simplified"
}}
pyroscope.store "local" {{ }}
'''


class PlainWeir(Weir):
    """Runs as nobody, with these capabilities only."""

    def start(self):
        for path in (self.folder, self.config):
            shutil.chown(path, NOBODY, NOBODY)
        # The program and what leads to it may lie where only root can look.
        copy = self.folder / 'weir'
        shutil.copy(self.command[0], copy)
        wanted = ','.join('+' + name for name in CAPABILITIES)
        self.command = ['setpriv', f'--reuid={NOBODY}', f'--regid={NOBODY}', '--clear-groups', f'--inh-caps=-all,{wanted}',
                        f'--ambient-caps=-all,{wanted}', f'--bounding-set=-all,{wanted}', str(copy), *self.command[1:]]
        super().start()


def a_plain_user_with_five_capabilities_profiles_with_names():
    need_bpf()
    if not shutil.which('setpriv'):
        raise Skip('setpriv is missing (apt install util-linux)')
    with started([ROOT / 'build/services/checkout']) as process:
        with PlainWeir(CONFIG.format(pid=process.pid)) as weir:
            weir.wait_ready()
            status = (f'/proc/{weir.process.pid}/status')
            uid = next(line.split()[1] for line in open(status) if line.startswith('Uid:'))
            assert uid == str(NOBODY), uid
            wait_for('a profile', lambda: 'checkout' in weir.services(), 30)
            row = weir.services()['checkout']
            answer = weir.json(f'/api/v0/web/profiles/flame?service=checkout&type={row["type"]}')
            names = set(answer['flame']['strings'])
            assert {'main', 'shop::tax_of'} <= names, sorted(names)[:40]
            assert answer['completeSamples'] >= 0.95 * answer['samples'], answer['completeSamples'] / answer['samples']
            assert weir.stop() == 0, weir.log()


run(a_plain_user_with_five_capabilities_profiles_with_names)
