#!/usr/bin/env python3
"""A running weir answers as docs/reference/http-api.md says: read as a person reads it, page beside answer."""
import collections
import json
import re

from harness import ROOT, Weir, free_port, ingest, receiving, run, wait_for, wait_receiving

CONFIG = '''
discovery.process "all" { }
discovery.relabel "some" {
  targets = discovery.process.all.targets
  rule {
    target_label = "service_name"
    replacement  = "shop"
  }
}
pyroscope.ebpf "machine" {
  targets    = discovery.relabel.some.output
  forward_to = [pyroscope.store.local.receiver]
}
pyroscope.write "nowhere" {
  endpoint {
    url = "http://127.0.0.1:1"
  }
}
local.file "gone" {
  filename = "/nonexistent"
}
declare "reads" {
  argument "path" { }
  local.file "inner" {
    filename = argument.path.value
  }
}
reads "one" {
  path = local.file.gone.content
}
'''
Field = collections.namedtuple('Field', 'type is_optional words')
PRIMITIVE = {'string': str, 'integer': int, 'number': (int, float), 'boolean': bool, 'any': object}


class Page:
    """The reference page: what each path answers, and of which fields."""

    def __init__(self):
        text = (ROOT / 'docs/reference/http-api.md').read_text(encoding='utf-8')
        routes, shapes = text.split('\n## Answers\n')
        self.routes = {}
        for section in re.split(r'^### ', routes, flags=re.M)[1:]:
            answer = re.search(r'^Answer: (.*)\.$', section, re.M)
            self.routes[section.split('\n')[0]] = plain(answer.group(1)) if answer else 'any'
        self.like, self.fields = {}, {}
        for section in re.split(r'^### ', shapes.split('\n## ')[0], flags=re.M)[1:]:
            name, like = section.split('\n')[0], re.search(r'It has the fields of \[(\w+)\]', section)
            self.like[name] = like.group(1) if like else None
            rows = re.findall(r'^\| `(\w+)` \| (.*?) \| .*? \| (.*) \|$', section, re.M)
            self.fields[name] = {field: Field(plain(kind), 'Absent: ' in doc, words(doc)) for field, kind, doc in rows}

    def all_fields(self, shape):
        return {**(self.all_fields(self.like[shape]) if self.like[shape] else {}), **self.fields[shape]}

    def check(self, answer, kind, where):
        """Yields what is not as the page has it."""
        if kind.startswith('list of '):
            yield from self.check_items(answer, kind.removeprefix('list of '), where, list)
        elif kind.startswith('object of '):
            yield from self.check_items(answer, kind.removeprefix('object of ').removesuffix(' by name'), where, dict)
        elif kind in PRIMITIVE:
            is_it = isinstance(answer, PRIMITIVE[kind]) and (kind in ('boolean', 'any') or not isinstance(answer, bool))
            if not is_it:
                yield f'{where} is no {kind}: {answer!r}'
        elif not isinstance(answer, dict):
            yield f'{where} is no object'
        else:
            yield from self.check_object(answer, kind, where)

    def check_items(self, answer, kind, where, container):
        if not isinstance(answer, container):
            yield f'{where} is no {container.__name__}'
            return
        for item in answer.values() if container is dict else answer:
            yield from self.check(item, kind, where + '[]')

    def check_object(self, answer, shape, where):
        fields = self.all_fields(shape)
        yield from (f'{where}.{name}: not in {shape}' for name in answer.keys() - fields.keys())
        for name, field in fields.items():
            if name not in answer:
                if not field.is_optional:
                    yield f'{where}.{name} is absent'
                continue
            yield from self.check(answer[name], field.type, f'{where}.{name}')
            if field.words and answer[name] not in field.words:
                yield f'{where}.{name}: {answer[name]!r} is none of {field.words}'


def plain(kind):
    """Without its links and code."""
    return re.sub(r'\[(\w+)\]\([^)]*\)', r'\1', kind).strip('`')


def words(doc):
    found = re.search(r'One of (`[^.]*`)\.', doc)
    return [word.strip('`').strip('"') for word in found.group(1).split(', ')] if found else []


def questions(w):
    """Each path of the page, as one would ask it, with the route that it is of."""
    for path in ('status', 'config', 'targets', 'explain?pid=1', 'components', 'components?modules=1&states=all', 'peers', 'remotecfg/components', 'graph'):
        yield path, path.split('?')[0]
    yield 'modules/reads.one/components', 'modules/ID/components'
    yield 'profiles/services?points=20', 'profiles/services'
    for what in ('flame', 'series', 'functions', 'diff', 'breakdown'):
        yield f'profiles/{what}?service=shop' + ('&label=host' if what == 'breakdown' else ''), f'profiles/{what}'
    for component in w.json('/api/v0/web/components?modules=1'):
        path = f'components/{component["id"]}'
        yield path, 'components/ID'
        yield f'{path}?defaults=1&states=all', 'components/ID'
        yield f'{path}/metrics', 'components/ID/metrics'
        for view in w.json(f'/api/v0/web/{path}')['views']:
            yield f'{path}/views/{view["name"]}?limit=3', 'components/ID/views/NAME'
    yield 'components/discovery.process.all/views/exports.targets?limit=3', 'components/ID/views/NAME'


def every_path_answers_as_the_page_says():
    page, port = Page(), free_port()
    with Weir(CONFIG + receiving(port, 'pyroscope.write.nowhere.receiver')) as w:
        w.wait_ready()
        wait_receiving(w)
        wait_for('processes are found', lambda: w.component('discovery.process.all')['exports'])
        ingest(port, 'shop{host=node-7}', 'main;work 7\nmain;rest 3\n', sampleRate=100)
        wait_for('the profile is kept', lambda: 'shop' in w.services())
        asked, problems = set(), []
        for path, route in questions(w):
            asked.add(f'GET /api/v0/web/{route}')
            problems += page.check(w.json(f'/api/v0/web/{path}'), page.routes[f'GET /api/v0/web/{route}'], path)
        assert not problems, '\n'.join(problems[:20])
        json_paths = {heading for heading, kind in page.routes.items() if kind.removeprefix('list of ') in page.fields}
        assert json_paths == asked, f'not asked: {json_paths - asked}; not on the page: {asked - json_paths}'


def a_wrong_question_is_answered_with_what_is_wrong():
    page = Page()
    with Weir('discovery.process "all" { }\n') as w:
        w.wait_ready()
        for path, wanted in {'targets?lmit=1': 400, 'targets?limit=x': 400, 'explain': 400, 'components/no.such': 404, 'profiles/flame?service=a': 404,
                             'modules/no.such/components': 404, 'status?' + '&'.join(f'a{i}=1' for i in range(1000)): 400}.items():
            status, text = w.request(f'/api/v0/web/{path}')
            assert status == wanted, (path[:50], status)
            problems = list(page.check(json.loads(text), 'Error', path))
            assert not problems, problems
        assert w.status('/api/v0/web/statsu') == 404 and 'did you mean' in w.request('/api/v0/web/statsu')[1]
        for method in ('POST', 'PUT', 'DELETE', 'PATCH'):
            assert w.status('/api/v0/web/status', method) == 405, method


if __name__ == '__main__':
    run(every_path_answers_as_the_page_says, a_wrong_question_is_answered_with_what_is_wrong)
