"""Inputs to start from, of this machine's own files and the tests' cases: one function a target, which yields bytes."""
import base64
import gzip
import json
import lzma
import pathlib
import random
import re
import shutil
import struct
import subprocess
import zlib

ROOT = pathlib.Path(__file__).resolve().parents[1]
MOST_BYTES = 60 << 10
FOLDERS = ['/usr/lib/x86_64-linux-gnu', '/usr/bin', '/usr/lib/debug/.build-id']
EH_FRAMES = ['/lib64/ld-linux-x86-64.so.2', '/lib/x86_64-linux-gnu/libc.so.6', '/usr/bin/python3',
             '/usr/lib/x86_64-linux-gnu/libcrypto.so.3']


def small_elf_files(count):
    """Of all sizes up to the limit, the same ones each time."""
    found = {}
    for folder in FOLDERS:
        for path in sorted(pathlib.Path(folder).rglob('*')):
            if not path.is_symlink() and path.is_file() and path.stat().st_size <= MOST_BYTES:
                found.setdefault(path.stat().st_size, path)
    paths = [found[size] for size in sorted(found)]
    contents = (path.read_bytes() for path in paths)
    files = [content for content in contents if content.startswith(b'\x7fELF\x02')]
    return files[::max(1, len(files) // count)]


def section(path, name):
    return subprocess.run(['objcopy', '-O', 'binary', '--only-section=' + name, path, '/dev/stdout'],
                          capture_output=True, check=False).stdout


def elf():
    yield from small_elf_files(100)


def eh_frame():
    for content in small_elf_files(30):
        yield b'\0' + content
    for path in EH_FRAMES:
        content = section(path, '.eh_frame')
        for size in (200, 1000, 4000):
            for way in (b'\1', b'\2'):
                yield way + content[:size] + bytes(4)


def folded():
    yield b'root;leaf 12\nroot;other leaf -3\r\n# a remark\n[unknown];std::map<int, long> 9223372036854775807\n'


def field(number, content):
    """Of a message: bytes with their length before them."""
    size, length = len(content), b''
    while size >= 0x80:
        length, size = length + bytes([size & 0x7f | 0x80]), size >> 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + content


def small_pprof():
    """Two types, a mapping, two locations with lines, samples with labels, times."""
    strings = b''.join(field(6, text) for text in (b'', b'samples', b'count', b'cpu', b'nanoseconds', b'/bin/a', b'main', b'main.go', b'comm'))
    types = field(1, b'\x08\x01\x10\x02') + field(1, b'\x08\x03\x10\x04') + field(11, b'\x08\x03\x10\x04')
    places = (field(3, b'\x08\x01\x10\x01\x18\x40\x28\x05') + field(5, b'\x08\x01\x10\x06\x20\x07')
              + field(4, b'\x08\x01\x10\x01\x18\x02' + field(4, b'\x08\x01\x10\x03')) + field(4, b'\x08\x02\x10\x01\x18\x03'))
    samples = field(2, field(1, b'\x01\x02') + field(2, b'\x01\x05') + field(3, b'\x08\x08\x10\x06')) + field(2, b'\x08\x02\x10\x01\x10\x02')
    return strings + types + places + samples + b'\x48\x05\x50\x06\x60\x07\x70\x03'


def received():
    """By the first byte: push as message and as JSON; ingest of pprof, of a form, of lines, with a name."""
    pprof = small_pprof()
    label = field(1, field(1, b'service_name') + field(2, b'shop'))
    identity = b'6ba7b810-9dad-41d1-80b4-00c04fd430c8'
    for profile in (pprof, gzip.compress(pprof)):
        encoded = base64.b64encode(profile).decode()
        yield b'\0' + field(1, label + field(2, field(1, profile) + field(2, identity)))
        yield b'\1' + json.dumps({'series': [{'labels': [{'name': 'a', 'value': 'b'}],
                                             'samples': [{'rawProfile': encoded, 'ID': identity.decode()}]}]}).encode()
        yield b'\2' + profile
        yield (b'\3--b\r\nContent-Disposition: form-data; name="profile"; filename="p;q"\r\n\r\n' + profile
               + b'\r\n--b\r\ncontent-disposition: form-data; name=sample_type_config\r\n\r\n'
               + b'{"cpu": {"units": "nanoseconds", "cumulative": false}}\r\n--b--\r\n')
    yield b'\4main;a\r\n main;b\n# a remark\n'
    for query in (b'name=shop.cpu%7Benv%3Dprod,region=eu%7D&from=1767225000&until=1767225010000&sampleRate=50&units=samples',
                  b'name=shop.inuse_space&format=groups', b'name=shop%7Bservice_name=till%7D&units=objects&format=folded',
                  b'name=shop&units=bytes', b'name=a.wall&sampleRate=0&until=1767225010000000000', b'name=%7B%7D', b'name=a&format=jfr'):
        yield b'\5' + query


def unpack():
    compressed = b'\x08'
    for content in small_elf_files(12):
        yield b'\0' + lzma.compress(content, preset=0)
        yield compressed + struct.pack('<IIQQ', 1, 0, len(content), 1) + zlib.compress(content)
        if shutil.which('zstd'):
            packed = subprocess.run(['zstd', '-c'], input=content, capture_output=True, check=True).stdout
            yield compressed + struct.pack('<IIQQ', 2, 0, len(content), 1) + packed
    for check in (lzma.CHECK_NONE, lzma.CHECK_CRC32, lzma.CHECK_SHA256):
        yield b'\0' + lzma.compress(b'text' * 100, check=check)
    yield b'\0' + lzma.compress(b'text' * 100, filters=[{'id': lzma.FILTER_X86}, {'id': lzma.FILTER_LZMA2}])


def found(target):
    """What once broke it."""
    for path in sorted((ROOT / 'fuzz/found' / target).iterdir()):
        yield path.read_bytes()


def made_by(name):
    """What a program of ours writes, each after its length."""
    programs = [ROOT / build / 'fuzz' / name for build in ('build-fuzz', 'build-fuzz-plain')]
    program = next((path for path in programs if path.exists()), programs[0])
    text = subprocess.run([program], capture_output=True, check=True).stdout
    while text:
        (size,) = struct.unpack_from('<I', text)
        yield text[4:4 + size]
        text = text[4 + size:]


def gopclntab():
    yield from found('gopclntab')
    yield from made_by('go_seeds')
    yield from kept('gopclntab')


def store_record():
    yield from made_by('store_seeds')


def debug_link():
    for name in (b'a.debug', b'libc-2.36.so.debug', b'..', b'x/y', b'n' * 255, b'n' * 256):
        yield name + bytes(4 - len(name) % 4) + b'\x12\x34\x56\x78'


def demangle():
    for line in (ROOT / 'tests/conformance/demangle.jsonl').read_text().splitlines():
        name = json.loads(line).get('in', {}).get('name', '')
        yield b'\5' + name.encode()
        for first, prefix in ((b'\0', '_Z'), (b'\2', '_R')):
            if name.startswith(prefix):
                yield first + name[2:].encode()


def unwind():
    chance = random.Random(1)
    for size in (100, 1000, 5000, 20000):
        for first in (b'\0', b'\1'):
            yield first + chance.randbytes(size)


def kubernetes():
    """By the first byte: the role, and the dialect. The rows of the unit test: lists of objects, and events."""
    roles = ('pod', 'node', 'service', 'endpoints', 'endpointslice', 'ingress')
    for row in json.loads((ROOT / 'tests/components/kubernetes_labels.json').read_text()):
        first = bytes([roles.index(row['role']) + (126 if row.get('dialect') == 'alloy' else 0)])
        for objects in row['objects'].values():
            page = {'kind': 'List', 'metadata': {'resourceVersion': '7', 'continue': 'c'}, 'items': objects}
            yield first + json.dumps(page).encode()
            for kind in ('ADDED', 'DELETED'):
                yield first + json.dumps({'type': kind, 'object': objects[0]}).encode()
    yield b'\0{"type": "ERROR", "object": {"kind": "Status", "code": 410, "message": "too old"}}'
    yield b'\0{"type": "BOOKMARK", "object": {"kind": "Pod", "metadata": {"resourceVersion": "8"}}}'


def kubeconfig():
    for path in sorted((ROOT / 'tests/components/kubeconfig').iterdir()):
        yield path.read_bytes()
    yield b'a: &a [1, 1]\nb: &b [*a, *a]\nc: [*b, *b]\n'


def kubernetes_words():
    """Names of fields, and the words that they are compared with."""
    found = {'\\"items\\"', '[', ']', '{', '}', ',', ':', 'true', 'null', '8080'}
    for path in sorted((ROOT / 'components/discovery').glob('kubernetes_*.cpp')):
        found.update(re.findall(r'"([A-Za-z.-]{2,20})"', path.read_text()))
    return sorted(found)


def kubeconfig_words():
    text = (ROOT / 'components/discovery/kubeconfig.cpp').read_text()
    return sorted({*re.findall(r'"([a-z][A-Za-z-]{2,30})"', text), ': ', '- ', '&a', '*a', '<<', 'https://', '\\x0a  '})


def pack(inputs):
    """Each with its length in front, all of it compressed."""
    return lzma.compress(b''.join(struct.pack('<I', len(one)) + one for one in inputs), preset=9)


def kept(target):
    """What earlier runs have found: fuzz/pack keeps it, ./test replays what is in lines."""
    path = ROOT / f'fuzz/corpus/{target}.txt'
    for line in path.read_text().splitlines() if path.exists() else ():
        yield base64.b64decode(line)
    path = ROOT / f'fuzz/corpus/{target}.xz'
    content, at = lzma.decompress(path.read_bytes()) if path.exists() else b'', 0
    while at < len(content):
        size, = struct.unpack_from('<I', content, at)
        yield content[at + 4:at + 4 + size]
        at += 4 + size


def conformance_texts(kinds):
    for kind in kinds:
        for line in (ROOT / f'tests/conformance/{kind}.jsonl').read_text(encoding='utf-8').split('\n'):
            text = json.loads(line).get('in', {}).get('src') if line else None
            if text is not None:
                yield text.encode(errors='surrogatepass')


def lang_parse():
    yield from conformance_texts(['tokens', 'parse'])
    yield b'a = ' + b'[' * 3000
    yield from kept('lang_parse')


def lang_print():
    yield from conformance_texts(['fmt', 'parse'])
    yield from kept('lang_parse')
    yield from kept('lang_print')


def lang_eval():
    for first in (b'\0', b'\1'):
        yield from (first + text for text in conformance_texts(['eval']))
    yield from kept('lang_eval')


def lang_decode():
    names = ''.join(f'{name} = {value}\n' for name, value in (
        ('a', '[{x = "y"}]'), ('b', '"5s"'), ('c', '5'), ('d', '1.5'), ('e', 'true'), ('f', '"none"'), ('g', '[1, null]')))
    block = 'x "l" {\n value = "v"\n secret = "s"\n}\n'
    for text in (names, block, names + block + block, 'c = 0\nb = "20s"\n', 'x { }\n', 'x = 1\na { }\n', 'c = 1\nc = 2\n'):
        yield b'\0' + text.encode()
    yield from (b'\1' + text for text in conformance_texts(['decode']))
    # What evaluates is the value of what may be anything.
    yield from (text[:1] + b'g = ' + text[1:] for text in lang_eval())
    yield from kept('lang_decode')


def relabel():
    """Action, regex, label, replacement, another name, and a text: as fuzz/relabel.cpp reads them."""
    for line in (ROOT / 'tests/conformance/relabel.jsonl').read_text(encoding='utf-8').split('\n'):
        case = json.loads(line)['in'] if line else {'rules': []}
        for rule in case['rules']:
            text = rule.get('separator', ';').join(case['labels'].get(name, '') for name in rule.get('source_labels', []))
            parts = (rule.get('action', 'replace'), rule.get('regex', '(.*)'), rule.get('target_label', ''), rule.get('replacement', '$1'), 'b', text)
            if not any('\n' in part for part in parts[:5]):
                yield '\n'.join(parts).encode()


def relabel_words():
    return ['(.*)', '(.+)', '(.+?)', '(?:', ')?', '[a-f0-9]', '[^:]', '{2}', '{1,3}', '$1', '${1}', '\\\\d', '|', '\\x0a', 'replace', 'labelmap', 'lowercase']


def http():
    """Requests and responses: by length, in chunks, to the end, packed; several in a row; broken ones."""
    host = b'Host: localhost\r\n'
    chunks = b'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x="y"\r\nde\r\n0\r\nTrailer: t\r\n\r\n'
    packed = gzip.compress(b'abcde' * 20, mtime=0)
    yield b'GET /a?b=c HTTP/1.1\r\n' + host + b'Connection: close\r\n\r\n'
    yield b'POST /p HTTP/1.1\r\n' + host + b'Content-Length: 5\r\n\r\nabcde' + b'GET / HTTP/1.0\r\n\r\n'
    yield b'PUT /p HTTP/1.1\r\n' + host + b'Expect: 100-continue\r\n' + chunks
    yield b'GET / HTTP/1.1\r\n' + host + b'X: y\r\n folded\r\n\r\n'
    yield b'POST / HTTP/1.1\r\n' + host + b'Content-Length: 3\r\n' + chunks
    for head in (b'HTTP/1.1 200 OK\r\n', b'HTTP/1.0 404 Not Found\r\nContent-Type: text/plain\r\n'):
        yield head + b'\r\nto the end'
        yield head + chunks
        yield head + b'Content-Length: 5\r\nConnection: keep-alive\r\n\r\nabcde'
        yield head + b'Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n' % len(packed) + packed
    yield b'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n'
    yield packed
    yield packed + packed


def http_text():
    yield from (b'http://user:p%40ss@host:8080/a/../b?c=d+e#f', b'https://[::1]:443', b'unix:///run/x.sock', b'../x?y', b'//other/x', b':12345', b'[::1]:1')
    yield from (b'*', b'a.example,.b.example:80,*.c', b'10.0.0.0/8, fd00::/8', b'[fd00::1]:81,10.1.2.3', b'proxy.example:3128')
    yield b'{"access_token":"a","token_type":"bearer","expires_in":3600,"scope":["x",{"y":null}]}'
    yield b'{"error":"invalid_client","error_description":"who?","expires_in":"1e3"}'
    yield b'access_token=a%20b&expires_in=7&token_type=mac&error=x'
    yield from (b'Basic YW5uOndvcmQ=', b'basic YW5uOndvcmQ', b'Bearer abc')


def api_request():
    """Whole targets: 255 is behind every route."""
    text = (ROOT / 'web/routes.cpp').read_text()
    for path in re.findall(r'\.path = "([^"]+)"', text):
        yield b'\xff' + path.replace('…', 'x').replace('ID', 'm.x/a.b').replace('NAME', 'exports.x').encode()
    for example in re.findall(r'"(/[^"]*\?[^"]*)"', text):
        yield b'\xff' + example.encode()


def api_request_words():
    text = (ROOT / 'web/parameters.h').read_text()
    words = {word for words in re.findall(r'\.words = "([^"]+)"', text) for word in words.split('|')}
    return sorted({f'{name}=' for name in re.findall(r'\.name = "(\w+)"', text)} | words) + ['%7B', '%22', '%00', 'm.x/a.b', '/views/']


def http_words():
    return ['GET ', 'POST ', 'HEAD ', ' HTTP/1.1\\x0d\\x0a', 'HTTP/1.1 200 OK\\x0d\\x0a', '\\x0d\\x0a', '\\x0d\\x0a\\x0d\\x0a', 'Host: ', 'Content-Length: ',
            'Transfer-Encoding: chunked', 'Connection: close', 'Connection: keep-alive', 'Expect: 100-continue', 'Content-Encoding: gzip',
            '0\\x0d\\x0a\\x0d\\x0a', '\\x1f\\x8b', ';x=y']


def http_text_words():
    return ['http://', 'https://', 'unix://', '%2F', '::1', '/8', '*.', ',', 'access_token', 'expires_in', 'token_type', 'error_description', 'Basic ']


def target_groups():
    groups = [{'targets': ['a:1', 'b:2'], 'labels': {'job': 'shop', 'env': 'prod'}}, {'targets': ['c:3']}, {'targets': None, 'labels': None}]
    yield b'\0' + json.dumps(groups).encode()
    yield b'\1' + json.dumps(groups).encode()
    for text in ('- targets: [a:1, "b:2"]\n  labels:\n    job: shop\n    n: 1.0\n- targets:\n  - c\n',
                 '- &g\n  targets: &t [a]\n  labels: &l {x: y}\n- {<<: *g, targets: *t}\n- labels: {<<: [*l, *l], z: ~}\n',
                 '---\n# text\n- targets: !!seq []\n  labels: {a: |\n    text\n  , b: >-\n    more\n  }\n...\n', '[[[[', '- ? [a]\n  : b\n'):
        yield b'\1' + text.encode()


def docker():
    ports = [{'IP': '0.0.0.0', 'PrivatePort': 80, 'PublicPort': 8080, 'Type': 'tcp'}, {'PrivatePort': 53, 'Type': 'udp'}]
    networks = {'bridge': {'NetworkID': 'n1', 'IPAddress': '172.17.0.2'}, 'six': {'NetworkID': 'n2', 'IPAddress': '', 'GlobalIPv6Address': 'fd00::2'}}
    containers = [{'Id': 'a', 'Names': ['/a'], 'Image': 'i', 'ImageID': 'sha256:1', 'Labels': {'a.b/c': 'd'}, 'Ports': ports,
                   'HostConfig': {'NetworkMode': 'bridge'}, 'NetworkSettings': {'Networks': networks}},
                  {'Id': 'b', 'HostConfig': {'NetworkMode': 'container:a'}, 'NetworkSettings': {'Networks': None}},
                  {'Id': 'c', 'HostConfig': {'NetworkMode': 'container:c'}}]
    listed = [{'Id': 'n1', 'Name': 'bridge', 'Scope': 'local', 'Internal': False, 'Ingress': True, 'Labels': {'x': 'y'}}]
    yield json.dumps(containers).encode() + b'\0' + json.dumps(listed).encode()
    yield json.dumps(containers[1:]).encode()


def dns():
    head, end = b'\0\1\x81\x80\0\1\0\1\0\0\0\0\1a\0', b'\0\1\0\0\0\x3c'
    name = b'\4mail\xc0\x0c'
    for number, (kind, content) in enumerate(((33, b'\0\0\0\0\0\x50' + b'\1h\0'), (1, b'\x0a\0\0\1'), (28, b'\xfd' + bytes(15)),
                                              (15, b'\0\x0a' + name), (2, name))):
        yield bytes([number]) + head + bytes([0, kind, 0, 1]) + b'\xc0\x0c' + bytes([0, kind]) + end + struct.pack('>H', len(content)) + content


def path_pattern():
    for pattern, path in (('/a/**/b*/[a-c]?.{log,txt}', '/a/x/y/bc/ad.log'), ('**', 'a/b'), ('/\\*{,x}', '/*x'), ('/a/**/b/**/c', '/a/b/c/b/d')):
        yield pattern.encode() + b'\0' + path.encode()


def words_of(pattern):
    """The short words our parsers compare with: what a mutation by chance seldom hits."""
    found = set()
    for path in sorted(ROOT.glob(pattern)):
        found.update(re.findall(r'"([A-Za-z]{1,4})"', path.read_text()))
    return sorted(found)


def language_words():
    return ['true', 'false', 'null', '==', '!=', '<=', '>=', '&&', '||', '//', '/*', '*/', '\\"', '\\x5cu00e9', '\\x5cx41', '\\x5c101', ' = ', ' {\\x0a',
            '}\\x0a', '0x', '1e9', '9223372036854775808', '\\xc3\\xa9', '\\xef\\xbb\\xbf', '`']


def library_words():
    return language_words() + sorted(set(re.findall(r'"([a-z_]{2,16})"', (ROOT / 'lang/stdlib.cpp').read_text())))


def config_words():
    """Of fuzz/lang_decode.cpp."""
    return library_words() + ['\\"5s\\"', 'value = \\"v\\"', 'secret = ', 'x \\"l\\" {', '\\"full\\"', '\\"none\\"', 'env(\\"X\\")', 'nonsensitive(']


def request_words():
    """What requests are made of, and the names that the reader looks for."""
    found = {'--b', '--b--', '\\x0d\\x0a', '\\x0d\\x0a\\x0d\\x0a', 'Content-Disposition: ', 'form-data; name=', '\\"', '%7B', '%7D', '%2C', '=', '&', ',',
             '[', ']', '{', '}', ':', 'null', 'true', '\\x1f\\x8b'}
    for name in ('received.cpp', 'ingest.cpp'):
        found.update(re.findall(r'"([A-Za-z_]{2,20})"', (ROOT / 'components/pyroscope' / name).read_text()))
    return sorted(found)


def folded_words():
    return [';', ' 1\\x0a', ' -1\\x0a', '#', ' 9223372036854775807', ' -9223372036854775808', '[unknown]', '\\x0d\\x0a', '[empty]']


WORDS = {'api_request': api_request_words, 'kubernetes': kubernetes_words, 'kubeconfig': kubeconfig_words, 'received': request_words, 'http': http_words, 'http_text': http_text_words, 'relabel': relabel_words, 'folded': folded_words, 'demangle': lambda: words_of('profiler/symbols/**/*.cpp'), 'lang_parse': language_words,
         'lang_print': language_words, 'lang_eval': library_words, 'lang_decode': config_words}

SEEDS = {function.__name__: function
         for function in (elf, eh_frame, unpack, folded, received, api_request, http, http_text, relabel, gopclntab, debug_link, demangle, unwind, kubernetes, kubeconfig,
                               store_record, lang_parse, lang_print, lang_eval, lang_decode, target_groups, docker, dns, path_pattern)}
