#!/usr/bin/env python3
"""weir as a plain user with a handful of capabilities: what it needs, and that it needs no more."""
import pathlib
import shutil

from harness import ROOT, Skip, Weir, need_bpf, profiling, run, started, wait_for

NOBODY = 65534
CAPABILITIES = ['bpf', 'perfmon', 'sys_ptrace', 'dac_read_search', 'syslog']


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
    with started([ROOT / 'build/services/checkout']) as checkout, started([ROOT / 'build/workloads/reader']) as reader:
        with PlainWeir(profiling({'checkout': checkout, 'reader': reader}, '2s', 'demangle = "simplified"')) as weir:
            weir.wait_ready()
            status = pathlib.Path(f'/proc/{weir.process.pid}/status').read_text()
            assert f'Uid:\t{NOBODY}\t{NOBODY}' in status, status
            wait_for('both have profiles', lambda: {'checkout', 'reader'} <= set(weir.services()), 30)
            flame = weir.flame('checkout')
            assert {'main', 'shop::tax_of'} <= set(flame['flame']['strings']), flame['flame']['strings'][:40]
            assert flame['completeSamples'] >= 0.95 * flame['samples'], flame['completeSamples'] / flame['samples']
            # The kernel's names need CAP_SYSLOG.
            kernel = weir.flame('reader')['flame']
            assert any('read' in name for name in kernel['strings'] if name.startswith(('vfs_', 'ksys_', '__x64_sys'))), kernel['strings'][:60]
            assert weir.stop() == 0, weir.log()


run(a_plain_user_with_five_capabilities_profiles_with_names)
