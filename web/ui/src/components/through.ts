// What goes into each component and out of it: "31 → 22 targets", "29 → 12.1/s".
import { usePoll, url } from "../ask";
import { count } from "../format";
import type { GraphAnswer, GraphEdge } from "../graph/api";
import { lengthText, rateOf, rateText, useRates } from "../graph/edges";

const kEvery = { topic: "graph", least: 5_000 } as const;

interface Side {
  text: string; // with its unit
  bare: string; // where the other side says the unit
  kind: string;
}

// A list goes to all who take it as it is, and so do profiles: what comes out is told once.
function sideOf(graph: GraphAnswer, edges: GraphEdge[], rates: Map<string, number>, join: (values: number[]) => number): Side | undefined {
  const profiles = edges.flatMap((edge) => rateOf(graph, edge, rates) ?? []);
  if (profiles.length > 0) return { text: rateText(join(profiles)), bare: rateText(join(profiles)), kind: "profiles" };
  const lists = edges.filter((edge) => edge.length !== undefined);
  const kind = lists.some((edge) => edge.kind === "targets") ? "targets" : "list";
  const lengths = lists.filter((edge) => edge.kind === kind).map((edge) => edge.length!);
  return lengths.length > 0 ? { text: lengthText(kind, join(lengths)), bare: count(join(lengths)), kind } : undefined;
}

const sum = (values: number[]) => values.reduce((all, value) => all + value, 0);
const most = (values: number[]) => Math.max(...values);

// By the component's id.
export function useThrough(): Map<string, string> {
  const polled = usePoll<GraphAnswer>(url("graph"), kEvery);
  const rates = useRates(polled);
  const graph = polled.data;
  const all = new Map<string, string>();
  graph?.nodes.forEach((node, index) => {
    const into = sideOf(graph, graph.edges.filter((edge) => edge.to === index && !edge.inside), rates, sum);
    const out = sideOf(graph, graph.edges.filter((edge) => edge.from === index && !edge.inside), rates, most);
    if (into && out) all.set(node.id, `${into.kind === out.kind || out.kind === "profiles" ? into.bare : into.text} → ${out.text}`);
    else if (into || out) all.set(node.id, into ? `${into.text} →` : `→ ${out!.text}`);
  });
  return all;
}
