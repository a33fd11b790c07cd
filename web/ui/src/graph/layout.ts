// Where the nodes of a graph stand: in columns from left to right, each behind
// what it takes from, its inputs as near to their use as possible. Pure: the
// same graph gives the same places, and one that has changed keeps the old ones.
import { cornerOf, type Kept, keepRows, type Place } from "./keep";
import { gapBetween, mean, middle, type Point, type Size, type Spot } from "./spot";

export interface Layout extends Size {
  places: Point[]; // of the left upper corners
  routes: Point[][]; // of each edge, from the right side of one node to the left side of the other
}

export interface Arranged extends Layout {
  kept: Kept[]; // of each node, for the layout after a reload
}

export type Ends = [from: number, to: number];

const kColumnGap = 104;
const kApart = 40; // between parts that nothing connects
const kPort = 14; // between edges at one side of a node
const kWide = 300; // an open module
const kSweeps = 8;

function addTo(lists: Map<number, number[]>, key: number, value: number): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

// ---- columns ----

// Edges that would close a circle count backwards.
function withoutCircles(count: number, edges: Ends[]): Ends[] {
  const out: number[][] = Array.from({ length: count }, () => []);
  edges.forEach(([from], index) => out[from]!.push(index));
  const mark = new Uint8Array(count); // 1: on the way, 2: done
  const straight = [...edges];
  for (let root = 0; root < count; root++) {
    if (mark[root]) continue;
    const way: { node: number; next: number }[] = [{ node: root, next: 0 }];
    mark[root] = 1;
    while (way.length > 0) {
      const here = way[way.length - 1]!;
      const index = out[here.node]![here.next++];
      if (index === undefined) {
        mark[here.node] = 2;
        way.pop();
        continue;
      }
      const [from, to] = edges[index]!;
      if (mark[to] === 1) straight[index] = [to, from];
      else if (mark[to] === 0) {
        mark[to] = 1;
        way.push({ node: to, next: 0 });
      }
    }
  }
  return straight.filter(([from, to]) => from !== to);
}

// `isWide`: what nothing takes from goes to the end, where it widens no column that others stand in.
function columnsOf(count: number, edges: Ends[], isWide: (node: number) => boolean): number[] {
  const after: number[][] = Array.from({ length: count }, () => []);
  const inputs = new Array<number>(count).fill(0);
  for (const [from, to] of edges) {
    after[from]!.push(to);
    inputs[to]!++;
  }
  const column = new Array<number>(count).fill(0);
  const open = [...inputs];
  const order = open.flatMap((n, node) => (n === 0 ? [node] : []));
  for (let i = 0; i < order.length; i++) {
    for (const to of after[order[i]!]!) {
      column[to] = Math.max(column[to]!, column[order[i]!]! + 1);
      if (--open[to]! === 0) order.push(to);
    }
  }
  for (const node of order.reverse()) {
    const uses = after[node]!;
    if (uses.length === 0 && isWide(node)) column[node] = Math.max(...column);
    else if (uses.length > inputs[node]!) column[node] = Math.min(...uses.map((to) => column[to]!)) - 1;
  }
  return column;
}

// ---- rows ----

function makeSpots(nodes: number[], sizes: Size[], edges: Ends[], kept: (Kept | undefined)[]): { spots: Spot[]; chains: Map<string, number[]> } {
  // An open module that stood before the end stays there.
  const end = Math.max(...kept.map((one) => one?.at.x ?? 0));
  const column = columnsOf(nodes.length, edges, (node) => sizes[nodes[node]!]!.width > kWide && (kept[node]?.at.x ?? end) === end);
  const spots: Spot[] = nodes.map((node, i) => ({ node, height: sizes[node]!.height, column: column[i]!, y: 0, before: [], after: [] }));
  const chains = new Map<string, number[]>();
  for (const [from, to] of edges) {
    if (chains.has(`${from} ${to}`)) continue;
    const chain = [from];
    for (let at = column[from]! + 1; at < column[to]!; at++) {
      chain.push(spots.length);
      spots.push({ node: -1, height: 0, column: at, y: 0, before: [], after: [] });
    }
    chain.push(to);
    for (let i = 1; i < chain.length; i++) {
      spots[chain[i - 1]!]!.after.push(chain[i]!);
      spots[chain[i]!]!.before.push(chain[i - 1]!);
    }
    chains.set(`${from} ${to}`, chain);
  }
  return { spots, chains };
}

// Neighbours first side by side, then near each other: fewer edges cross.
function orderRows(spots: Spot[], columns: number[][]): void {
  const place = new Float64Array(spots.length);
  const number = () => columns.forEach((column) => column.forEach((spot, row) => (place[spot] = row)));
  number();
  for (let sweep = 0; sweep < kSweeps; sweep++) {
    const forth = sweep % 2 === 0;
    for (const column of forth ? columns : [...columns].reverse()) {
      const wanted = new Map(
        column.map((spot) => {
          const near = forth ? spots[spot]!.before : spots[spot]!.after;
          return [spot, near.length > 0 ? mean(near.map((other) => place[other]!)) : place[spot]!] as const;
        }),
      );
      column.sort((a, b) => wanted.get(a)! - wanted.get(b)! || place[a]! - place[b]!);
      column.forEach((spot, row) => (place[spot] = row));
    }
  }
}

// Each as near to what it wants as the others let it: blocks that meet move together.
function settle(column: number[], spots: Spot[], wanted: number[]): void {
  const offset: number[] = [];
  column.forEach((spot, i) => {
    const above = i > 0 ? spots[column[i - 1]!]! : undefined;
    offset.push(above ? offset[i - 1]! + above.height + gapBetween(above, spots[spot]!) : 0);
  });
  const blocks: { sum: number; size: number }[] = [];
  column.forEach((_, i) => {
    let block = { sum: wanted[i]! - offset[i]!, size: 1 };
    for (let last = blocks[blocks.length - 1]; last && last.sum / last.size > block.sum / block.size; last = blocks[blocks.length - 1]) {
      block = { sum: last.sum + block.sum, size: last.size + block.size };
      blocks.pop();
    }
    blocks.push(block);
  });
  let i = 0;
  for (const block of blocks) {
    for (let n = 0; n < block.size; n++, i++) spots[column[i]!]!.y = block.sum / block.size + offset[i]!;
  }
}

function placeRows(spots: Spot[], columns: number[][]): void {
  for (const column of columns) settle(column, spots, column.map(() => 0));
  for (let sweep = 0; sweep < kSweeps; sweep++) {
    const forth = sweep % 2 === 0;
    for (const column of forth ? columns : [...columns].reverse()) {
      const wanted = column.map((index) => {
        const spot = spots[index]!;
        const near = forth ? spot.before : spot.after;
        const all = near.length > 0 ? near : [...spot.before, ...spot.after];
        return all.length > 0 ? mean(all.map((other) => middle(spots[other]!))) - spot.height / 2 : spot.y;
      });
      settle(column, spots, wanted);
    }
  }
  const top = Math.min(...spots.map((spot) => spot.y));
  for (const spot of spots) spot.y = Math.round(spot.y - top);
}

// ---- edges ----

// How far from the middle of its node's side each edge begins and ends, so that they lie side by side.
function portsOf(edges: Ends[], chains: Map<string, number[]>, spots: Spot[]): { out: number[]; into: number[] } {
  const side = (mine: 0 | 1) => {
    const at = new Map<number, number[]>();
    edges.forEach((ends, index) => addTo(at, ends[mine], index));
    const offsets = new Array<number>(edges.length).fill(0);
    for (const [node, indexes] of at) {
      const next = (index: number) => {
        const chain = chains.get(edges[index]!.join(" "))!;
        return middle(spots[mine === 0 ? chain[1]! : chain[chain.length - 2]!]!);
      };
      indexes.sort((a, b) => next(a) - next(b));
      const room = spots[node]!.height - 20;
      const step = indexes.length > 1 ? Math.min(kPort, room / (indexes.length - 1)) : 0;
      indexes.forEach((index, i) => (offsets[index] = (i - (indexes.length - 1) / 2) * step));
    }
    return offsets;
  };
  return { out: side(0), into: side(1) };
}

// One part of the graph; edges hold places in `nodes`. `kept`: where each of them stood,
// `others`: what stands of other parts, both as seen from this one.
function layOutPart(nodes: number[], sizes: Size[], edges: Ends[], kept: (Kept | undefined)[], others: Place[]): Layout {
  const straight = withoutCircles(nodes.length, edges);
  const { spots, chains } = makeSpots(nodes, sizes, straight, kept);
  const columns: number[][] = [];
  spots.forEach((spot, index) => (columns[spot.column] ??= []).push(index));
  for (let i = 0; i < columns.length; i++) columns[i] ??= [];
  const left: number[] = [];
  const widths = columns.map((column) => Math.max(0, ...column.map((spot) => (spots[spot]!.node < 0 ? 0 : sizes[spots[spot]!.node]!.width))));
  widths.forEach((_, i) => left.push(i === 0 ? 0 : left[i - 1]! + widths[i - 1]! + kColumnGap));
  const rows = new Map(kept.flatMap((one, index) => (one ? [[index, one.at.y] as const] : [])));
  if (rows.size > 0) {
    keepRows(spots, columns, widths.map((width, i) => ({ x: left[i]!, width })), rows, others);
  } else {
    orderRows(spots, columns);
    placeRows(spots, columns);
  }
  const ports = portsOf(straight, chains, spots);
  const routes = edges.map((): Point[] => []);
  let at = 0;
  edges.forEach(([from, to], index) => {
    if (from === to) return;
    const i = at++;
    const chain = chains.get(straight[i]!.join(" "))!;
    const points = chain.flatMap((spot, step): Point[] => {
      const { column, node } = spots[spot]!;
      const x = left[column]!;
      const y = middle(spots[spot]!);
      if (step === 0) return [{ x: x + sizes[node]!.width, y: y + ports.out[i]! }];
      if (step === chain.length - 1) return [{ x, y: y + ports.into[i]! }];
      return [{ x, y }, { x: x + widths[column]!, y }];
    });
    routes[index] = straight[i]![0] === from ? points : points.reverse();
  });
  return {
    width: left[left.length - 1]! + widths[widths.length - 1]!,
    height: Math.max(...spots.map((spot) => spot.y + spot.height)),
    places: nodes.map((_, i) => ({ x: left[spots[i]!.column]!, y: spots[i]!.y })),
    routes,
  };
}

// ---- parts that nothing connects ----

function partsOf(count: number, edges: Ends[]): number[][] {
  const head = Array.from({ length: count }, (_, node) => node);
  const find = (node: number): number => {
    while (head[node] !== node) node = head[node] = head[head[node]!]!;
    return node;
  };
  for (const [from, to] of edges) head[Math.max(find(from), find(to))] = Math.min(find(from), find(to));
  const parts = new Map<number, number[]>();
  for (let node = 0; node < count; node++) {
    const root = find(node);
    addTo(parts, root, node);
  }
  return [...parts.values()].sort((a, b) => b.length - a.length || a[0]! - b[0]!);
}

// Like words on lines.
function pack(sizes: Size[], least: number): { corners: Point[] } & Size {
  const area = sizes.reduce((sum, size) => sum + (size.width + kApart) * (size.height + kApart), 0);
  const line = Math.max(least, Math.sqrt(area * 1.7), ...sizes.map((size) => size.width));
  const corners: Point[] = [];
  let [x, y, tallest, width] = [0, 0, 0, 0];
  for (const size of sizes) {
    if (x > 0 && x + size.width > line) [x, y, tallest] = [0, y + tallest + kApart, 0];
    corners.push({ x, y });
    width = Math.max(width, x + size.width);
    x += size.width + kApart;
    tallest = Math.max(tallest, size.height);
  }
  return { corners, width, height: y + tallest };
}

// Parts that stood somewhere stay there, new ones come below them.
function arrange(layouts: Layout[], stood: (Point | undefined)[], least: number): { corners: Point[] } & Size {
  const fixed = layouts.flatMap((layout, part) => (stood[part] ? [{ ...stood[part]!, width: layout.width, height: layout.height }] : []));
  if (fixed.length === 0) return pack(layouts, least);
  const bottom = Math.max(...fixed.map((place) => place.y + place.height));
  const fresh = pack(layouts.filter((_, part) => !stood[part]), least);
  const isMore = fixed.length < layouts.length;
  let next = 0;
  const corners = layouts.map((_, part) => {
    if (stood[part]) return stood[part]!;
    const corner = fresh.corners[next++]!;
    return { x: corner.x, y: corner.y + bottom + kApart };
  });
  return {
    corners,
    width: Math.max(...fixed.map((place) => place.x + place.width), isMore ? fresh.width : 0),
    height: isMore ? bottom + kApart + fresh.height : bottom,
  };
}

function shift(point: Point, by: Point): Point {
  return { x: point.x + by.x, y: point.y + by.y };
}

// `least`: width that is there anyway. `kept`: where the nodes stood before, if they did.
export function layOut(sizes: Size[], edges: Ends[], least = 0, kept: (Kept | undefined)[] = []): Arranged {
  const parts = partsOf(sizes.length, edges);
  const partOf = new Int32Array(sizes.length);
  const placeIn = new Int32Array(sizes.length);
  parts.forEach((nodes, part) => nodes.forEach((node, i) => ((partOf[node] = part), (placeIn[node] = i))));
  const edgesOf: number[][] = parts.map(() => []);
  edges.forEach(([from], index) => edgesOf[partOf[from]!]!.push(index));
  const keptIn = parts.map((nodes) => nodes.map((node) => kept[node]));
  const stood = keptIn.map(cornerOf);
  const places: (Place | undefined)[] = kept.map((one, node) => one && { ...shift(one.at, one.corner), ...sizes[node]! });
  const layouts = parts.map((nodes, part) => {
    const ends = edgesOf[part]!.map((index): Ends => [placeIn[edges[index]![0]]!, placeIn[edges[index]![1]]!]);
    const corner = stood[part];
    if (!corner) return layOutPart(nodes, sizes, ends, [], []);
    const away = { x: -corner.x, y: -corner.y };
    const others = places.flatMap((place, node) => (place && partOf[node] !== part ? [{ ...place, ...shift(place, away) }] : []));
    const layout = layOutPart(nodes, sizes, ends, keptIn[part]!, others);
    nodes.forEach((node, i) => (places[node] = { ...shift(layout.places[i]!, corner), ...sizes[node]! }));
    return layout;
  });
  const { corners, width, height } = arrange(layouts, stood, least);
  const result: Arranged = { width, height, places: new Array(sizes.length), routes: new Array(edges.length), kept: new Array(sizes.length) };
  parts.forEach((nodes, part) => {
    const corner = corners[part]!;
    nodes.forEach((node, i) => {
      const at = layouts[part]!.places[i]!;
      result.places[node] = shift(at, corner);
      result.kept[node] = { at, corner };
    });
    edgesOf[part]!.forEach((index, i) => (result.routes[index] = layouts[part]!.routes[i]!.map((point) => shift(point, corner))));
  });
  return result;
}
