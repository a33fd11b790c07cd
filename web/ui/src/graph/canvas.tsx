// The graph in its box: scrolled, zoomed, and only as much of it drawn as is seen.
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { announce, hasModifier } from "../keys";
import { useMeasures } from "../measures";
import { Icon } from "../parts/icon";
import type { GraphAnswer } from "./api";
import { contains, FarShapes, isOnFold, LabelShape, LineShape, NodeShape } from "./draw";
import { type Flow, spokenFlow } from "./edges";
import { neighbour } from "./neighbour";
import { type Box, edgesOf, type Line, type Scene } from "./scene";
import type { Point } from "./spot";
import { fittingScale, isBoxIn, isLineIn, kLeastScale, kMargin, kMostScale, kUnseen, middleOf, reveal, scrollToMiddle, viewOf } from "./view";

const kFar = 0.42; // below, nothing could be read
const kZoomStep = 1.25;

interface Holder {
  current: HTMLDivElement | null;
}

// What is in the middle stays there, unless another place is to come there. `onScaled`: what is seen may be something else.
function useZoom(box: Holder, fitting: number, onScaled: () => void) {
  const [chosen, setChosen] = useState(0); // 0: as it fits
  const scale = chosen || fitting;
  const centre = useRef<Point | null>(null);
  const zoomTo = useCallback(
    (next: number, at?: Point) => {
      centre.current = at ?? (box.current && middleOf(box.current, scale));
      setChosen(Math.max(kLeastScale, Math.min(kMostScale, next)));
    },
    [scale],
  );
  useLayoutEffect(() => {
    if (box.current && centre.current) scrollToMiddle(box.current, scale, centre.current);
    centre.current = null;
    onScaled();
  }, [scale]);
  useEffect(() => {
    const wheel = (event: WheelEvent) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      zoomTo(scale * Math.exp(-event.deltaY / 300));
    };
    const element = box.current;
    // Not passive: the browser would zoom the page as well.
    element?.addEventListener("wheel", wheel, { passive: false });
    return () => element?.removeEventListener("wheel", wheel);
  }, [scale, zoomTo]);
  return { scale, zoomTo, fit: () => setChosen(0) };
}

function useDrag(box: Holder) {
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

interface PictureProps {
  graph: GraphAnswer;
  boxes: Box[];
  lines: Line[];
  flows: Flow[]; // of the lines
  chosen: number;
  isFaded: (node: number) => boolean;
}

function FarPicture({ graph, boxes, lines, flows, chosen, isFaded }: PictureProps) {
  return (
    <>
      <FarShapes boxes={boxes} lines={lines} nodes={graph.nodes} flows={flows} isFaded={isFaded} />
      {boxes.filter((box) => box.node === chosen).map(({ node, x, y, width, height }) => (
        <rect class="far chosen" key={node} x={x} y={y} width={width} height={height} />
      ))}
    </>
  );
}

function NearPicture({ graph, boxes, lines, flows, chosen, isFaded, inside, ports }: PictureProps & { inside: number[]; ports: Point[] }) {
  const isLineFaded = (line: Line) => edgesOf(graph, line).every(({ from, to }) => isFaded(from) && isFaded(to));
  const isNear = (line: Line) => edgesOf(graph, line).some(({ from, to }) => from === chosen || to === chosen);
  const shapeOf = (box: Box) => (
    <NodeShape key={box.node} box={box} node={graph.nodes[box.node]!} inside={inside[box.node]!} isChosen={box.node === chosen} isFaded={isFaded(box.node)} />
  );
  return (
    <>
      {boxes.filter((box) => box.isOpen).map(shapeOf)}
      {lines.map((line, index) => (
        <LineShape key={line.edges[0]} line={line} flow={flows[index]!} isNear={isNear(line)} isFaded={isLineFaded(line)} />
      ))}
      {ports.map((port) => (
        <circle class="port" key={`${port.x} ${port.y}`} cx={port.x} cy={port.y} r="4" />
      ))}
      {boxes.filter((box) => !box.isOpen).map(shapeOf)}
      {lines.map((line, index) => (
        <LabelShape key={line.edges[0]} line={line} flow={flows[index]!} isFaded={isLineFaded(line)} />
      ))}
    </>
  );
}

function ZoomButtons({ onSmaller, onFit, onLarger }: { onSmaller: () => void; onFit: () => void; onLarger: () => void }) {
  return (
    <div class="zoom" role="group" aria-label="Zoom">
      <button type="button" class="button square" aria-label="Smaller" onClick={onSmaller}>
        <Icon name="minus" />
      </button>
      <button type="button" class="button" onClick={onFit}>
        Fit
      </button>
      <button type="button" class="button square" aria-label="Larger" onClick={onLarger}>
        <Icon name="plus" />
      </button>
    </div>
  );
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

function spoken({ graph, scene, flows }: CanvasProps, box: Box): string {
  const node = graph.nodes[box.node]!;
  const out = scene.lines.flatMap((line, index) => {
    const edges = edgesOf(graph, line);
    return edges.some((edge) => edge.from === box.node) ? [`${spokenFlow(edges, flows[index]!)} to ${graph.nodes[edges[0]!.to]!.id}`] : [];
  });
  return [node.id, node.health.state, node.health.message, ...out].filter(Boolean).join(", ").slice(0, 500);
}

export function Canvas(props: CanvasProps) {
  const { graph, scene, flows, inside, chosen, isFaded, onChoose, onOpen, onFold } = props;
  const box = useRef<HTMLDivElement>(null);
  const picture = useRef<SVGSVGElement>(null);
  const [view, lookAgain] = useMeasures(box, kUnseen, viewOf);
  const { scale, zoomTo, fit } = useZoom(box, fittingScale(scene, view), lookAgain);
  const { moved, handlers } = useDrag(box);
  const isFar = scale < kFar;
  const larger = () => zoomTo(scale * kZoomStep);
  const smaller = () => zoomTo(scale / kZoomStep);

  const pointOf = (event: MouseEvent): Point => {
    const at = picture.current!.getBoundingClientRect();
    return { x: (event.clientX - at.left - kMargin) / scale, y: (event.clientY - at.top - kMargin) / scale };
  };
  // The innermost: frames come before what is in them.
  const boxAt = (point: Point) => [...scene.boxes].reverse().find((candidate) => contains(candidate, point));
  const boxOf = (node: number) => scene.boxes.find((candidate) => candidate.node === node);
  const click = (event: MouseEvent) => {
    const point = pointOf(event);
    const hit = moved.current ? undefined : boxAt(point);
    if (!hit) return;
    if (inside[hit.node]! > 0 && !isFar && isOnFold(hit, point)) onFold(hit.node);
    else onChoose(hit.node);
  };
  // What cannot be read from afar comes near first.
  const enter = (event: MouseEvent) => {
    const point = pointOf(event);
    const hit = boxAt(point);
    if (isFar) zoomTo(1, point);
    else if (hit) onOpen(hit.node);
  };
  const move = (key: string) => {
    const here = boxOf(chosen);
    const next = here ? neighbour(scene, graph, here, key) : scene.boxes[0];
    if (!next) return;
    onChoose(next.node);
    reveal(box.current!, scale, next);
    announce(spoken(props, next));
  };
  const press = (event: KeyboardEvent) => {
    if (hasModifier(event)) return;
    const isHere = boxOf(chosen) !== undefined;
    if (event.key === "+") {
      larger();
    } else if (event.key === "-") {
      smaller();
    } else if (event.key === "Enter" && isHere) {
      onOpen(chosen);
    } else if (event.key === " " && isHere && inside[chosen]! > 0) {
      event.preventDefault();
      onFold(chosen);
    } else if (event.key.startsWith("Arrow")) {
      event.preventDefault();
      move(event.key);
    }
  };

  // Who comes by a link sees what it names.
  const isShown = view.width > 0;
  useEffect(() => {
    const target = isShown && boxOf(chosen);
    if (target) reveal(box.current!, scale, target);
  }, [isShown]);

  const seen = scene.lines.map((line, index) => ({ line, flow: flows[index]! })).filter(({ line }) => isLineIn(view, scale, line.points));
  const pictured = {
    graph,
    boxes: scene.boxes.filter((candidate) => isBoxIn(view, scale, candidate)),
    lines: seen.map(({ line }) => line),
    flows: seen.map(({ flow }) => flow),
    chosen,
    isFaded,
  };
  const label = `Graph of ${graph.nodes.length} components and ${graph.edges.length} connections. Arrow keys move, Enter opens. The list of components has the same.`;
  return (
    <div class="graphwrap">
      <div class="graphbox" ref={box} tabIndex={0} role="group" aria-label={label} onScroll={lookAgain} onClick={click} onDblClick={enter} onKeyDown={press} {...handlers}>
        <svg ref={picture} width={scene.width * scale + 2 * kMargin} height={scene.height * scale + 2 * kMargin} role="img" aria-label={label} data-scale={scale}>
          <g transform={`translate(${kMargin} ${kMargin}) scale(${scale})`}>
            {isFar ? <FarPicture {...pictured} /> : <NearPicture {...pictured} inside={inside} ports={scene.ports} />}
          </g>
        </svg>
      </div>
      <ZoomButtons onSmaller={smaller} onFit={fit} onLarger={larger} />
    </div>
  );
}
