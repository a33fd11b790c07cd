#!/usr/bin/env python3
"""The TextMate grammar colours what weir's lexer reads: every token of the example configs and of the conformance cases has
a scope of its kind, and nothing between tokens has any."""
import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / 'web/browser'))
import installed
from harness import ROOT, Skip, figure, run

GRAMMAR = ROOT / 'deploy/editors/vscode/syntaxes/river.tmLanguage.json'
BUILD = ROOT / 'build'
NAMES = ('variable.', 'entity.name.', 'support.')
SCOPES = {'COMMENT': ('comment.',), 'STRING': ('string.',), 'NUMBER': ('constant.numeric.integer',),
          'FLOAT': ('constant.numeric.float',), 'BOOL': ('constant.language.boolean',),
          'NULL': ('constant.language.null',), 'IDENT': NAMES}
OPERATORS = ('||', '&&', '!', '==', '!=', '<', '<=', '>', '>=', '+', '-', '*', '/', '%', '^', '=')


def need_packages():
    """Their folder."""
    try:
        return installed.modules(ROOT / 'tests/editors')
    except installed.NotToBeHad as reason:
        raise Skip(str(reason)) from None


def sources():
    texts = [path.read_text() for path in sorted((ROOT / 'examples').glob('*.river'))]
    for corpus in sys.argv[1:] or [ROOT / 'tests/conformance/tokens.jsonl', ROOT / 'tests/conformance/parse.jsonl']:
        for line in pathlib.Path(corpus).read_text().split('\n'):
            given = json.loads(line).get('in', {}) if line else {}
            if 'src' in given:
                texts.append(given['src'])
    return texts


def ask(command, requests, cwd=None):
    lines = '\n'.join(json.dumps(request) for request in requests) + '\n'
    done = subprocess.run(command, input=lines.encode(), capture_output=True, cwd=cwd, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    return {answer['id']: answer for answer in map(json.loads, done.stdout.decode().split('\n')[:-1])}


def classes_of_bytes(text, scopes):
    """The innermost scope of every byte of the text; "" where there is none."""
    starts, offset = [], 0
    for line in text.split('\n'):
        starts.append((offset, line))
        offset += len(line.encode()) + 1
    classes = [''] * offset
    for number, begin, end, names in scopes:
        start, line = starts[number - 1]
        units = line.encode('utf-16-le', 'surrogatepass')
        first = start + len(units[:2 * begin].decode('utf-16-le', 'replace').encode())
        last = start + len(units[:2 * end].decode('utf-16-le', 'replace').encode())
        inner = [name for name in names.split(' ') if name != 'source.river']
        # Escapes stand inside of a string.
        classes[first:last] = [inner[0] if inner else ''] * (last - first)
    return classes, [start for start, _ in starts]


def wanted(kind):
    if kind in SCOPES:
        return SCOPES[kind]
    return ('keyword.operator.',) if kind in OPERATORS else ('punctuation.',)


def length_of(kind, text, source, at):
    if kind != 'COMMENT':
        return len((text or kind).encode())
    # What a comment says to tools is without its carriage returns.
    end = source.find(b'\n', at) if source[at:at + 2] == b'//' else source.find(b'*/', at + 2) + 2
    return (end if end >= at + 2 else len(source)) - at


def compare(text, tokens, scopes):
    source = text.encode()
    classes, starts = classes_of_bytes(text, scopes)
    covered, wrong = set(), []
    for kind, line, column, said in tokens:
        if kind in ('TERMINATOR', 'EOF'):
            continue
        at = starts[line - 1] + column - 1
        places = range(at, at + length_of(kind, said, source, at))
        covered.update(places)
        for place in places:
            if source[place:place + 1] not in (b'\n', b'\r') and not classes[place].startswith(wanted(kind)):
                wrong.append(f'{line}:{column}: {kind} {said!r} is {classes[place] or "nothing"}')
                break
    for place in range(len(source)):
        if place not in covered and classes[place] and source[place:place + 1] != b'\n':
            wrong.append(f'byte {place}, {source[place:place + 1]}, is {classes[place]} and in no token')
    return wrong


def every_token_has_the_scope_of_its_kind():
    folder = need_packages()
    texts = sources()
    lexed = ask([str(BUILD / 'tests/conformance'), 'tokens'],
                [{'id': str(i), 'kind': 'tokens', 'd': 'river', 'src': text} for i, text in enumerate(texts)])
    valid = {key: answer['toks'] for key, answer in lexed.items() if answer['ok']}
    scopes = ask(['node', str(ROOT / 'tests/editors/scopes.mjs'), str(GRAMMAR)],
                 [{'id': key, 'src': texts[int(key)]} for key in valid], cwd=folder)
    tokens, failures = 0, []
    for key, list_of_tokens in valid.items():
        text = texts[int(key)]
        tokens += len(list_of_tokens)
        wrong = compare(text, list_of_tokens, scopes[key]['scopes'])
        failures += [f'{text[:200]!r}: {one}' for one in wrong]
    figure(f'editors: {tokens} tokens of {len(valid)} texts, {len(failures)} differ')
    assert not failures, '\n'.join(failures[:20])
    assert tokens > 1000


# Each line: a config, and what its words are to a reader.
ROLES = [
    ('discovery.docker "a" {', {'discovery': 'entity.name.type.block', 'docker': 'entity.name.type.block', '"a"': 'string'}),
    ('  host = env("HOST")', {'host': 'variable.other.property', 'env': 'support.function', '=': 'keyword.operator.assign'}),
    ('  a = {b = string.trim(x.y[0], "")}', {'b': 'variable.other.property', 'trim': 'support.function',
                                              'y': 'variable.other.member', 'x': 'variable.other.river'}),
    ('  rule { }', {'rule': 'entity.name.type.block'}),
    ('  c = d == e', {'c': 'variable.other.property', 'd': 'variable.other.river', '==': 'keyword.operator.comparison'}),
    ("  f = 'g' # h", {"'": 'invalid.illegal', '#': 'invalid.illegal'}),
    ('  i = "\\q\\n"', {'\\q': 'invalid.illegal.escape', '\\n': 'constant.character.escape'}),
]


def names_are_told_by_what_they_do():
    folder = need_packages()
    for text, roles in ROLES:
        answer = ask(['node', str(ROOT / 'tests/editors/scopes.mjs'), str(GRAMMAR)], [{'id': '0', 'src': text}], cwd=folder)
        for word, role in roles.items():
            at = text.index(word)
            names = next(names for _, begin, end, names in answer['0']['scopes'] if begin <= at < end)
            assert role in names, (text, word, names)


def the_extension_names_files_that_are_there():
    folder = ROOT / 'deploy/editors/vscode'
    contributes = json.loads((folder / 'package.json').read_text())['contributes']
    for path in [language['configuration'] for language in contributes['languages']] + [
            grammar['path'] for grammar in contributes['grammars']]:
        json.loads((folder / path).read_text())
    assert contributes['grammars'][0]['scopeName'] == json.loads(GRAMMAR.read_text())['scopeName']


run(every_token_has_the_scope_of_its_kind, names_are_told_by_what_they_do, the_extension_names_files_that_are_there)
