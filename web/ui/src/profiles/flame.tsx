// The flame graph: one canvas that draws the rows in view, root on top, or with callers above callees. Everything
// it shows stands in the table below it too; moves are read aloud.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { amount, changeText, isCpuTime, percent, plural } from "../format";
import { announce, endsChord, hasModifier } from "../keys";
import { useMeasures } from "../measures";
import { useTheme } from "../theme";
import { type Scene, boxes, draw, kRow } from "./draw";
import { kindWord } from "./kinds";
import { type Tree, childrenOf, followWay, kindOf, maxDepth, shareOf, titleOf, wayTo } from "./model";
import type { Hits } from "./search";
import { Tip } from "./tip";
import { noNameOf } from "./why";

interface FlameProps {
  tree: Tree;
  unit: string;
  title: string; // of the root
  label: string; // for who does not see it
  focus: number;
  hits: Hits | null;
  hasTable: boolean; // below it
  flipped?: boolean; // grows up from below the canvas; the root is not drawn
  onOpen: (node: number) => void; // a click, Enter
  onMiddle: (node: number) => void; // "s": the function with its callers and callees
}

const kZoomTime = 180; // ms

function eased(t: number): number {
  return 1 - (1 - t) ** 3;
}

// The values between the left and the right edge; moves there when the focus changes.
function useWindow(tree: Tree, focus: number): [number, number] {
  const goal: [number, number] = [tree.start[focus]!, tree.start[focus]! + tree.width[focus]!];
  const [now, setNow] = useState(goal);
  const shown = useRef({ tree, window: goal });
  const jumps = matchMedia("(prefers-reduced-motion: reduce)").matches;
  useEffect(() => {
    const from = shown.current.tree === tree ? shown.current.window : goal;
    const still = jumps || (from[0] === goal[0] && from[1] === goal[1]);
    let frame = 0;
    const began = performance.now();
    const step = (time: number) => {
      const t = still ? 1 : Math.min(1, Math.max(0, time - began) / kZoomTime);
      const k = eased(t);
      const next: [number, number] = [from[0] + (goal[0] - from[0]) * k, from[1] + (goal[1] - from[1]) * k];
      shown.current = { tree, window: next };
      setNow(next);
      if (t < 1) frame = requestAnimationFrame(step);
    };
    step(began);
    return () => cancelAnimationFrame(frame);
  }, [tree, focus]);
  return shown.current.tree === tree && !jumps ? now : goal;
}

interface Place {
  tree: Tree;
  node: number;
}

interface Pointer extends Place {
  x: number;
  y: number;
}

// Where it stands in a newer tree; -1: nowhere.
function nodeIn(tree: Tree, place: Place | null): number {
  if (!place) return -1;
  if (place.tree === tree) return place.node;
  const way = wayTo(place.tree, place.node);
  const node = followWay(tree, way);
  return wayTo(tree, node) === way ? node : -1;
}

// `inwards`: the arrow that leads from a frame to the first of what is beyond it.
function step(tree: Tree, from: number, key: string, inwards: string): number {
  const parent = tree.parent[from]!;
  if (key === inwards) return from + 1 < tree.end[from]! ? from + 1 : from;
  if (key === "ArrowUp" || key === "ArrowDown") return parent >= 0 ? parent : from;
  if (parent < 0) return from;
  const siblings = childrenOf(tree, parent);
  const at = siblings.indexOf(from) + (key === "ArrowRight" ? 1 : -1);
  return siblings[Math.max(0, Math.min(siblings.length - 1, at))]!;
}

function spoken(tree: Tree, node: number): string {
  const kind = kindOf(tree, node);
  const number = tree.beforeTotal ? changeText(tree.beforeTotal[node]!, tree.total[node]!) : percent(shareOf(tree, node));
  const noName = noNameOf(tree, node);
  return [titleOf(tree, node), kind === "root" ? "" : kindWord(kind), number, noName?.what].filter(Boolean).join(", ");
}

const kUnseen = { width: 0, height: 0, top: 0 };

// What of the canvas the box around it shows.
function viewOf(box: HTMLElement): typeof kUnseen {
  const { paddingLeft, paddingRight } = getComputedStyle(box);
  const width = box.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
  return { width, height: box.clientHeight, top: box.scrollTop };
}

function paint(canvas: HTMLCanvasElement, scene: Scene, width: number, height: number, dark: boolean): void {
  const g = canvas.getContext("2d");
  if (!g) return;
  const ratio = devicePixelRatio || 1;
  const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
  // Even the same size would give it new memory.
  if (canvas.width !== across) canvas.width = across;
  if (canvas.height !== down) canvas.height = down;
  canvas.style.height = `${height}px`;
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  const look = { dark, font: `12px ${getComputedStyle(canvas).fontFamily}` };
  const start = performance.now();
  draw(g, scene, look, width, height);
  // For who looks with the browser's own tools, and for bench/page_draw.py.
  performance.clearMeasures("flame draw");
  performance.measure("flame draw", { start });
}

export function Flame({ tree, unit, title, label, focus, hits, hasTable, flipped = false, onOpen, onMiddle }: FlameProps) {
  const theme = useTheme();
  const holder = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [{ width, height, top }, read] = useMeasures(holder, kUnseen, viewOf);
  const [pointer, setPointer] = useState<Pointer | null>(null);
  const [place, setPlace] = useState<Place | null>(null);
  const [from, until] = useWindow(tree, focus);
  const rows = useMemo(() => maxDepth(tree, focus) + (flipped ? 0 : 1), [tree, focus]);
  const fullHeight = rows * kRow;
  const drawnHeight = Math.min(fullHeight, Math.max(height, kRow));
  const hover = useMemo(() => nodeIn(tree, pointer), [tree, pointer?.tree, pointer?.node]);
  const chosen = useMemo(() => nodeIn(tree, place), [tree, place]);
  const rootTitle = `${title}  ${amount(tree.total[0]!, unit)}${isCpuTime(unit) ? " CPU" : ""}`;
  const bottom = flipped ? fullHeight : undefined;
  const scene: Scene = { tree, focus, from, until, hits, hover, chosen, top: Math.min(top, fullHeight - drawnHeight), bottom, rootTitle };

  // A tree of the same is the next of a live graph: what is looked at stays.
  useEffect(() => setPlace(null), [title]);
  useLayoutEffect(() => {
    if (flipped && holder.current) holder.current.scrollTop = holder.current.scrollHeight;
  }, [title, flipped]);
  useEffect(() => setPointer(null), [title, wayTo(tree, focus)]);
  useLayoutEffect(() => {
    if (canvas.current && width > 0) paint(canvas.current, scene, width, drawnHeight, theme === "dark");
  });

  const nodeAt = (event: MouseEvent): number => {
    const at = canvas.current!.getBoundingClientRect();
    const x = event.clientX - at.left;
    const y = event.clientY - at.top;
    const hit = boxes(scene, width, drawnHeight).find((box) => y >= box.y && y < box.y + kRow && x >= box.x && x < box.x + Math.max(1, box.width));
    return hit ? hit.node : -1;
  };
  const move = (event: PointerEvent) => {
    if (event.pointerType === "touch") return;
    const node = nodeAt(event);
    setPointer(node >= 0 ? { tree, node, x: event.clientX, y: event.clientY } : null);
  };
  const click = (event: MouseEvent) => {
    const node = nodeAt(event);
    if (node >= 0) onOpen(node);
  };
  const press = (event: KeyboardEvent) => {
    if (hasModifier(event)) return;
    if (event.key === "Enter" && chosen >= 0) {
      event.preventDefault();
      onOpen(chosen);
    } else if (event.key === "s" && !endsChord("s") && Math.max(chosen, hover) > 0) {
      onMiddle(chosen > 0 ? chosen : hover);
    } else if (event.key === "Escape" && hover >= 0) {
      event.preventDefault();
      setPointer(null);
    } else if (event.key.startsWith("Arrow")) {
      event.preventDefault();
      const next = step(tree, chosen < 0 ? focus : chosen, event.key, flipped ? "ArrowUp" : "ArrowDown");
      setPlace({ tree, node: next });
      announce(spoken(tree, next));
    }
  };
  return (
    <>
      <div class={flipped ? "flame flipped" : "flame"} ref={holder} onScroll={read}>
        <div style={{ height: `${fullHeight}px` }}>
          <canvas
            ref={canvas}
            tabIndex={0}
            role="img"
            aria-label={`${label}, ${plural(rows, "level")}. Arrow keys move, Enter opens.${hasTable ? " The table below lists the functions." : ""}`}
            onPointerMove={move}
            onPointerLeave={() => setPointer(null)}
            onClick={click}
            onKeyDown={press}
          />
        </div>
      </div>
      {hover >= 0 && pointer && <Tip tree={tree} unit={unit} node={hover} hasSelf={!flipped} x={pointer.x} y={pointer.y} />}
    </>
  );
}
