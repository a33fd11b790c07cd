#!/usr/bin/env python3
"""page_draw.py [ZOOMS] [NODES]: how long the page takes to draw a large flame graph; by default 100 zooms into 50,000 frames, at
1280 × 800 in a headless Chromium that draws without a GPU.

The tree is made up: up to 60 frames deep, few wide frames and very many narrow ones, as of a program that does many things. The page is
the real one, over build/tests/web_demo. A zoom is a key press, and is drawn in some ten steps of 180 ms. Printed are, median and 95th of
100: what the page itself measures of each step, its layout and its drawing; the slowest step of each zoom; the whole frame in which a
step is drawn, from the start of its script until it is painted; and the slowest of these frames in each zoom, which is the one that also
renders the table and the path.
"""
import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'tests/integration'))
from browsing import a_browser, driver  # noqa: E402
from made_up import served  # noqa: E402

DEEPEST = 60
MODULES = {'native': ['checkout', 'libc.so.6', 'libssl.so.3', 'libstdc++.so.6'], 'kernel': ['[kernel]'], 'python': ['python3.11'],
           'go': ['edge-gateway'], 'javascript': ['node']}
WORDS = 'acme Order Engine compact level price resolve Basket write flush Index scan decode Frame read Session commit http Router'.split()


class Tree:
    """The columns of an answer of profiles/flame."""

    def __init__(self, nodes, seed=7):
        self.random = random.Random(seed)
        self.strings = ['', 'named', 'stripped', 'app']
        self.known = {text: number for number, text in enumerate(self.strings)}
        self.columns = {name: [] for name in ('name', 'module', 'kind', 'why', 'reason', 'total', 'self', 'parent')}
        self.functions = [self.function() for _ in range(4000)]
        self.add(-1, (3, 0, 0, 1), 10**13, 0)
        self.grow(0, nodes - 1, 10**13, 1)

    def string(self, text):
        if text not in self.known:
            self.known[text] = len(self.strings)
            self.strings.append(text)
        return self.known[text]

    def function(self):
        kind = self.random.choices(list(MODULES), (60, 12, 12, 10, 6))[0]
        name = '::'.join(self.random.choices(WORDS, k=self.random.randint(1, 4))) + f'_{self.random.randint(1, 999)}(Slice const&, int)'
        why = 2 if kind == 'native' and self.random.random() < 0.03 else 1
        return self.string(name), self.string(self.random.choice(MODULES[kind])), self.string(kind), why

    def add(self, parent, function, total, own):
        name, module, kind, why = function
        for column, value in zip(self.columns.values(), (name, module, kind, why, 0, total, own, parent)):
            column.append(value)
        return len(self.columns['name']) - 1

    def grow(self, node, budget, value, depth):
        """`budget` more frames below the node, which has `value`. Most frames call one other; what a frame calls is of very unequal size."""
        while budget > 0:
            fork = self.random.random() < 0.2 or budget > 40 * (DEEPEST - depth)
            count = min(budget, self.random.randint(2, 6) if fork else 1)
            weights = sorted((self.random.paretovariate(0.8) for _ in range(count)), reverse=True)
            own = value * self.random.choice((0, 0, 0.02, 0.1))
            rest, scale = value - own, sum(weights)
            self.columns['self'][node] = own
            shares = [weight / scale for weight in weights]
            if depth >= DEEPEST:
                return
            if count == 1:
                node, budget, value, depth = self.add(node, self.random.choice(self.functions), rest, rest), budget - 1, rest, depth + 1
                continue
            # Narrow frames have nearly as many below them as wide ones.
            roots = [share ** 0.3 for share in shares]
            left = budget - count
            for share, root in zip(shares, roots):
                child = self.add(node, self.random.choice(self.functions), rest * share, rest * share)
                self.grow(child, round(left * root / sum(roots)), rest * share, depth + 1)
            return

    def answer(self):
        return {'strings': self.strings, **self.columns}


# What the page asks for flame graphs is answered with the tree, whatever else the answer says.
ANSWER = '''
const tree = arguments[0], plain = window.fetch;
window.fetch = async (address, options) => {
  const answer = await plain(address, options);
  if (!String(address).includes("profiles/flame")) return answer;
  const text = await answer.json();
  return new Response(JSON.stringify({ ...text, total: tree.total[0], flame: tree }));
};
const seen = window.seen = { draws: [], frames: [], drawn: 0 };
new PerformanceObserver((list) => {
  for (const entry of list.getEntriesByName("flame draw")) seen.draws.push(entry.duration);
}).observe({ type: "measure" });
// A message that is sent as the frame begins is read when it has been painted.
const painted = new MessageChannel();
let began = 0;
painted.port1.onmessage = () => seen.frames.push(performance.now() - began);
const frame = () => {
  began = performance.now();
  painted.port2.postMessage(0);
  requestAnimationFrame(frame);
};
requestAnimationFrame(frame);
'''

# One press of a key, and the frames until nothing moves any more.
ZOOM = '''
const [key, downs] = arguments, canvas = document.querySelector("canvas"), seen = window.seen;
const press = (key) => canvas.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const before = document.querySelector(".path").textContent;
canvas.focus();
for (const step of downs) press(step);
await wait(60);
seen.draws.length = seen.frames.length = 0;
press(key);
await wait(450);
return { draws: [...seen.draws], frames: [...seen.frames], moved: document.querySelector(".path").textContent !== before };
'''


def rank(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def show(what, values):
    print(f'{what}: median {rank(values, 0.5):.1f} ms, p95 {rank(values, 0.95):.1f} ms, worst {max(values):.1f} ms ({len(values)})', flush=True)


def zoom_around(browser, zooms, chance):
    """In by one to three levels, along the widest or a neighbour, or out by one; a list of what was measured in each."""
    measured = []
    depth = 0
    while len(measured) < zooms:
        # Not far in: the fewer frames are left, the quicker it goes.
        out = depth and (depth > 4 or chance.random() < 0.45)
        steps = [] if out else [chance.choice(('ArrowDown', 'ArrowDown', 'ArrowRight')) for _ in range(chance.randint(0, 2))] + ['ArrowDown']
        seen = browser.run(f'return (async (...arguments) => {{{ZOOM}}})(...arguments)', 'Escape' if out else 'Enter', steps)
        depth = max(0, depth - 1) if out else depth + 1
        if seen['moved'] and seen['draws']:
            measured.append(seen)
        elif not out:
            depth = 0
            browser.run('document.querySelector(".path .link")?.click()')
    return measured


def main():
    zooms, nodes = [int(text) for text in sys.argv[1:]] + [100, 50_000][len(sys.argv) - 1:]
    if driver.missing():
        sys.exit(f'page_draw: {driver.missing()}')
    tree = Tree(nodes).answer()
    with a_browser() as browser, served('full') as url:
        browser.open(f'{url}/#/components')
        browser.run(ANSWER, tree)
        # A part of the past: it is asked for once.
        browser.run('const now = Date.now(); location.hash = `#/profiles?service=thumbnails&from=${now - 1800e3}&until=${now - 60e3}`')
        browser.wait('the graph is drawn', 'return document.querySelector("canvas") && window.seen.draws.length')
        levels = browser.run('return document.querySelector("canvas").getAttribute("aria-label")')
        print(f'{len(tree["name"]):,} frames: {levels.split(".")[0]}', flush=True)
        measured = zoom_around(browser, zooms, random.Random(1))
    show('layout and drawing, of a step', [value for seen in measured for value in seen['draws']])
    show('slowest step of a zoom', [max(seen['draws']) for seen in measured])
    show('whole frame', [value for seen in measured for value in sorted(seen['frames'])[-len(seen['draws']):]])
    show('slowest frame of a zoom', [max(seen['frames']) for seen in measured])


if __name__ == '__main__':
    main()
