#!/usr/bin/env python3
"""No answer of the API holds a secret of the config: every path the program serves, with a config that runs and one that is refused."""
import re
import urllib.parse

from config_with_secrets import SECRETS, config_with_token
from harness import ROOT, Weir, replace_file, run, wait_for

IN_THE_FILE = 'f1lesecret'


def secrets_in(text):
    return [secret for secret in (*SECRETS, IN_THE_FILE) if secret in text]


def routes():
    """As the program has them."""
    found = re.findall(r'\{\.path = "(/[^"]*)",(?:\s*\.methods = (\w+),)?', (ROOT / 'web/routes.cpp').read_text())
    assert len(found) > 15, found
    return found


def paths_of(w):
    """Something below each route, and each question that it takes."""
    components = [c['id'] for c in w.json('/api/v0/web/components?modules=1')]
    query = urllib.parse.urlencode({'service': 'app', 'type': 'process_cpu'})
    below = {
        '/…': ['/'],
        '/api/v0/web/explain': [f'/api/v0/web/explain?{q}' for q in ('pid=1', 'format=text&pid=1', 'container=web', 'labels=%7B%22a%22%3A%22hunter2%22%7D')],
        '/api/v0/web/modules/ID/components': ['/api/v0/web/modules/send.there/components'],
        '/api/v0/web/targets': ['/api/v0/web/targets?limit=200'],
        '/api/v0/component/…': [f'/api/v0/component/{id}/' for id in components],
        '/api/v0/web/components': ['/api/v0/web/components', '/api/v0/web/components?modules=1&states=all'],
        '/api/v0/web/components/ID': [f'/api/v0/web/components/{id}{rest}' for id in components for rest in (
            '', '?defaults=1', '/metrics', '/views/exports.targets', '/views/exports.content', '/views/arguments.endpoint', '/views/arguments.forward_to')],
    }
    for route, methods in routes():
        if methods == 'post':
            continue
        if 'ID' not in route or route in below:
            yield from below.get(route, [route, f'{route}?{query}'])


def look(w, when):
    asked = 0
    for path in paths_of(w):
        if '/events' in path:
            continue  # it does not end
        status, text = w.request(path)
        assert status != 0, f'{path}: no answer'
        asked_for = secrets_in(urllib.parse.unquote(path))
        shown = [secret for secret in secrets_in(urllib.parse.unquote(text)) if secret not in asked_for]
        assert not shown, f'{when}: {path} shows {shown}: {text[:2000]}'
        asked += 1
    assert asked > 60, asked
    return asked


def no_path_shows_a_secret():
    with Weir('') as w:
        token = w.folder / 'token'
        token.write_text(IN_THE_FILE)
        w.config.write_text(config_with_token(token))
        w.wait_ready()
        w.request('/-/reload', 'POST')
        wait_for('the config runs', lambda: len(w.json('/api/v0/web/components?modules=1')) >= 10)
        look(w, 'running')
        # Refused at the very place of a secret: excerpts of the text stand in the answers.
        for before, after in (('"hunter2"', '"hunter2" + 5'), ('password = "ba51c"', 'pasword = "ba51c"'), ('"tr0ub4dor"', '"tr0ub4dor'),
                              ('{"Authorization" = "Bearer b3arer"}', '{"Authorization" = "Bearer b3arer" 5}')):
            text = w.config.read_text()
            w.change_config(before, after)
            status, answer = w.request('/-/reload', 'POST')
            assert status == 400, f'{after}: {status} {answer}'
            assert not secrets_in(answer), f'{after}: the reload shows {secrets_in(answer)}: {answer}'
            look(w, f'refused for {after}')
            replace_file(w.config, text)
        assert not secrets_in(w.log()), f'the log shows {secrets_in(w.log())}'


run(no_path_shows_a_secret)
