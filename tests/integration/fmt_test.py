#!/usr/bin/env python3
"""weir fmt on files, folders and standard input."""
import os
import pathlib
import resource
import tempfile

from harness import figure, run, run_weir

UGLY, STANDARD = 'a=1\nb { c = 2 }\n', 'a = 1\n\nb {\n\tc = 2\n}\n'


def fmt(*arguments, text=None, folder=None):
    done = run_weir('fmt', *arguments, input=text, cwd=folder)
    return done.returncode, done.stdout, done.stderr


def standard_input_comes_out_in_standard_form():
    assert fmt(text=UGLY) == (0, STANDARD, '')
    assert fmt('-', text=UGLY) == (0, STANDARD, '')
    assert fmt(text='') == (0, '\n', '')


def what_is_wrong_is_said_at_its_place():
    code, out, said = fmt(text='a = 1\nb = \n')
    assert code == 1 and out == '' and '<stdin>:3:1: expected the value of "b"' in said, said


def files_are_rewritten_in_their_place():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / 'sub').mkdir()
        for path in ('a.river', 'sub/b.alloy', 'sub/c.txt'):
            (folder / path).write_text(UGLY)
        os.chmod(folder / 'a.river', 0o640)
        (folder / 'link.river').symlink_to('a.river')
        code, out, _ = fmt('-t', '.', folder=folder)
        assert code == 1 and './a.river: not in standard form' in out and 'sub/b.alloy' in out and 'c.txt' not in out, out
        assert fmt('.', folder=folder)[0] == 1
        assert fmt('--write', '.', folder=folder) == (0, '', '')
        assert (folder / 'a.river').read_text() == STANDARD and (folder / 'sub/b.alloy').read_text() == STANDARD
        assert (folder / 'sub/c.txt').read_text() == UGLY
        assert (folder / 'link.river').is_symlink() and (folder / 'a.river').stat().st_mode & 0o777 == 0o640
        before = (folder / 'a.river').stat().st_mtime_ns
        assert fmt('-w', 'a.river', folder=folder)[0] == 0 and (folder / 'a.river').stat().st_mtime_ns == before
        assert fmt('--test', '.', folder=folder) == (0, '', '')


def a_file_keeps_its_owner_and_nobody_else_sees_it():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        os.chmod(folder, 0o777)
        secret, victim = folder / 'secret.river', folder / 'victim'
        secret.write_text(UGLY)
        victim.write_text('untouched')
        os.chmod(secret, 0o600)
        if os.geteuid() == 0:
            os.chown(secret, 12345, 12346)
        before = secret.stat()
        # What used to be written to first, whoever had put it there.
        (folder / 'secret.river.tmp').symlink_to(victim)
        assert fmt('-w', 'secret.river', folder=folder) == (0, '', '')
        after = secret.stat()
        assert secret.read_text() == STANDARD and victim.read_text() == 'untouched'
        assert (after.st_uid, after.st_gid, after.st_mode) == (before.st_uid, before.st_gid, before.st_mode), (before, after)
        assert sorted(os.listdir(folder)) == ['secret.river', 'secret.river.tmp', 'victim']


def what_cannot_be_meant_is_refused():
    assert fmt('-w', '-', text='')[0] == 1
    with tempfile.NamedTemporaryFile('w+', suffix='.river') as file:
        file.write(UGLY)
        file.flush()
        for flags in (['-w', '-t'], ['-wt'], ['-tw']):
            assert fmt(*flags, file.name) == (1, '', 'Error: --write and --test exclude each other\n')
            assert pathlib.Path(file.name).read_text() == UGLY
    assert fmt('no-such-file.river')[0] == 1


def ten_megabytes_take_little_memory():
    component = ('// Why.\ndiscovery.relabel "r" {\n  targets = concat(discovery.docker.d.targets, [{"a" = "b", c = 1}])\n'
                 '  rule {\n    action = "keep"\n    regex = "(.+)-\\\\d"\n  }\n}\n\n')
    with tempfile.NamedTemporaryFile('w', suffix='.river') as file:
        file.write(component * (10_000_000 // len(component)))
        file.flush()
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        assert fmt('--test', file.name)[0] == 1
        megabytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        figure(f'weir fmt of 10 MB takes {megabytes:.0f} MB at most')
        assert megabytes <= max(100, before / 1024), megabytes


run(standard_input_comes_out_in_standard_form, what_is_wrong_is_said_at_its_place, files_are_rewritten_in_their_place,
    a_file_keeps_its_owner_and_nobody_else_sees_it,
    what_cannot_be_meant_is_refused, ten_megabytes_take_little_memory)
