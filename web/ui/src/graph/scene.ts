// What of the graph is shown and where: modules open in place or folded, and
// with a search in a large graph only what is found and what is next to it.
import type { GraphAnswer, GraphEdge, GraphNode } from "./api";
import type { Kept } from "./keep";
import { type Ends, type Layout, layOut } from "./layout";
import type { Point, Size } from "./spot";

export const kBox: Size = { width: 170, height: 66 };
export const kHead = 34; // of an open module
const kPad = 18;
const kPort: Size = { width: 8, height: 8 };

// More components than this are folded into their modules.
export const kFoldAbove = 60;

export interface Box extends Point, Size {
  node: number;
  isOpen: boolean; // a frame around what is in it
}

export interface Line {
  edges: number[]; // that it stands for
  points: Point[];
}

export function edgesOf(graph: GraphAnswer, line: Line): GraphEdge[] {
  return line.edges.map((index) => graph.edges[index]!);
}

export interface Scene extends Size {
  boxes: Box[]; // frames before what is in them
  lines: Line[];
  ports: Point[]; // where something passes into an open module or out of it
  kept: Map<string, Kept>; // by id, for the scene after a reload
}

export interface Shown {
  isOpen: (node: number) => boolean;
  isVisible: (node: number) => boolean;
}

export function matchesOf(nodes: GraphNode[], text: string): Set<number> {
  const wanted = text.toLowerCase();
  return new Set(nodes.flatMap((node, index) => (wanted && node.id.toLowerCase().includes(wanted) ? [index] : [])));
}

// Those that are found, those next to them, and the modules around all of these.
export function neighbourhood(graph: GraphAnswer, found: Set<number>): Set<number> {
  const near = new Set(found);
  for (const edge of graph.edges) {
    if (found.has(edge.from)) near.add(edge.to);
    if (found.has(edge.to)) near.add(edge.from);
  }
  for (const node of [...near]) {
    for (const owner of ownersOf(graph.nodes, node)) near.add(owner);
  }
  return near;
}

// From the innermost outwards.
export function ownersOf(nodes: GraphNode[], node: number): number[] {
  const owners: number[] = [];
  for (let owner = nodes[node]?.owner; owner !== undefined; owner = nodes[owner]?.owner) owners.push(owner);
  return owners;
}

class Builder {
  private members = new Map<number, number[]>(); // of a module; -1: of the config
  private scene: Scene = { boxes: [], lines: [], ports: [], kept: new Map(), width: 0, height: 0 };

  constructor(
    private graph: GraphAnswer,
    private shown: Shown,
    private before: Map<string, Kept>,
  ) {
    graph.nodes.forEach((node, index) => {
      if (!shown.isVisible(index)) return;
      const owner = node.owner ?? -1;
      this.members.set(owner, [...(this.members.get(owner) ?? []), index]);
    });
  }

  run(least: number): Scene {
    const root = this.layOutModule(-1, least);
    root.put({ x: 0, y: 0 });
    return { ...this.scene, width: root.size.width, height: root.size.height };
  }

  private isFrame(node: number): boolean {
    return this.shown.isOpen(node) && this.members.has(node);
  }

  // The one among the members of `owner` that the node is, or is in.
  private memberIn(owner: number, node: number): number | undefined {
    for (let at: number | undefined = node; at !== undefined; at = this.graph.nodes[at]!.owner) {
      if ((this.graph.nodes[at]!.owner ?? -1) === owner) return at;
    }
    return undefined;
  }

  // An edge's ends at this level: places among its members, and behind those the ports.
  private endsAt(owner: number, edge: GraphEdge, place: Map<number, number>): Ends | undefined {
    const end = (node: number, port: number): number | undefined => {
      if (edge.inside && node === owner) return place.get(port);
      const member = this.memberIn(owner, node);
      return member === undefined ? undefined : place.get(member);
    };
    const [from, to] = [end(edge.from, kInPort), end(edge.to, kOutPort)];
    return from === undefined || to === undefined || from === to ? undefined : [from, to];
  }

  private layOutModule(owner: number, least: number): { size: Size; put: (corner: Point) => void } {
    const members = [...(this.members.get(owner) ?? [])];
    const inner = members.map((node) => (this.isFrame(node) ? this.layOutModule(node, 0) : undefined));
    const sizes = inner.map((module) => (module ? { width: module.size.width + 2 * kPad, height: module.size.height + kHead + 2 * kPad } : kBox));
    const place = new Map(members.map((node, index) => [node, index]));
    if (owner >= 0) this.addPorts(owner, place, sizes);
    const ends: Ends[] = [];
    const lines = new Map<string, number[]>();
    this.graph.edges.forEach((edge, index) => {
      const pair = this.endsAt(owner, edge, place);
      if (!pair) return;
      const known = lines.get(pair.join(" "));
      if (known) return void known.push(index);
      lines.set(pair.join(" "), [index]);
      ends.push(pair);
    });
    const names = this.namesOf(owner, place, sizes.length);
    const layout = layOut(sizes, ends, least, names.map((name) => this.before.get(name)));
    names.forEach((name, index) => this.scene.kept.set(name, layout.kept[index]!));
    const edges = [...lines.values()];
    return { size: layout, put: (corner) => this.put(corner, layout, members, inner, sizes, edges) };
  }

  // What each place among the members is remembered by.
  private namesOf(owner: number, place: Map<number, number>, count: number): string[] {
    const names = new Array<string>(count);
    for (const [member, index] of place) names[index] = member >= 0 ? this.graph.nodes[member]!.id : `${this.graph.nodes[owner]!.id} ${member}`;
    return names;
  }

  private addPorts(owner: number, place: Map<number, number>, sizes: Size[]): void {
    const inside = this.graph.edges.filter((edge) => edge.inside && (edge.from === owner || edge.to === owner));
    for (const [port, has] of [
      [kInPort, inside.some((edge) => edge.from === owner && place.has(edge.to))],
      [kOutPort, inside.some((edge) => edge.to === owner && place.has(edge.from))],
    ] as const) {
      if (has) {
        place.set(port, sizes.length);
        sizes.push(kPort);
      }
    }
  }

  private put(corner: Point, layout: Layout, members: number[], inner: ({ put: (corner: Point) => void } | undefined)[], sizes: Size[], edges: number[][]): void {
    const at = (point: Point): Point => ({ x: point.x + corner.x, y: point.y + corner.y });
    layout.places.forEach((point, index) => {
      const node = members[index];
      if (node === undefined) {
        this.scene.ports.push(at({ x: point.x + kPort.width / 2, y: point.y + kPort.height / 2 }));
        return;
      }
      const module = inner[index];
      const box = { ...at(point), ...sizes[index]!, node, isOpen: module !== undefined };
      this.scene.boxes.push(box);
      module?.put({ x: box.x + kPad, y: box.y + kHead + kPad });
    });
    layout.routes.forEach((points, index) => this.scene.lines.push({ edges: edges[index]!, points: points.map(at) }));
  }
}

const kInPort = -2;
const kOutPort = -3;

// `before`: what the last scene of the same look has kept.
export function buildScene(graph: GraphAnswer, shown: Shown, least: number, before: Map<string, Kept>): Scene {
  return new Builder(graph, shown, before).run(least);
}

// Changes with what the scene depends on, and with nothing else.
export function structureOf(graph: GraphAnswer): string {
  return JSON.stringify([graph.nodes.map((node) => [node.id, node.owner]), graph.edges.map((edge) => [edge.from, edge.to, edge.inside])]);
}
