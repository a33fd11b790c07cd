// A node that stood somewhere before a reload stands there after it: only what is new looks for a place.
import { gapBetween, mean, middle, type Point, type Size, type Spot } from "./spot";

// Where a node stood: in its part of the graph, and where that part began.
export interface Kept {
  at: Point;
  corner: Point;
}

export interface Place extends Point, Size {}

// What is taken of a column, from above to below.
class Taken {
  private spots: Pick<Spot, "node" | "y" | "height">[] = [];

  // The free place for it that is nearest to `wanted`; between two that leave no room there is none.
  nearest(spot: Spot, wanted: number): number {
    let best = 0;
    let least = Infinity;
    let from = 0;
    for (let i = 0; i <= this.spots.length; i++) {
      const above = this.spots[i - 1];
      const below = this.spots[i];
      if (above) from = Math.max(from, above.y + above.height + gapBetween(above, spot));
      const until = below ? below.y - gapBetween(spot, below) - spot.height : Infinity;
      if (until < from) continue;
      const y = Math.min(Math.max(wanted, from), until);
      if (Math.abs(y - wanted) < least) [best, least] = [y, Math.abs(y - wanted)];
    }
    return best;
  }

  put(spot: Spot, y: number): void {
    spot.y = Math.round(y);
    this.add(spot);
  }

  add(spot: Pick<Spot, "node" | "y" | "height">): void {
    const at = this.spots.findIndex((other) => other.y > spot.y);
    this.spots.splice(at < 0 ? this.spots.length : at, 0, spot);
  }
}

interface Column {
  x: number;
  width: number;
}

// `rows`: where those spots stood that did. `others`: what stands there of other parts of the graph.
export function keepRows(spots: Spot[], columns: number[][], sides: Column[], rows: Map<number, number>, others: Place[]): void {
  const taken = sides.map(({ x, width }) => {
    const column = new Taken();
    for (const other of others) {
      if (other.x < x + width && x < other.x + other.width) column.add({ node: 0, y: other.y, height: other.height });
    }
    return column;
  });
  const placed = new Set<number>();
  const put = (index: number, y: number) => {
    taken[spots[index]!.column]!.put(spots[index]!, y);
    placed.add(index);
  };
  for (const [index, y] of [...rows].sort((a, b) => a[1] - b[1])) {
    const spot = spots[index]!;
    // It may have come into another column, where others stand.
    if (taken[spot.column]!.nearest(spot, y) === y) put(index, y);
  }
  for (const column of columns) {
    const beside = (index: number) => {
      const near = [...spots[index]!.before, ...spots[index]!.after].filter((other) => placed.has(other));
      return near.length > 0 ? mean(near.map((other) => middle(spots[other]!))) - spots[index]!.height / 2 : (rows.get(index) ?? 0);
    };
    for (const index of column) {
      if (!placed.has(index)) put(index, taken[spots[index]!.column]!.nearest(spots[index]!, beside(index)));
    }
  }
}

// Where its part began, if all of it that stood somewhere stood in one part.
export function cornerOf(kept: (Kept | undefined)[]): Point | undefined {
  const corners = kept.flatMap((one) => (one ? [one.corner] : []));
  const [first] = corners;
  return first && corners.every((corner) => corner.x === first.x && corner.y === first.y) ? first : undefined;
}
