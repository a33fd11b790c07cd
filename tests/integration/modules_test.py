#!/usr/bin/env python3
"""Modules in a running weir: definitions from a file, a folder and a server, what happens when they change or are gone, how
the API shows them, and the blocks of other programs that weir only accepts."""
import pathlib
import tempfile

import http_servers
from harness import Weir, replace_file, run, run_weir, wait_for

DECLARE = '''
declare "some" {
  argument "interval" { optional = true }
  discovery.process "all" { refresh_interval = argument.interval.value }
  discovery.relabel "r" {
    targets = discovery.process.all.targets
    rule {
      target_label = "by"
      replacement  = "%s"
    }
  }
  export "targets" { value = discovery.relabel.r.output }
}
'''


class OneText(http_servers.Handler):
    """Answers with the server's `text`; None: there is nothing."""

    def do_GET(self):
        text = self.server.text
        self.answer(404 if text is None else 200, (text or 'nothing').encode())


IMPORT = '''
import.http "lib" {
  url            = "%s"
  poll_frequency = "50ms"
}
lib.some "x" { interval = "1s" }
discovery.relabel "user" { targets = lib.some.x.targets }
'''


def labels(w, component):
    page = w.json(f'/api/v0/web/components/{component}/views/exports.output?limit=1')
    return str(page['rows'])


def definitions_come_from_a_server():
    with http_servers.served(OneText, text=None) as server, Weir(IMPORT % server.url('/lib.river')) as w:
        w.wait_ready()
        wait_for('a missing text is told', lambda: w.health('import.http.lib')['state'] == 'unhealthy')
        assert 'HTTP 404' in w.health('import.http.lib')['message'], w.health('import.http.lib')
        assert w.health('lib.some.x')['message'] == 'waiting for import.http.lib', w.health('lib.some.x')
        server.text = DECLARE % 'first'
        w.wait_healthy('discovery.relabel.user')
        wait_for('they see it', lambda: 'first' in labels(w, 'discovery.relabel.user'))
        inner = w.json('/api/v0/web/modules/lib.some.x/components')
        assert {one['localID'] for one in inner} == {'discovery.process.all', 'discovery.relabel.r'}, inner
        assert w.json('/api/v0/web/components/lib.some.x')['createdModuleIDs'] == ['lib.some.x']
        since = w.health('lib.some.x/discovery.process.all')['since']
        server.text = DECLARE % 'second'
        wait_for('a change is seen', lambda: 'second' in labels(w, 'discovery.relabel.user'))
        assert w.health('lib.some.x/discovery.process.all')['since'] == since, 'what did not change goes on'
        server.text = DECLARE.replace('targets = ', 'tragets = ')
        w.wait_says('import.http.lib', 'tragets')
        server.text = None
        wait_for('a text that is gone is told', lambda: 'HTTP 404' in str(
            w.json('/api/v0/web/components/import.http.lib')['healthParts']))
        assert 'second' in labels(w, 'discovery.relabel.user'), 'what was there goes on'


def a_file_and_a_folder_are_watched():
    with Weir('') as w:
        lib = w.folder / 'lib'
        lib.mkdir()
        (lib / 'some.river').write_text(DECLARE % 'file')
        w.config.write_text(f'''
import.file "lib" {{ filename = "{lib}" }}
lib.some "x" {{ interval = "1s" }}
discovery.relabel "user" {{ targets = lib.some.x.targets }}
''')
        w.wait_ready()
        wait_for('it runs', lambda: w.status('/-/reload', 'POST') == 200)
        wait_for('users see it', lambda: 'file' in labels(w, 'discovery.relabel.user'))
        replace_file(lib / 'some.river', DECLARE % 'changed')
        wait_for('a change is seen', lambda: 'changed' in labels(w, 'discovery.relabel.user'))
        checked = run_weir('validate', w.config, timeout=20)
        assert checked.returncode == 0, checked.stderr
        (lib / 'some.river').write_text(DECLARE.replace('targets = ', 'tragets = '))
        checked = run_weir('validate', w.config, timeout=20)
        assert checked.returncode != 0 and 'some.river:6:5' in checked.stderr, checked.stderr


def what_is_not_supported_loads_and_says_so():
    config = '''
tracing { sampling_fraction = 0.5 }
remotecfg { url = "http://127.0.0.1:1" }
livedebugging { enabled = true }
import.git "x" {
  repository = "https://example.com/x.git"
  path       = "x.river"
}
module.git "x" {
  repository = "https://example.com/x.git"
  path       = "x.river"
  arguments { a = 1 }
}
module.http "x" { url = "http://127.0.0.1:1/x.river" }
x.some "y" { }
'''
    with Weir(config) as w:
        w.wait_ready()
        for block in ('tracing', 'remotecfg', 'livedebugging', 'import.git.x', 'module.git.x', 'module.http.x'):
            wait_for(f'{block} says so', lambda: w.health(block)['message'].startswith('not supported: '))
            assert w.health(block)['state'] == 'unhealthy'
        assert w.health('x.some.y')['message'] == 'waiting for import.git.x', w.health('x.some.y')


def secrets_of_what_is_imported_show_nowhere():
    with tempfile.TemporaryDirectory() as folder:
        library = pathlib.Path(folder) / 'lib.river'
        library.write_text('declare "a" {\n  pyroscope.write "s" {\n    endpoint {\n      url = "http://127.0.0.1:1"\n      basic_auth {\n'
                           "        password = 'hunter2'\n      }\n    }\n  }\n}\n")
        with Weir(f'import.file "lib" {{\n  filename = "{library}"\n}}\nlib.a "x" {{ }}\n') as w:
            w.wait_ready()
            w.wait_says('import.file.lib', 'strings are written in double quotes: (secret)')
            for path in ('components', 'components/import.file.lib', 'status'):
                assert 'hunter2' not in w.request(f'/api/v0/web/{path}')[1], path
            assert 'hunter2' not in w.log()


if __name__ == '__main__':
    run(secrets_of_what_is_imported_show_nowhere, definitions_come_from_a_server, a_file_and_a_folder_are_watched, what_is_not_supported_loads_and_says_so)
