// The graph with what belongs to it: search, legend, the way back, callers and callees, the table of functions.
import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import { isCpuTime, percent, plural } from "../format";
import { useKey } from "../keys";
import { Search } from "../parts/fields";
import { Flame } from "./flame";
import { Legend } from "./legend";
import { MiddleGraphs, MiddleTable } from "./middle";
import { type Row, type Tree, followWay, identity, kOther, shareOfOther, wayTo } from "./model";
import { Path } from "./path";
import { sandwich } from "./sandwich";
import { type Hits, exactly, patternFor, search as searchTree } from "./search";
import type { ChangeLook, Look } from "./state";
import { FunctionTable } from "./table";
import { WhyNote } from "./why";

function Found({ hits, unit }: { hits: Hits; unit: string }) {
  const { share, shareBefore, functions } = hits;
  const what = isCpuTime(unit) ? " of CPU" : "";
  const shares = shareBefore === undefined ? `${percent(share)}${what}` : `${percent(shareBefore)}${what} before, ${percent(share)} after`;
  return (
    <span class="sub nowrap" role="status">
      {shares}, {plural(functions, "function")}
    </span>
  );
}

interface GraphProps {
  tree: Tree;
  title: string; // what was profiled
  unit: string;
  view: string; // flame, table or both
  look: Look;
  onLook: ChangeLook;
  summary: ComponentChildren; // of the whole, a sentence
  tools?: ComponentChildren; // behind the legend
}

export function Graph({ tree, title, unit, view, look, onLook, summary, tools }: GraphProps) {
  const { search, sort } = look;
  const focus = useMemo(() => followWay(tree, look.zoom), [tree, look.zoom]);
  const middle = useMemo(() => (look.middle ? sandwich(tree, look.middle) : null), [tree, look.middle]);
  const other = useMemo(() => shareOfOther(tree), [tree]);
  const pattern = useMemo(() => patternFor(tree, search), [tree, search]);
  const hits = useMemo(() => pattern && searchTree(tree, pattern), [tree, pattern]);
  const matches = useMemo(() => pattern && ((row: Row) => pattern.matches(row.title) || pattern.matches(row.module)), [pattern]);
  const zoom = (node: number) => onLook({ zoom: wayTo(tree, node) }, true);
  const putInMiddle = (key: string) => onLook({ middle: key }, true);
  const nodeInMiddle = (node: number) => putInMiddle(node > 0 ? identity(tree, node) : "");
  const pick = (row: Row) => onLook({ search: search === exactly(row.title) ? "" : exactly(row.title) }, false);
  useKey("Escape", () => {
    if (search) onLook({ search: "" }, false);
    else if (middle) putInMiddle("");
    else if (focus > 0) zoom(tree.parent[focus]!);
  });
  return (
    <div class="graph" data-view={view}>
      <div class="tools">
        <Search
          slash
          value={search}
          label="Find a function"
          hint="Text, or a regular expression"
          wrong={pattern?.wrong ? "search-wrong" : undefined}
          onChange={(text) => onLook({ search: text }, false)}
        />
        {hits && <Found hits={hits} unit={unit} />}
        <Legend tree={tree} unit={unit} />
        {tools}
      </div>
      {pattern?.wrong && (
        <p class="aside small warn" id="search-wrong" role="status">
          “{search.trim()}” is no regular expression ({pattern.wrong}): it is looked for as it is.
        </p>
      )}
      <Path tree={tree} focus={focus} middle={middle} unit={unit} summary={summary} hasFrames={view !== "table"} onZoom={zoom} onMiddle={nodeInMiddle} />
      {look.middle && !middle && (
        <p class="aside small">
          No frame of this profile is of that function; all of it is shown.
        </p>
      )}
      {other > 0 && (
        <p class="aside small sub" role="note">
          {percent(other)} in frames too small to tell apart, “{kOther}”: of it a function, or what a search finds, may have more than it says.
        </p>
      )}
      {view !== "table" && <WhyNote tree={tree} node={middle ? middle.node : focus} />}
      {view !== "table" && !middle && (
        <Flame
          tree={tree}
          unit={unit}
          title={title}
          label={`Flame graph of ${title}`}
          focus={focus}
          hits={hits}
          hasTable={view === "both"}
          onOpen={zoom}
          onMiddle={nodeInMiddle}
        />
      )}
      {view !== "table" && middle && <MiddleGraphs of={middle} hasTable={view === "both"} unit={unit} pattern={pattern} onMiddle={putInMiddle} />}
      {view !== "flame" && middle && <MiddleTable of={middle} unit={unit} matches={matches} sort={sort} onMiddle={putInMiddle} />}
      {view !== "flame" && !middle && (
        <FunctionTable
          tree={tree}
          focus={focus}
          unit={unit}
          search={search}
          matches={matches}
          sort={sort}
          onSort={(next) => onLook({ sort: next }, false)}
          onPick={pick}
          onMiddle={(row) => putInMiddle(row.key)}
        />
      )}
    </div>
  );
}
