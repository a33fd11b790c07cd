#!/usr/bin/env python3
"""weir run, from the start to the end of a process: readiness, the page, metrics, the ways to reload, the ways to stop."""
import json
import pathlib
import signal
import tempfile

from harness import Weir, run, run_weir, wait_for

CONFIG = 'discovery.process "all" {\n  refresh_interval = "1s"\n}\n'


def it_gets_ready_and_serves_the_page():
    with Weir(CONFIG) as w:
        w.wait_ready()
        assert w.status('/-/healthy') == 200
        status, page = w.request('/')
        assert status == 200 and '<html' in page.lower(), page[:200]
        assert '# TYPE' in w.request('/metrics')[1]
        names = [component['localID'] for component in w.json('/api/v0/web/components')]
        assert names == ['discovery.process.all'], names
        w.wait_healthy('discovery.process.all')
        assert f'page={w.url}/' in w.log(), w.log()


def it_reloads_on_post_sighup_and_save():
    with Weir(CONFIG) as w:
        w.wait_ready()
        listed = lambda: {component['localID'] for component in w.json('/api/v0/web/components')}
        w.config.write_text(CONFIG + 'discovery.process "saved" { }\n')
        wait_for('a saved config runs', lambda: 'discovery.process.saved' in listed())
        assert w.status('/-/reload') in (404, 405), 'a GET must not reload'
        assert w.status('/-/reload', 'POST') == 200
        w.config.write_text(CONFIG + 'discovery.process "saved" {\n')
        status, text = w.request('/-/reload', 'POST')
        assert status == 400 and f'{w.config}:4' in text, (status, text)
        assert 'discovery.process.saved' in listed(), 'a refused config must change nothing'
        w.config.write_text(CONFIG)
        w.process.send_signal(signal.SIGHUP)
        wait_for('SIGHUP reloads', lambda: listed() == {'discovery.process.all'})


def a_refused_config_is_told_everywhere_with_notes_and_without_secrets():
    broken = CONFIG + '''
pyroscope.write "out" {
  endpoint {
    url      = "http://127.0.0.1:1"
    basic_auth {
      username = "me"
      username = "you"
      password = "hunter2"
    }
  }
}
'''
    with Weir(CONFIG) as w:
        w.wait_ready()
        w.config.write_text(broken)
        _, answer = w.request('/-/reload', 'POST')
        status = w.json('/api/v0/web/status')
        page = status['lastLoad']['diagnostics'][0]
        for where, text in (('answer', answer), ('log', w.log()), ('page', page['text'])):
            assert 'may only be provided once' in text, (where, text)
            assert 'first given here' in text, (where, text)
        assert page['notes'][0]['message'] == 'first given here', page
        for where, text in (('answer', answer), ('log', w.log()), ('page', json.dumps(status))):
            assert 'hunter2' not in text, (where, text)


def a_folder_is_one_config():
    with tempfile.TemporaryDirectory() as folder:
        for name in ('a', 'b'):
            pathlib.Path(folder, f'{name}.river').write_text(f'discovery.process "{name}" {{ }}\n')
        pathlib.Path(folder, 'notes.txt').write_text('not a config')
        with Weir(pathlib.Path(folder)) as w:
            w.wait_ready()
            assert len(w.json('/api/v0/web/components')) == 2


def it_stops_on_sigterm_and_sigint():
    for number in (signal.SIGTERM, signal.SIGINT):
        with Weir(CONFIG) as w:
            w.wait_ready()
            assert w.stop(number) == 0, w.log()


def a_broken_config_is_refused_with_its_place():
    with Weir('discovery.process "all" {\n  refresh_intervall = "1s"\n}\n') as w:
        assert w.process.wait(10) == 1
        for part in (f'Error: {w.config}:2:3: ', '2 |   refresh_intervall = "1s"', '^^^^', 'refresh_interval',
                     'could not perform the initial load successfully'):
            assert part in w.log(), f'{part!r} is missing in: {w.log()}'


def a_config_that_is_not_there_is_refused():
    with Weir(pathlib.Path('/nonexistent/x.river')) as w:
        assert w.process.wait(10) == 1
        assert '/nonexistent/x.river' in w.log()


def a_taken_address_is_said():
    with Weir(CONFIG) as first:
        first.wait_ready()
        with Weir(CONFIG, arguments=[f'--server.http.listen-addr=127.0.0.1:{first.port}']) as second:
            assert second.process.wait(10) == 2
            assert 'address already in use' in second.log() and '--server.http.listen-addr' in second.log(), second.log()


def the_command_line_explains_itself():
    for arguments, code, parts in [
            (['--help'], 0, ['run PATH', 'validate PATH', 'docs [FOLDER]', 'Exit codes']),
            (['run', '--help'], 0, ['--server.http.listen-addr=HOST:PORT', '127.0.0.1:12345', 'SIGHUP']),
            (['rum'], 1, ['did you mean run?']),
            (['run', '--storage.pat=x', 'a'], 1, ['did you mean --storage.path?']),
            (['run'], 1, ['needs PATH']),
            (['--version'], 0, ['weir 0.'])]:
        done = run_weir(*arguments, timeout=20)
        assert done.returncode == code, (arguments, done)
        for part in parts:
            assert part in done.stdout + done.stderr, (arguments, part, done)


def validate_says_every_error_and_touches_nothing():
    with tempfile.TemporaryDirectory() as folder:
        good, bad = pathlib.Path(folder, 'good.river'), pathlib.Path(folder, 'bad.river')
        good.write_text('discovery.docker "d" {\n  host = "unix:///nonexistent.sock"\n}\n')
        done = run_weir('validate', good, timeout=20)
        assert done.returncode == 0, done
        bad.write_text('discovery.docker "d" {\n  hots = 1\n}\nno.such "x" { }\n')
        done = run_weir('validate', bad, timeout=20)
        assert done.returncode == 1, done
        for part in (f'{bad}:2:3', f'{bad}:4:1'):
            assert part in done.stderr, done
        done = run_weir('validate', '--format=json', bad, timeout=20)
        said = json.loads(done.stdout)
        assert done.returncode == 1 and not done.stderr and not said['valid'] and said['errors'] == 2, done
        first = said['diagnostics'][0]
        assert first['file'] == str(bad) and (first['line'], first['column'], first['endColumn']) == (2, 3, 7), first
        # Nothing uses it: a warning, and no more.
        done = run_weir('validate', '--format=json', good, timeout=20)
        said = json.loads(done.stdout)
        assert done.returncode == 0 and said['valid'] and said['warnings'] == 1, done
        assert run_weir('validate', '--format=yaml', good, timeout=20).returncode == 1


def only_what_is_stable_enough_runs():
    flag = '--stability.level=generally-available'
    with Weir(CONFIG, arguments=[flag]) as w:
        w.wait_ready()
        w.config.write_text(CONFIG + 'discovery.systemd "units" { }\n')
        status, text = w.request('/-/reload', 'POST')
        assert status == 400 and f'{w.config}:4:1' in text, (status, text)
        assert '--stability.level=public-preview' in text, text
    with Weir('discovery.systemd "units" { }\n', arguments=[flag]) as w:
        assert w.process.wait(10) == 1
        assert '--stability.level=public-preview' in w.log(), w.log()
    with tempfile.TemporaryDirectory() as folder:
        config = pathlib.Path(folder, 'units.river')
        config.write_text('discovery.systemd "units" { }\n')
        assert run_weir('validate', flag, config, timeout=20).returncode == 1
        for words in (['--stability.level=public-preview'], ['--stability.level=experimental'], []):
            assert run_weir('validate', *words, config, timeout=20).returncode == 0, words
        for command in ('run', 'validate'):
            done = run_weir(command, '--stability.level=beta', config, timeout=20)
            assert done.returncode == 1, done
            said = '--stability.level is generally-available, public-preview or experimental, got "beta"'
            assert said in done.stderr, done


run(it_gets_ready_and_serves_the_page, it_reloads_on_post_sighup_and_save,
    a_refused_config_is_told_everywhere_with_notes_and_without_secrets, a_folder_is_one_config,
    it_stops_on_sigterm_and_sigint, a_broken_config_is_refused_with_its_place, a_config_that_is_not_there_is_refused,
    a_taken_address_is_said, the_command_line_explains_itself, validate_says_every_error_and_touches_nothing, only_what_is_stable_enough_runs)
