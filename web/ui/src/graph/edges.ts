// What an edge says: how much flows, and whether it does.
import { useRef } from "preact/hooks";
import type { Polled } from "../ask";
import { count, plural, withUnit } from "../format";
import { useNow } from "../parts/now";
import type { GraphAnswer, GraphEdge, GraphNode } from "./api";

const kWindow = 60_000; // ms that a rate is taken over
const kLeast = 10_000; // ms: profiles come in bursts

export type Tone = "" | "waiting" | "bad";

export interface Flow {
  text: string; // "" where there is nothing to count
  size: number; // what its width goes by
  isMoving: boolean;
  tone: Tone;
}

function nameOf(graph: GraphAnswer, edge: GraphEdge): string {
  return `${graph.nodes[edge.from]!.id} ${graph.nodes[edge.to]!.id}`;
}

interface Reading {
  time: number;
  profiles: number;
}

// Profiles a second over the last minute, by the edge's name; nothing until enough time has passed.
export function useRates(polled: Polled<GraphAnswer>): Map<string, number> {
  const now = useNow(2_000);
  const readings = useRef(new Map<string, Reading[]>());
  const rates = new Map<string, number>();
  const graph = polled.data;
  if (!graph || polled.failures > 0) return rates;
  const kept = new Map<string, Reading[]>();
  for (const edge of graph.edges) {
    if (edge.profiles === undefined) continue;
    const name = nameOf(graph, edge);
    let list = readings.current.get(name) ?? [];
    const last = list[list.length - 1];
    if (last && last.profiles > edge.profiles) list = []; // the sender began anew
    if (list.length === 0 || last!.time < now) list = [...list, { time: now, profiles: edge.profiles }];
    // One reading from before the window stays, for its beginning.
    while (list.length > 2 && list[1]!.time < now - kWindow) list = list.slice(1);
    kept.set(name, list);
    const [first, latest] = [list[0]!, list[list.length - 1]!];
    const time = latest.time - first.time;
    if (time >= kLeast) rates.set(name, (latest.profiles - first.profiles) / (time / 1000));
  }
  readings.current = kept;
  return rates;
}

export function rateOf(graph: GraphAnswer, edge: GraphEdge, rates: Map<string, number>): number | undefined {
  return edge.profiles === undefined ? undefined : rates.get(nameOf(graph, edge));
}

export function rateText(rate: number): string {
  const digits = rate === 0 ? "0" : rate < 0.1 ? rate.toFixed(2) : rate < 10 ? rate.toFixed(1) : count(Math.round(rate));
  return withUnit(digits, "/s");
}

function stops(node: GraphNode): boolean {
  return node.health.state === "unhealthy" || node.health.state === "exited";
}

// Profiles wait for who takes them, everything else for who gives it.
function toneOf(graph: GraphAnswer, edge: GraphEdge): Tone {
  if (edge.inside) return "";
  const [from, to] = [graph.nodes[edge.from]!, graph.nodes[edge.to]!];
  const needed = edge.kind === "profiles" ? to : from;
  const other = edge.kind === "profiles" ? from : to;
  if (stops(needed)) return "bad";
  const waits = (node: GraphNode) => node.health.state === "waiting" || node.health.state === "unknown";
  if (waits(needed) || (waits(other) && other.health.message.includes(needed.id))) return "waiting";
  return "";
}

function worst(tones: Tone[]): Tone {
  return tones.includes("bad") ? "bad" : tones.includes("waiting") ? "waiting" : "";
}

function sum(values: (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length > 0 ? known.reduce((all, value) => all + value, 0) : undefined;
}

export function lengthText(kind: string, length: number): string {
  return plural(length, kind === "targets" ? "target" : "item");
}

// Of all edges that one line stands for.
export function flowOf(graph: GraphAnswer, edges: GraphEdge[], rates: Map<string, number>): Flow {
  const tone = worst(edges.map((edge) => toneOf(graph, edge)));
  const profiles = sum(edges.map((edge) => edge.profiles));
  if (profiles !== undefined) {
    const rate = sum(edges.map((edge) => rates.get(nameOf(graph, edge))));
    const text = rate === undefined ? plural(profiles, "profile") : rateText(rate);
    return { text, size: (rate ?? 0) * 60, isMoving: (rate ?? 0) > 0 && tone === "", tone };
  }
  const counted = edges.find((edge) => edge.length !== undefined);
  if (!counted) return { text: "", size: 0, isMoving: false, tone };
  return { text: lengthText(counted.kind, counted.length!), size: counted.length!, isMoving: false, tone };
}

// "targets, 29 targets" for a person who reads rather than looks.
export function spokenFlow(edges: GraphEdge[], flow: Flow): string {
  const names = [...new Set(edges.flatMap((edge) => edge.exports))].join(", ");
  return [names, flow.text].filter(Boolean).join(": ");
}
