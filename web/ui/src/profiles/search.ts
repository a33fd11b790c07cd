// The search for functions. A text is looked for as it is; one that stands
// nowhere so is read as a regular expression.
import { type Tree, identity, titleOf, whyOf, wholeOf } from "./model";

export interface Pattern {
  matches: (text: string) => boolean;
  wrong: string; // why it is no regular expression; then it is looked for as it is
}

export interface Hits {
  hit: Uint8Array; // by node
  share: number; // of all, what the hits take together; a hit inside a hit is not counted again
  shareBefore?: number; // of the time before, where two are compared
  functions: number;
}

// The browser's words without its own repetition of the pattern.
function reasonOf(e: unknown): string {
  const text = e instanceof Error ? e.message : String(e);
  return text.slice(text.lastIndexOf(": ") + 2).toLowerCase();
}

function readPattern(text: string, standsSomewhere: (literal: (text: string) => boolean) => boolean): Pattern | null {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return null;
  const literal = (other: string) => other.toLowerCase().includes(wanted);
  if (standsSomewhere(literal)) return { matches: literal, wrong: "" };
  try {
    const expression = new RegExp(text.trim(), "i");
    return { matches: (other) => expression.test(other), wrong: "" };
  } catch (e) {
    return { matches: literal, wrong: reasonOf(e) };
  }
}

// Finds this name and no other.
export function exactly(name: string): string {
  return `^${name.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")}$`;
}

// The spellings of a tree, by their numbers: a frame without a name says so in its title.
function spellings(tree: Tree): Map<number, string> {
  const all = new Map<number, string>();
  for (let i = 1; i < tree.size; ++i) {
    if (!all.has(tree.module[i]!)) all.set(tree.module[i]!, tree.strings[tree.module[i]!]!);
    const name = tree.name[i]!;
    if (!all.has(name) || whyOf(tree, i) !== "named") all.set(name, titleOf(tree, i));
  }
  return all;
}

export function patternFor(tree: Tree, text: string): Pattern | null {
  return readPattern(text, (literal) => [...spellings(tree).values()].some(literal));
}

export function search(tree: Tree, pattern: Pattern): Hits {
  const matching = new Map<number, boolean>();
  for (const [index, spelling] of spellings(tree)) matching.set(index, pattern.matches(spelling));
  const hit = new Uint8Array(tree.size);
  let [value, valueBefore] = [0, 0];
  let covered = 0; // nodes before this one lie inside a hit
  const names = new Set<string>();
  for (let i = 1; i < tree.size; ++i) {
    if (!matching.get(tree.name[i]!) && !matching.get(tree.module[i]!)) continue;
    hit[i] = 1;
    names.add(identity(tree, i));
    if (i < covered) continue;
    value += tree.total[i]!;
    valueBefore += tree.beforeTotal?.[i] ?? 0;
    covered = tree.end[i]!;
  }
  const shareBefore = tree.beforeTotal && valueBefore / (tree.beforeTotal[0]! || 1);
  return { hit, share: value / wholeOf(tree), shareBefore, functions: names.size };
}
