// The graph of components: the way of the data, what flows, and where it does not.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { url, usePoll } from "../ask";
import { kProfiledMachine, kStore } from "../example";
import { plural } from "../format";
import { kLeast } from "../live";
import { Bones } from "../parts/bones";
import { Search } from "../parts/fields";
import { Bar } from "../parts/panel";
import { AnswerState, NothingMatches, StateBox } from "../parts/states";
import { componentLink, replaceQuery } from "../route";
import type { GraphAnswer } from "./api";
import { Canvas } from "./canvas";
import { flowOf, spokenFlow, useRates } from "./edges";
import { buildScene, edgesOf, kFoldAbove, matchesOf, neighbourhood, ownersOf, type Scene, type Shown, structureOf } from "./scene";
import { Strip } from "./strip";

// From here on weir has more to tell each time, and is asked less often.
const kMany = 200;

function Empty() {
  return (
    <StateBox title="No component runs.">
      <p>The config names none. weir loads the config again as soon as it is saved; this one profiles every process of this machine:</p>
      <pre class="command">{`${kProfiledMachine}\n\n${kStore}`}</pre>
    </StateBox>
  );
}

// In how many components each module would open.
function countInside(graph: GraphAnswer): number[] {
  const inside = graph.nodes.map(() => 0);
  graph.nodes.forEach((_, node) => ownersOf(graph.nodes, node).forEach((owner) => inside[owner]!++));
  return inside;
}

// As the address has them.
function idsOf(list: string): Set<string> {
  return new Set(list.split(",").filter(Boolean));
}

function Drawing({ graph, rates, query }: { graph: GraphAnswer; rates: Map<string, number>; query: URLSearchParams }) {
  const text = query.get("q") ?? "";
  const turned = query.get("fold") ?? ""; // modules that are not as they are at first, by id
  const structure = structureOf(graph);
  const isLarge = graph.nodes.length > kFoldAbove;
  const inside = useMemo(() => countInside(graph), [structure]);
  const found = useMemo(() => matchesOf(graph.nodes, text), [structure, text]);
  const shown = useMemo((): Shown => {
    const others = idsOf(turned);
    const needed = new Set([...found].flatMap((node) => ownersOf(graph.nodes, node)));
    const seen = isLarge && found.size > 0 ? neighbourhood(graph, found) : undefined;
    return {
      isOpen: (node) => needed.has(node) || !isLarge !== others.has(graph.nodes[node]!.id),
      isVisible: (node) => !seen || seen.has(node),
    };
  }, [structure, turned, found, isLarge]);
  const last = useRef<{ look: string; kept: Scene["kept"] }>({ look: "", kept: new Map() });
  const look = [isLarge, text, turned].join(" ");
  const scene = useMemo(() => {
    const start = performance.now();
    const made = buildScene(graph, shown, 900, last.current.look === look ? last.current.kept : new Map());
    last.current = { look, kept: made.kept };
    performance.clearMeasures("graph layout");
    performance.measure("graph layout", { start });
    return made;
  }, [structure, shown]);
  const flows = scene.lines.map((line) => flowOf(graph, edgesOf(graph, line), rates));
  const chosen = graph.nodes.findIndex((node) => node.id === query.get("node"));
  const isOpen = (node: number) => inside[node]! > 0 && shown.isOpen(node);
  const fold = (node: number) => {
    const others = idsOf(turned);
    const id = graph.nodes[node]!.id;
    if (!others.delete(id)) others.add(id);
    replaceQuery({ fold: [...others].join(",") });
  };
  if (text && found.size === 0) {
    return (
      <NothingMatches title="No component matches." onClear={() => replaceQuery({ q: undefined })}>
        The config has {plural(graph.nodes.length, "component")}; none has “{text}” in its name.
      </NothingMatches>
    );
  }
  return (
    <>
      <Canvas
        key={isLarge ? text : ""}
        graph={graph}
        scene={scene}
        flows={flows}
        inside={inside}
        chosen={chosen}
        isFaded={(node) => found.size > 0 && !found.has(node)}
        onChoose={(node) => replaceQuery({ node: graph.nodes[node]!.id })}
        onOpen={(node) => (location.hash = componentLink(graph.nodes[node]!.id))}
        onFold={fold}
      />
      <Strip
        graph={graph}
        scene={scene}
        texts={scene.lines.map((line, index) => spokenFlow(edgesOf(graph, line), flows[index]!))}
        chosen={chosen}
        inside={inside[chosen] ?? 0}
        isOpen={chosen >= 0 && isOpen(chosen)}
        onFold={() => fold(chosen)}
      />
    </>
  );
}

export function GraphScreen({ query }: { query: URLSearchParams }) {
  const [least, setLeast] = useState(kLeast);
  const polled = usePoll<GraphAnswer>(url("graph"), { topic: "graph", least });
  const size = polled.data?.nodes.length ?? 0;
  useEffect(() => setLeast(size > kMany ? 3 * kLeast : kLeast), [size]);
  const rates = useRates(polled);
  const text = query.get("q") ?? "";
  return (
    <>
      <Bar title="Graph">
        <span class="dim small hide-narrow cut">Data flows from left to right. Lists show their length, profiles their rate over the last minute.</span>
        <span class="grow" />
        <Search slash value={text} label="Find a component" onChange={(q) => replaceQuery({ q })} />
      </Bar>
      <AnswerState of={polled} missing="The graph did not come." bones={<Bones rows={8} shape="nodes" />} />
      {polled.data?.nodes.length === 0 && <Empty />}
      {polled.data && polled.data.nodes.length > 0 && <Drawing graph={polled.data} rates={rates} query={query} />}
    </>
  );
}
