// One line above the graph: what is shown, where one is in it, and the way back.
import type { ComponentChildren } from "preact";
import { amount, changeText, changeTone, percent } from "../format";
import { Icon } from "../parts/icon";
import { type Tree, kindOf, pathTo, shareOf, titleOf, wholeOf } from "./model";
import type { Sandwich } from "./sandwich";

interface PathProps {
  tree: Tree;
  focus: number;
  middle: Sandwich | null;
  unit: string;
  summary: ComponentChildren;
  hasFrames: boolean; // false: the table stands alone
  onZoom: (node: number) => void;
  onMiddle: (node: number) => void; // -1: no more
}

function Numbers({ tree, node, unit, total }: { tree: Tree; node: number; unit: string; total?: number }) {
  const after = total ?? tree.total[node]!;
  const before = tree.beforeTotal?.[node];
  return (
    <span class="dim nowrap">
      {total === undefined ? percent(shareOf(tree, node)) : percent(total / wholeOf(tree))}, {amount(after, unit)}
      {before !== undefined && total === undefined && (
        <>
          , <b class={changeTone(before, after)}>{changeText(before, after)}</b>
        </>
      )}
    </span>
  );
}

function Separator() {
  return (
    <span class="dim" aria-hidden="true">
      ›
    </span>
  );
}

function MiddlePath({ tree, middle, unit, onMiddle }: { tree: Tree; middle: Sandwich; unit: string; onMiddle: (node: number) => void }) {
  return (
    <div class="path">
      <button type="button" class="link" onClick={() => onMiddle(-1)}>
        All
      </button>
      <Separator />
      <span class="mono cut"><bdi>{middle.title}</bdi></span>
      <Numbers tree={tree} node={middle.node} unit={unit} total={middle.callees.total[0]!} />
      {middle.callees.beforeTotal && (
        <b class={`nowrap ${changeTone(middle.callees.beforeTotal[0]!, middle.callees.total[0]!)}`}>{changeText(middle.callees.beforeTotal[0]!, middle.callees.total[0]!)}</b>
      )}
      <span class="dim cut hide-narrow">Above it what calls it, below what it calls. Click one to put it in the middle.</span>
    </div>
  );
}

export function Path({ tree, focus, middle, unit, summary, hasFrames, onZoom, onMiddle }: PathProps) {
  if (middle) return <MiddlePath tree={tree} middle={middle} unit={unit} onMiddle={onMiddle} />;
  if (focus === 0) {
    return (
      <div class="path">
        <span class="cut">
          {summary} {hasFrames && <span class="hide-narrow">Click a frame to zoom.</span>}
        </span>
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
      <Separator />
      {path.length > 3 && <span class="dim nowrap">… ›</span>}
      {parent > 0 && (
        <>
          <button type="button" class="link mono cut hide-narrow" onClick={() => onZoom(parent)}>
            <bdi>{titleOf(tree, parent)}</bdi>
          </button>
          <span class="hide-narrow">
            <Separator />
          </span>
        </>
      )}
      <span class="mono cut"><bdi>{titleOf(tree, focus)}</bdi></span>
      <Numbers tree={tree} node={focus} unit={unit} />
      {kindOf(tree, focus) !== "root" && (
        <button type="button" class="link both nowrap" aria-label="Callers and callees" title="All that calls this function and all that it calls (s)" onClick={() => onMiddle(focus)}>
          <Icon name="sandwich" />
          <span class="hide-narrow">Callers and callees</span>
        </button>
      )}
    </div>
  );
}
