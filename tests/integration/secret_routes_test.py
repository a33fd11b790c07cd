#!/usr/bin/env python3
"""No answer of the API holds a secret of the config: every path the program serves, with a config that runs and one that is refused."""
import re
import urllib.parse

from harness import ROOT, Weir, run, wait_for

SECRETS = ['hunter2', 'tr0ub4dor', 'pa55w0rd', 'b3arer', 'f1lesecret', 'ba51c']
CONFIG = '''
local.file "token" {
  filename  = "%s"
  is_secret = true
}
declare "send" {
  argument "word" { }
  pyroscope.write "out" {
    endpoint {
      url = "http://me:pa55w0rd@127.0.0.1:1"
      headers = {"Authorization" = "Bearer b3arer"}
    }
    endpoint {
      url = "http://127.0.0.1:1"
      basic_auth {
        username = "me"
        password = argument.word.value
      }
    }
  }
}
send "there" { word = "tr0ub4dor" }
pyroscope.write "here" {
  endpoint {
    url          = "http://127.0.0.1:1"
    bearer_token = "hunter2"
  }
  endpoint {
    url = "http://127.0.0.1:1"
    basic_auth {
      username = "me"
      password = "ba51c"
    }
  }
  endpoint {
    url          = "http://127.0.0.1:1"
    bearer_token = local.file.token.content
  }
}
discovery.process "all" { }
pyroscope.receive_http "in" {
  http {
    listen_address = "127.0.0.1"
    listen_port    = 0
  }
  forward_to = [pyroscope.write.here.receiver, pyroscope.store.local.receiver]
}
pyroscope.store "local" { }
'''


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
        shown = [secret for secret in SECRETS if secret in urllib.parse.unquote(text) and secret not in urllib.parse.unquote(path)]
        assert not shown, f'{when}: {path} shows {shown}: {text[:2000]}'
        asked += 1
    assert asked > 60, asked
    return asked


def no_path_shows_a_secret():
    with Weir('') as w:
        token = w.folder / 'token'
        token.write_text('f1lesecret')
        w.config.write_text(CONFIG % token)
        w.wait_ready()
        w.request('/-/reload', 'POST')
        wait_for('the config runs', lambda: len(w.json('/api/v0/web/components?modules=1')) >= 7)
        look(w, 'running')
        # Refused at the very place of a secret: excerpts of the text stand in the answers.
        for before, after in (('"hunter2"', '"hunter2" + 5'), ('password = "ba51c"', 'pasword = "ba51c"'), ('"tr0ub4dor"', '"tr0ub4dor'),
                              ('{"Authorization" = "Bearer b3arer"}', '{"Authorization" = "Bearer b3arer" 5}')):
            text = w.config.read_text()
            w.change_config(before, after)
            status, answer = w.request('/-/reload', 'POST')
            assert status == 400, f'{after}: {status} {answer}'
            shown = [secret for secret in SECRETS if secret in answer]
            assert not shown, f'{after}: the reload shows {shown}: {answer}'
            look(w, f'refused for {after}')
            w.config.write_text(text)
        shown = [secret for secret in SECRETS if secret in w.log()]
        assert not shown, f'the log shows {shown}'


run(no_path_shows_a_secret)
