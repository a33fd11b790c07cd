// The pictures of nodes and edges.
import { baseName, sentence, visible } from "../format";
import { Mark, toneOf } from "../parts/health";
import type { GraphNode } from "./api";
import type { Flow } from "./edges";
import type { Point } from "./spot";
import { type Box, kBox, kHead, type Line } from "./scene";

const kTypeRoom = 20; // characters
const kFactRoom = 25;

function cut(whole: string, room: number): string {
  const text = visible(whole.slice(0, 4 * room));
  const letters = [...text];
  return letters.length > room ? `${letters.slice(0, room - 1).join("")}…` : text;
}

function typeOf(node: GraphNode): string {
  return node.label ? node.name : "";
}

function HealthAt({ node, x, y }: { node: GraphNode; x: number; y: number }) {
  return (
    <svg class={toneOf(node.health.state)} x={x} y={y} width="10" height="10" viewBox="0 0 10 10">
      <Mark state={node.health.state} />
    </svg>
  );
}

interface NodeProps {
  box: Box;
  node: GraphNode;
  inside: number; // components, of a module
  isChosen: boolean;
  isFaded: boolean;
}

function Fold({ box }: { box: Box }) {
  const x = box.width - 18;
  return (
    <g class="fold">
      <rect x={x - 8} y="9" width="16" height="16" rx="3" />
      <path d={box.isOpen ? `M${x - 4} 17h8` : `M${x - 4} 17h8M${x} 13v8`} />
    </g>
  );
}

export function NodeShape({ box, node, inside, isChosen, isFaded }: NodeProps) {
  const fact = sentence(node.health.message.slice(0, 200)) || (inside > 0 ? `${inside} components` : "");
  const classes = ["node", node.health.state, isChosen && "chosen", isFaded && "faded", box.isOpen && "frame"];
  return (
    <g class={classes.filter(Boolean).join(" ")} data-id={node.id} transform={`translate(${box.x} ${box.y})`}>
      <title>{`${node.id}: ${sentence(node.health.message.slice(0, 600))}`}</title>
      <rect class="body" width={box.width} height={box.height} rx="6" />
      <HealthAt node={node} x={12} y={12} />
      {box.isOpen ? (
        <text class="name" x="28" y="21">
          {cut(baseName(node.id), Math.floor((box.width - 60) / 7))}
        </text>
      ) : (
        <>
          <text class="type" x="28" y="21">
            {cut(typeOf(node), inside > 0 ? kTypeRoom - 3 : kTypeRoom)}
          </text>
          <text class="name" x="12" y="39">
            {cut(node.label || node.name, 20)}
          </text>
          <text class="fact" x="12" y="56">
            {cut(fact, kFactRoom)}
          </text>
        </>
      )}
      {inside > 0 && <Fold box={box} />}
    </g>
  );
}

function pathOf(points: Point[]): string {
  const first = points[0]!;
  let path = `M${first.x} ${first.y}`;
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1]!, points[i]!];
    const bend = Math.max(24, Math.abs(b.x - a.x) / 2);
    const forth = b.x >= a.x;
    path += a.y === b.y && forth ? `H${b.x}` : `C${a.x + bend} ${a.y} ${b.x - bend} ${b.y} ${b.x} ${b.y}`;
  }
  return path;
}

function widthOf(flow: Flow): number {
  return 1.2 + 1.6 * Math.min(1, Math.log10(1 + flow.size) / 4);
}

export function LineShape({ line, flow, isNear, isFaded }: { line: Line; flow: Flow; isNear: boolean; isFaded: boolean }) {
  const path = pathOf(line.points);
  const end = line.points[line.points.length - 1]!;
  const width = widthOf(flow);
  const classes = ["line", flow.tone, isNear && "near", isFaded && "faded"];
  return (
    <g class={classes.filter(Boolean).join(" ")}>
      <path class="way" d={path} stroke-width={width} />
      {flow.isMoving && <path class="flow" d={path} stroke-width={width} />}
      <path class="arrow" d={`M${end.x - 8} ${end.y - 4}l8 4l-8 4z`} />
    </g>
  );
}

const kLetter = 5.9;

export function LabelShape({ line, flow, isFaded }: { line: Line; flow: Flow; isFaded: boolean }) {
  if (!flow.text) return null;
  const [a, b] = [line.points[0]!, line.points[1]!];
  const x = (a.x + b.x) / 2;
  const y = (a.y + b.y) / 2 - (Math.abs(a.y - b.y) < 14 ? 8 + Math.max(4, Math.abs(a.y - b.y) / 2) : 0);
  const width = flow.text.length * kLetter + 8;
  return (
    <g class={`flowlabel ${flow.tone} ${isFaded ? "faded" : ""}`}>
      <rect x={x - width / 2} y={y - 8} width={width} height="16" rx="3" />
      <text x={x} y={y + 4}>
        {flow.text}
      </text>
    </g>
  );
}

interface FarProps {
  boxes: Box[];
  lines: Line[];
  nodes: GraphNode[];
  flows: Flow[]; // of the lines
  isFaded: (node: number) => boolean;
}

// From far away: one path of all nodes of a kind, one of all edges of a tone.
export function FarShapes({ boxes, lines, nodes, flows, isFaded }: FarProps) {
  const shapes = new Map<string, string>();
  for (const box of boxes) {
    const name = `far ${nodes[box.node]!.health.state} ${box.isOpen ? "frame" : ""} ${isFaded(box.node) ? "faded" : ""}`;
    shapes.set(name, `${shapes.get(name) ?? ""}M${box.x} ${box.y}h${box.width}v${box.height}h${-box.width}z`);
  }
  const ways = new Map<string, string>();
  lines.forEach((line, index) => {
    const { tone } = flows[index]!;
    ways.set(tone, `${ways.get(tone) ?? ""}${pathOf(line.points)}`);
  });
  return (
    <>
      {[...ways].map(([tone, path]) => (
        <g class={`line ${tone}`} key={tone}>
          <path class="way" d={path} stroke-width="2" />
        </g>
      ))}
      {[...shapes].map(([name, path]) => (
        <path class={name} key={name} d={path} />
      ))}
    </>
  );
}

export function contains(box: Box, point: Point): boolean {
  const height = box.isOpen ? kHead : box.height;
  return point.x >= box.x && point.x <= box.x + box.width && point.y >= box.y && point.y <= box.y + height;
}

export function isOnFold(box: Box, point: Point): boolean {
  return point.x >= box.x + box.width - 30 && point.y <= box.y + Math.min(kHead, kBox.height);
}
