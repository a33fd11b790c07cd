// What the columns of a graph are made of.

export interface Size {
  width: number;
  height: number;
}

export interface Point {
  x: number;
  y: number;
}

const kRowGap = 30;
const kLineGap = 18; // where an edge passes a column

// A node, or a place where an edge passes a column.
export interface Spot {
  node: number; // -1: an edge passes
  height: number;
  column: number;
  y: number; // of the upper side
  before: number[];
  after: number[];
}

export function gapBetween(a: Pick<Spot, "node">, b: Pick<Spot, "node">): number {
  return a.node < 0 || b.node < 0 ? kLineGap : kRowGap;
}

export function middle(spot: Spot): number {
  return spot.y + spot.height / 2;
}

export function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
