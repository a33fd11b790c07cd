// The graph with what belongs to it: search, legend, the way back, the table of functions.
import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { amount, percent, plural } from "../format";
import { Search } from "../parts";
import { Flame } from "./flame";
import { kKindOrder, kindWord } from "./kinds";
import { type Hits, type Tree, findAgain, kindOf, pathTo, search as searchTree, shareOf, titleOf } from "./model";
import { FunctionTable } from "./table";

function Legend({ tree }: { tree: Tree }) {
  const present = useMemo(() => {
    const kinds = new Set<string>();
    for (let i = 1; i < tree.size; ++i) kinds.add(kindOf(tree, i));
    return kKindOrder.filter((kind) => kinds.has(kind));
  }, [tree]);
  return (
    <div class="legend" aria-label="Kinds of code">
      {present.map((kind) => (
        <span key={kind}>
          <i class={`swatch k-${kind}`} />
          {kindWord(kind)}
        </span>
      ))}
    </div>
  );
}

function CompareLegend() {
  return (
    <div class="legend" aria-label="What the colours say">
      <span>
        <i class="swatch k-more" />
        More than before
      </span>
      <span>
        <i class="swatch k-less" />
        Less than before
      </span>
    </div>
  );
}

interface PathProps {
  tree: Tree;
  focus: number;
  unit: string;
  summary: ComponentChildren;
  onZoom: (node: number) => void;
}

function Path({ tree, focus, unit, summary, onZoom }: PathProps) {
  if (focus === 0) {
    return (
      <div class="path">
        <span class="cut">{summary} Click a frame to zoom.</span>
      </div>
    );
  }
  const path = pathTo(tree, focus);
  const parent = path[path.length - 2] ?? 0;
  return (
    <div class="path">
      <button type="button" class="link" onClick={() => onZoom(0)}>
        All
      </button>
      <span class="dim">›</span>
      {path.length > 3 && <span class="dim">… ›</span>}
      {parent > 0 && (
        <>
          <button type="button" class="link mono cut" onClick={() => onZoom(parent)}>
            {titleOf(tree, parent)}
          </button>
          <span class="dim">›</span>
        </>
      )}
      <span class="mono cut">{titleOf(tree, focus)}</span>
      <span class="dim nowrap">
        {percent(shareOf(tree, focus))}, {amount(tree.total[focus]!, unit)}
      </span>
    </div>
  );
}

// Keeps the zoom when new profiles come.
function useFocus(tree: Tree | undefined): [number, (node: number) => void] {
  const [state, setState] = useState<{ tree?: Tree; node: number }>({ node: 0 });
  const focus = useMemo(() => {
    if (!tree || !state.tree) return 0;
    return state.tree === tree ? state.node : findAgain(tree, state.tree, state.node);
  }, [tree, state]);
  useEffect(() => {
    if (tree && state.tree !== tree) setState({ tree, node: focus });
  }, [tree, focus]);
  const zoom = useCallback((node: number) => setState({ tree, node }), [tree]);
  return [focus, zoom];
}

function useEscape(onEscape: () => void): void {
  const latest = useRef(onEscape);
  latest.current = onEscape;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented && !document.querySelector("dialog[open]")) latest.current();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}

interface GraphProps {
  tree: Tree;
  title: string; // what was profiled
  unit: string;
  view: string; // flame, table or both
  summary: ComponentChildren; // of the whole, a sentence
  tools?: ComponentChildren; // behind the legend
}

export function Graph({ tree, title, unit, view, summary, tools }: GraphProps) {
  const [text, setText] = useState("");
  const [focus, zoom] = useFocus(tree);
  const hits: Hits | null = useMemo(() => searchTree(tree, text), [tree, text]);
  useEscape(() => {
    if (text) setText("");
    else if (focus > 0) zoom(tree.parent[focus]!);
  });
  return (
    <div class="graph" data-view={view}>
      <div class="tools">
        <Search slash value={text} label="Find a function" onChange={setText} />
        {hits && (
          <span class="sub nowrap" role="status">
            {percent(hits.share)}
            {unit === "nanoseconds" && " of CPU"}, {plural(hits.functions, "function")}
          </span>
        )}
        {tree.beforeTotal ? <CompareLegend /> : <Legend tree={tree} />}
        {tools}
      </div>
      {view !== "table" && <Path tree={tree} focus={focus} unit={unit} summary={summary} onZoom={zoom} />}
      {view !== "table" && <Flame tree={tree} unit={unit} service={title} focus={focus} hits={hits} onZoom={zoom} />}
      {view !== "flame" && <FunctionTable tree={tree} focus={focus} unit={unit} search={text} onPick={(row) => setText(row.title === text ? "" : row.title)} />}
    </div>
  );
}
