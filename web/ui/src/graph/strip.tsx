// What is chosen: how it is, what it gets and what it gives.
import type { ComponentChildren } from "preact";
import { plural, sentence, span } from "../format";
import { HealthMark } from "../parts/health";
import { useNow } from "../parts/now";
import { componentLink } from "../route";
import type { GraphAnswer } from "./api";
import { edgesOf, type Scene } from "./scene";

interface Neighbour {
  id: string;
  text: string; // what flows
}

const kFirst = 3; // that are named

function Neighbours({ word, all }: { word: string; all: Neighbour[] }) {
  if (all.length === 0) return null;
  const lines = all.map(({ id, text }) => `${id}  ${text}`).join("\n");
  const nameOf = ({ id, text }: Neighbour, index: number): ComponentChildren => (
    <span key={id}>
      {index > 0 && ", "}
      <a class="mono" href={componentLink(id)}>{id}</a>
      {text && <span class="dim"> {text}</span>}
    </span>
  );
  return (
    <div class="cut" title={lines.slice(0, 2000)}>
      <span class="dim">{word}</span> {all.slice(0, kFirst).map(nameOf)}
      {all.length > kFirst && <span class="dim"> and {all.length - kFirst} more</span>}
    </div>
  );
}

interface StripProps {
  graph: GraphAnswer;
  scene: Scene;
  texts: string[]; // of the scene's lines
  chosen: number;
  inside: number; // components, of a module
  isOpen: boolean;
  onFold: () => void;
}

// At the other ends of the lines that have the chosen one at `mine`.
function neighboursAt(mine: "from" | "to", { graph, scene, texts, chosen }: StripProps): Neighbour[] {
  return scene.lines.flatMap((line, index) => {
    const edge = edgesOf(graph, line).find((one) => one[mine] === chosen);
    const other = mine === "from" ? edge?.to : edge?.from;
    return edge && other !== undefined && !edge.inside ? [{ id: graph.nodes[other]!.id, text: texts[index]! }] : [];
  });
}

export function Strip(props: StripProps) {
  const { graph, chosen, inside, isOpen, onFold } = props;
  const now = useNow(5_000);
  const node = graph.nodes[chosen];
  if (!node) return <div class="strip dim">Choose a component to see what it says, what it gets and what it gives.</div>;
  const message = sentence(node.health.message);
  return (
    <div class="strip">
      <div class="what">
        <div class="cut">
          <HealthMark state={node.health.state} /> <b class="mono">{node.id}</b> <span class="dim">for {span(now - node.health.since)}</span>
        </div>
        <div class="cut sub" title={message}><bdi>{message}</bdi></div>
      </div>
      <div class="flows">
        <Neighbours word="Gets from" all={neighboursAt("to", props)} />
        <Neighbours word="Gives to" all={neighboursAt("from", props)} />
      </div>
      {inside > 0 && (
        <button type="button" class="button" onClick={onFold}>
          {isOpen ? "Fold" : `Unfold ${plural(inside, "component")}`}
        </button>
      )}
      <a class="button" href={componentLink(node.id)}>Open</a>
    </div>
  );
}
