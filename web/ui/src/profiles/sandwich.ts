// One function with all that calls it and all that it calls: two trees with the function at their root.
import type { FlameColumns } from "../api";
import { type Row, type Tree, buildTree, functions, identity, titleOf } from "./model";

export interface Sandwich {
  node: number; // one of its frames in the whole tree
  title: string;
  callers: Tree; // the root's children are what calls it
  callees: Tree;
}

interface Sums {
  total: number;
  self: number;
  beforeTotal: number;
  beforeSelf: number;
}

interface Branch extends Sums {
  node: number; // a frame of the whole tree that has its name
  children: Map<string, Branch>;
}

function branch(node: number): Branch {
  return { node, total: 0, self: 0, beforeTotal: 0, beforeSelf: 0, children: new Map() };
}

function childOf(parent: Branch, tree: Tree, node: number): Branch {
  const key = identity(tree, node);
  let child = parent.children.get(key);
  if (!child) parent.children.set(key, (child = branch(node)));
  return child;
}

function addTo(to: Branch, tree: Tree, node: number, withSelf: boolean): void {
  to.total += tree.total[node]!;
  to.beforeTotal += tree.beforeTotal?.[node] ?? 0;
  if (!withSelf) return;
  to.self += tree.self[node]!;
  to.beforeSelf += tree.beforeSelf?.[node] ?? 0;
}

// As the columns that weir answers with, the largest first.
function flatten(tree: Tree, root: Branch): Tree {
  const order: { branch: Branch; parent: number }[] = [];
  const open = [{ branch: root, parent: -1 }];
  while (open.length > 0) {
    const next = open.pop()!;
    const place = order.push(next) - 1;
    const children = [...next.branch.children.values()].sort((a, b) => a.total + a.beforeTotal - b.total - b.beforeTotal);
    for (const child of children) open.push({ branch: child, parent: place });
  }
  const of = (column: number[]) => order.map((one) => column[one.branch.node]!);
  const sums = (key: keyof Sums) => order.map((one) => one.branch[key]);
  const columns: FlameColumns = {
    strings: tree.strings,
    name: of(tree.name),
    module: of(tree.module),
    kind: of(tree.kind),
    why: of(tree.why),
    reason: of(tree.reason),
    total: sums("total"),
    self: sums("self"),
    parent: order.map((one) => one.parent),
  };
  if (tree.beforeTotal) {
    columns.beforeTotal = sums("beforeTotal");
    columns.beforeSelf = sums("beforeSelf");
  }
  return buildTree(columns);
}

function addCallees(root: Branch, tree: Tree, top: number): void {
  const places = new Map([[top, root]]);
  for (let i = top; i < tree.end[top]!; ++i) {
    const place = i === top ? root : childOf(places.get(tree.parent[i]!)!, tree, i);
    places.set(i, place);
    addTo(place, tree, i, true);
  }
}

function addCallers(root: Branch, tree: Tree, top: number): void {
  addTo(root, tree, top, false);
  let place = root;
  for (let at = tree.parent[top]!; at > 0; at = tree.parent[at]!) {
    place = childOf(place, tree, at);
    addTo(place, tree, top, false);
  }
}

// Null when no frame is of that function. A call of itself is one of its callees, and counted once.
export function sandwich(tree: Tree, wanted: string): Sandwich | null {
  let callers: Branch | null = null;
  let callees: Branch | null = null;
  for (let i = 1; i < tree.size; ) {
    if (identity(tree, i) !== wanted) {
      ++i;
      continue;
    }
    callers ??= branch(i);
    callees ??= branch(i);
    addCallees(callees, tree, i);
    addCallers(callers, tree, i);
    i = tree.end[i]!;
  }
  if (!callers || !callees) return null;
  return { node: callers.node, title: titleOf(tree, callers.node), callers: flatten(tree, callers), callees: flatten(tree, callees) };
}

export interface Neighbour {
  row: Row;
  caller?: Row; // as what calls it, by itself or through others
  callee?: Row; // as what it calls
}

function weight(row: Row | undefined): number {
  return row ? row.total + row.beforeTotal : 0;
}

// The largest first.
export function neighbours(of: Sandwich): Neighbour[] {
  const found = new Map<string, Neighbour>();
  for (const caller of functions(of.callers, 0)) found.set(caller.key, { row: caller, caller });
  for (const callee of functions(of.callees, 0)) {
    found.set(callee.key, { row: callee, ...found.get(callee.key), callee });
  }
  const largest = (one: Neighbour) => Math.max(weight(one.caller), weight(one.callee));
  return [...found.values()].sort((a, b) => largest(b) - largest(a));
}
