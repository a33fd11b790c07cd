// The graph in its box: scrolled, zoomed, and only as much of it drawn as is seen.
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { announce, hasModifier } from "../keys";
import { useMeasures } from "../measures";
import { Icon } from "../parts";
import type { GraphAnswer } from "./api";
import { contains, FarShapes, isOnFold, LabelShape, LineShape, NodeShape } from "./draw";
import { type Flow, spokenFlow } from "./edges";
import type { Point } from "./spot";
import type { Box, Line, Scene } from "./scene";

const kMargin = 24;
const kTile = 256; // what is drawn changes in steps of this
const kFar = 0.42; // below, nothing could be read
const kLeast = 0.08;
const kMost = 1.5;

interface View {
  left: number;
  top: number;
  width: number;
  height: number;
}

const kUnseen: View = { left: 0, top: 0, width: 0, height: 0 };

function viewOf({ scrollLeft, scrollTop, clientWidth, clientHeight }: HTMLElement): View {
  const tile = (value: number) => Math.floor(value / kTile) * kTile;
  return { left: tile(scrollLeft), top: tile(scrollTop), width: clientWidth, height: clientHeight };
}

// As it can be read; a little smaller if it fits then; of a large graph an overview.
function firstScale(scene: Scene, view: View): number {
  const fits = Math.min((view.width - 2 * kMargin) / scene.width, (view.height - 2 * kMargin) / scene.height);
  if (fits >= 0.9) return Math.min(1, fits);
  return scene.boxes.length > 150 ? Math.max(kLeast, Math.min(1, (view.width - 2 * kMargin) / scene.width)) : 1;
}

function touches(view: View, scale: number, from: Point, to: Point): boolean {
  const x = (value: number) => value * scale + kMargin;
  return (
    x(to.x) >= view.left - kTile &&
    x(from.x) <= view.left + view.width + 2 * kTile &&
    x(to.y) >= view.top - kTile &&
    x(from.y) <= view.top + view.height + 2 * kTile
  );
}

function cornersOf(points: Point[]): [Point, Point] {
  const [xs, ys] = [points.map((point) => point.x), points.map((point) => point.y)];
  return [
    { x: Math.min(...xs), y: Math.min(...ys) - 12 },
    { x: Math.max(...xs), y: Math.max(...ys) + 12 },
  ];
}

// ---- moving by keys ----

function nearest(boxes: Box[], from: Box, key: string): Box | undefined {
  const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key] ?? [0, 0];
  let best: Box | undefined;
  let least = Infinity;
  for (const box of boxes) {
    const [x, y] = [box.x - from.x, box.y - from.y];
    const ahead = x * dx! + y * dy!;
    if (ahead <= 0) continue;
    const distance = ahead + 3 * Math.abs(x * dy! + y * dx!);
    if (distance < least) [best, least] = [box, distance];
  }
  return best;
}

// Along an edge first; else to what stands there.
function neighbour(scene: Scene, graph: GraphAnswer, from: Box, key: string): Box | undefined {
  const along = key === "ArrowRight" ? 1 : key === "ArrowLeft" ? -1 : 0;
  if (along !== 0) {
    const next = new Set(
      graph.edges.flatMap((edge) => (along > 0 ? (edge.from === from.node ? [edge.to] : []) : edge.to === from.node ? [edge.from] : [])),
    );
    const found = nearest(scene.boxes.filter((box) => next.has(box.node)), from, key);
    if (found) return found;
  }
  return nearest(scene.boxes, from, key);
}

interface CanvasProps {
  graph: GraphAnswer;
  scene: Scene;
  flows: Flow[]; // of the scene's lines
  inside: number[]; // of each node, how many components are in it
  chosen: number;
  isFaded: (node: number) => boolean;
  onChoose: (node: number) => void;
  onOpen: (node: number) => void;
  onFold: (node: number) => void;
}

function spoken(props: CanvasProps, box: Box): string {
  const node = props.graph.nodes[box.node]!;
  const out = props.scene.lines.flatMap((line, index) => {
    const edges = line.edges.map((edge) => props.graph.edges[edge]!);
    return edges.some((edge) => edge.from === box.node) ? [`${spokenFlow(edges, props.flows[index]!)} to ${props.graph.nodes[edges[0]!.to]!.id}`] : [];
  });
  return [node.id, node.health.state, node.health.message, ...out].filter(Boolean).join(", ").slice(0, 500);
}

function useDrag(box: { current: HTMLDivElement | null }) {
  const start = useRef<{ x: number; y: number; left: number; top: number } | null>(null);
  const moved = useRef(false);
  const down = (event: PointerEvent) => {
    const element = box.current;
    if (!element || event.button !== 0 || event.pointerType === "touch") return;
    start.current = { x: event.clientX, y: event.clientY, left: element.scrollLeft, top: element.scrollTop };
    moved.current = false;
  };
  const move = (event: PointerEvent) => {
    const from = start.current;
    const element = box.current;
    if (!from || !element) return;
    if (!moved.current && Math.hypot(event.clientX - from.x, event.clientY - from.y) < 5) return;
    if (!moved.current) element.setPointerCapture(event.pointerId);
    moved.current = true;
    element.scrollTo(from.left - (event.clientX - from.x), from.top - (event.clientY - from.y));
  };
  const up = () => {
    start.current = null;
  };
  return { moved, handlers: { onPointerDown: down, onPointerMove: move, onPointerUp: up, onPointerCancel: up } };
}

export function Canvas(props: CanvasProps) {
  const { graph, scene, flows, inside, chosen, isFaded, onChoose, onOpen, onFold } = props;
  const box = useRef<HTMLDivElement>(null);
  const picture = useRef<SVGSVGElement>(null);
  const [view, read] = useMeasures(box, kUnseen, viewOf);
  const [zoom, setZoom] = useState(0); // 0: as it fits
  const { moved, handlers } = useDrag(box);
  const scale = zoom || firstScale(scene, view);
  const centre = useRef<Point | null>(null);

  const zoomTo = useCallback(
    (next: number, at?: Point) => {
      const element = box.current;
      if (at) centre.current = at;
      else if (element) centre.current = { x: (element.scrollLeft + element.clientWidth / 2 - kMargin) / scale, y: (element.scrollTop + element.clientHeight / 2 - kMargin) / scale };
      setZoom(Math.max(kLeast, Math.min(kMost, next)));
    },
    [scale],
  );
  useLayoutEffect(() => {
    const element = box.current;
    const at = centre.current;
    centre.current = null;
    if (element && at) element.scrollTo(at.x * scale + kMargin - element.clientWidth / 2, at.y * scale + kMargin - element.clientHeight / 2);
    read();
  }, [scale]);
  useEffect(() => {
    const wheel = (event: WheelEvent) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      zoomTo(scale * Math.exp(-event.deltaY / 300));
    };
    box.current?.addEventListener("wheel", wheel, { passive: false });
    return () => box.current?.removeEventListener("wheel", wheel);
  }, [scale, zoomTo]);

  const pointOf = (event: MouseEvent): Point => {
    const at = picture.current!.getBoundingClientRect();
    return { x: (event.clientX - at.left - kMargin) / scale, y: (event.clientY - at.top - kMargin) / scale };
  };
  const hit = (event: MouseEvent) => {
    const point = pointOf(event);
    const found = [...scene.boxes].reverse().find((candidate) => contains(candidate, point));
    return found ? { found, point } : undefined;
  };
  const click = (event: MouseEvent) => {
    const at = moved.current ? undefined : hit(event);
    if (!at) return;
    if (inside[at.found.node]! > 0 && scale >= kFar && isOnFold(at.found, at.point)) onFold(at.found.node);
    else onChoose(at.found.node);
  };
  // What cannot be read from afar comes near first.
  const enter = (event: MouseEvent) => {
    const at = hit(event);
    if (scale < kFar) zoomTo(1, pointOf(event));
    else if (at) onOpen(at.found.node);
  };
  const reveal = (target: Box) => {
    const element = box.current!;
    const [x, y] = [target.x * scale + kMargin, target.y * scale + kMargin];
    const height = Math.min(target.height * scale, element.clientHeight / 2);
    const into = (from: number, size: number, least: number, room: number) => (from < least + 40 ? from - 60 : from + size > least + room - 40 ? from + size - room + 60 : least);
    element.scrollTo(into(x, target.width * scale, element.scrollLeft, element.clientWidth), into(y, height, element.scrollTop, element.clientHeight));
  };
  const press = (event: KeyboardEvent) => {
    if (hasModifier(event)) return;
    const here = scene.boxes.find((candidate) => candidate.node === chosen);
    if (event.key === "+" || event.key === "-") {
      zoomTo(event.key === "+" ? scale * 1.25 : scale / 1.25);
    } else if (event.key === "Enter" && here) {
      onOpen(here.node);
    } else if (event.key === " " && here && inside[here.node]! > 0) {
      event.preventDefault();
      onFold(here.node);
    } else if (event.key.startsWith("Arrow")) {
      event.preventDefault();
      const next = here ? neighbour(scene, graph, here, event.key) : scene.boxes[0];
      if (!next) return;
      onChoose(next.node);
      reveal(next);
      announce(spoken(props, next));
    }
  };

  // Who comes by a link sees what it names.
  const isShown = view.width > 0;
  useEffect(() => {
    const target = isShown && scene.boxes.find((candidate) => candidate.node === chosen);
    if (target) reveal(target);
  }, [isShown]);

  const boxes = scene.boxes.filter((one) => touches(view, scale, one, { x: one.x + one.width, y: one.y + one.height }));
  const lines: [Line, Flow][] = [];
  scene.lines.forEach((line, index) => {
    if (touches(view, scale, ...cornersOf(line.points))) lines.push([line, flows[index]!]);
  });
  const fades = (line: Line) => line.edges.every((index) => isFaded(graph.edges[index]!.from) && isFaded(graph.edges[index]!.to));
  const isNear = (line: Line) => line.edges.some((index) => graph.edges[index]!.from === chosen || graph.edges[index]!.to === chosen);
  const isFar = scale < kFar;
  const width = scene.width * scale + 2 * kMargin;
  const height = scene.height * scale + 2 * kMargin;
  const label = `Graph of ${graph.nodes.length} components and ${graph.edges.length} connections. Arrow keys move, Enter opens. The list of components has the same.`;
  return (
    <div class="graphwrap">
      <div class="graphbox" ref={box} tabIndex={0} role="group" aria-label={label} onScroll={read} onClick={click} onDblClick={enter} onKeyDown={press} {...handlers}>
        <svg ref={picture} width={width} height={height} role="img" aria-label={label} data-scale={scale}>
          <g transform={`translate(${kMargin} ${kMargin}) scale(${scale})`}>
            {isFar ? (
              <>
                <FarShapes boxes={boxes} lines={lines.map(([line]) => line)} nodes={graph.nodes} flows={lines.map(([, flow]) => flow)} isFaded={isFaded} />
                {boxes.filter((one) => one.node === chosen).map((one) => (
                  <rect class="far chosen" x={one.x} y={one.y} width={one.width} height={one.height} />
                ))}
              </>
            ) : (
              <>
                {boxes.filter((one) => one.isOpen).map((one) => (
                  <NodeShape key={one.node} box={one} node={graph.nodes[one.node]!} inside={inside[one.node]!} isChosen={one.node === chosen} isFaded={isFaded(one.node)} />
                ))}
                {lines.map(([line, flow]) => (
                  <LineShape key={line.edges[0]} line={line} flow={flow} isNear={isNear(line)} isFaded={fades(line)} />
                ))}
                {scene.ports.map((port) => (
                  <circle class="port" key={`${port.x} ${port.y}`} cx={port.x} cy={port.y} r="4" />
                ))}
                {boxes.filter((one) => !one.isOpen).map((one) => (
                  <NodeShape key={one.node} box={one} node={graph.nodes[one.node]!} inside={inside[one.node]!} isChosen={one.node === chosen} isFaded={isFaded(one.node)} />
                ))}
                {lines.map(([line, flow]) => (
                  <LabelShape key={line.edges[0]} line={line} flow={flow} isFaded={fades(line)} />
                ))}
              </>
            )}
          </g>
        </svg>
      </div>
      <div class="zoom" role="group" aria-label="Zoom">
        <button type="button" class="button square" aria-label="Smaller" onClick={() => zoomTo(scale / 1.25)}>
          <Icon name="minus" />
        </button>
        <button type="button" class="button" onClick={() => setZoom(0)}>
          Fit
        </button>
        <button type="button" class="button square" aria-label="Larger" onClick={() => zoomTo(scale * 1.25)}>
          <Icon name="plus" />
        </button>
      </div>
    </div>
  );
}
