// The flame tree as the page computes with it. Nodes stand in preorder, so a
// subtree is the range [node, end[node]) and a parent comes before its children.
import type { FlameColumns } from "../api";
import { visible } from "../format";

export interface Tree extends FlameColumns {
  size: number;
  depth: Int32Array;
  end: Int32Array;
  width: number[]; // of the frame: its total; compared, that of both times together, so that what is gone is seen too
  start: Float64Array; // where the frame begins, in the unit of `width`
}

export const kOther = "(other)";

export function buildTree(columns: FlameColumns): Tree {
  const size = columns.name.length;
  const depth = new Int32Array(size);
  const end = new Int32Array(size);
  const start = new Float64Array(size);
  const before = columns.beforeTotal;
  const width = before ? columns.total.map((total, i) => total + before[i]!) : columns.total;
  const taken = new Float64Array(size); // of a node's width, by the children placed so far
  for (let i = 1; i < size; ++i) {
    const parent = columns.parent[i]!;
    depth[i] = depth[parent]! + 1;
    start[i] = start[parent]! + taken[parent]!;
    taken[parent]! += width[i]!;
  }
  for (let i = size - 1; i >= 0; --i) {
    end[i] = Math.max(end[i]!, i + 1);
    const parent = columns.parent[i]!;
    if (parent >= 0) end[parent] = Math.max(end[parent]!, end[i]!);
  }
  return { size, ...columns, strings: columns.strings.map(visible), depth, end, width, start };
}

export function nameOf(tree: Tree, node: number): string {
  return tree.strings[tree.name[node]!]!;
}

export function moduleOf(tree: Tree, node: number): string {
  return tree.strings[tree.module[node]!]!;
}

// A frame without a name is of the kind "unknown", whatever code it ran; one with a name of no kind is a thread.
export function kindOf(tree: Tree, node: number): string {
  if (node === 0 || nameOf(tree, node) === kOther) return "root";
  if (whyOf(tree, node) !== "named") return "unknown";
  const kind = tree.strings[tree.kind[node]!]!;
  return kind === "unknown" ? "thread" : kind;
}

export function whyOf(tree: Tree, node: number): string {
  return tree.strings[tree.why[node]!]!;
}

// What was looked at in search of its name, or what went wrong; often empty.
export function reasonOf(tree: Tree, node: number): string {
  return tree.strings[tree.reason[node]!]!;
}

// "[unknown]" first, then where the frame is.
export function titleOf(tree: Tree, node: number): string {
  const name = nameOf(tree, node);
  return kindOf(tree, node) === "unknown" && !name.startsWith("[unknown]") ? `[unknown] ${name}` : name;
}

// Whether nothing was sampled, neither now nor, compared, before.
export function isEmpty(tree: Tree): boolean {
  return tree.width[0] === 0;
}

// Of everything, now; to divide by.
export function wholeOf(tree: Tree): number {
  return tree.total[0]! || 1;
}

export function shareOf(tree: Tree, node: number): number {
  return tree.total[node]! / wholeOf(tree);
}

// Of what the graph shows, what stands in it as "(other)": frames that weir put together.
export function shareOfOther(tree: Tree): number {
  let value = 0;
  for (let i = 1; i < tree.size; ++i) if (nameOf(tree, i) === kOther) value += tree.width[i]!;
  return value / (tree.width[0]! || 1);
}

// From -1, all of it is gone, to 1, all of it is new.
export function changeOf(before: number, after: number): number {
  const most = Math.max(Math.abs(before), Math.abs(after));
  return most === 0 ? 0 : (after - before) / most;
}

export function pathTo(tree: Tree, node: number): number[] {
  const path: number[] = [];
  for (let at = node; at >= 0; at = tree.parent[at]!) path.unshift(at);
  return path;
}

export function childrenOf(tree: Tree, node: number): number[] {
  const children: number[] = [];
  for (let at = node + 1; at < tree.end[node]!; at = tree.end[at]!) children.push(at);
  return children;
}

// What makes two frames the same function.
export function identity(tree: Tree, node: number): string {
  return `${nameOf(tree, node)}\0${moduleOf(tree, node)}`;
}

export function hash(text: string): number {
  let h = 2166136261;
  for (let i = 0; i < text.length; ++i) h = Math.imul(h ^ text.charCodeAt(i), 16777619);
  return h >>> 0;
}

const kStep = 4; // characters of a step in a way

function stepOf(tree: Tree, node: number): string {
  return (hash(identity(tree, node)) % 36 ** kStep).toString(36).padStart(kStep, "0");
}

// Where a node stands, short enough for an address and true for trees of other times too.
export function wayTo(tree: Tree, node: number): string {
  return pathTo(tree, node)
    .slice(1)
    .map((step) => stepOf(tree, step))
    .join("");
}

// The node at the end of a way; as much of it as exists in this tree.
export function followWay(tree: Tree, way: string): number {
  let at = 0;
  for (let i = 0; i < way.length; i += kStep) {
    const wanted = way.slice(i, i + kStep);
    const next = childrenOf(tree, at).find((child) => stepOf(tree, child) === wanted);
    if (next === undefined) break;
    at = next;
  }
  return at;
}

export function maxDepth(tree: Tree, node: number): number {
  let deepest = tree.depth[node]!;
  for (let i = node; i < tree.end[node]!; ++i) deepest = Math.max(deepest, tree.depth[i]!);
  return deepest;
}

export interface Row {
  key: string;
  title: string;
  module: string;
  kind: string;
  why: string;
  reason: string;
  self: number;
  total: number; // recursion counted once
  beforeSelf: number;
  beforeTotal: number;
  node: number; // the largest of its frames
}

const kFunctions = new WeakMap<Tree, Int32Array>();

// A number by node, the same for all frames of a function: a graph is zoomed more often than it comes.
function functionsOf(tree: Tree): Int32Array {
  let numbers = kFunctions.get(tree);
  if (!numbers) {
    const known = new Map<number, number>();
    numbers = Int32Array.from({ length: tree.size }, (_, i) => {
      const key = tree.name[i]! * tree.strings.length + tree.module[i]!;
      const number = known.get(key) ?? known.size;
      known.set(key, number);
      return number;
    });
    kFunctions.set(tree, numbers);
  }
  return numbers;
}

function rowOf(tree: Tree, node: number): Row {
  return {
    key: identity(tree, node),
    title: titleOf(tree, node),
    module: moduleOf(tree, node),
    kind: kindOf(tree, node),
    why: whyOf(tree, node),
    reason: reasonOf(tree, node),
    self: 0,
    total: 0,
    beforeSelf: 0,
    beforeTotal: 0,
    node,
  };
}

// Every function once, over the subtree of `root`. Threads are none.
export function functions(tree: Tree, root: number): Row[] {
  const numbers = functionsOf(tree);
  const rows: Row[] = []; // with gaps
  const covered: number[] = []; // up to which node the function's own frames reach
  for (let i = root; i < tree.end[root]!; ++i) {
    if (i === 0 || kindOf(tree, i) === "thread") continue;
    const number = numbers[i]!;
    let row = rows[number];
    if (!row) {
      row = rowOf(tree, i);
      rows[number] = row;
    }
    row.self += tree.self[i]!;
    row.beforeSelf += tree.beforeSelf?.[i] ?? 0;
    if (tree.width[i]! > tree.width[row.node]!) row.node = i;
    if (i < (covered[number] ?? 0)) continue;
    row.total += tree.total[i]!;
    row.beforeTotal += tree.beforeTotal?.[i] ?? 0;
    covered[number] = tree.end[i]!;
  }
  return rows.filter(Boolean);
}
