// One line above the graph: what is shown, where one is in it, and the way back.
import type { ComponentChildren } from "preact";
import { amount, changeText, changeTone, percent } from "../format";
import { Icon } from "../parts/icon";
import { type Tree, kindOf, pathTo, titleOf, wholeOf } from "./model";
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

// Of a node of `tree`, which is all there is or a part of it.
function Numbers({ all, tree, node, unit }: { all: Tree; tree: Tree; node: number; unit: string }) {
  const after = tree.total[node]!;
  const before = tree.beforeTotal?.[node];
  return (
    <span class="dim nowrap">
      {percent(after / wholeOf(all))}, {amount(after, unit)}
      {before !== undefined && (
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
      <Numbers all={tree} tree={middle.callees} node={0} unit={unit} />
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
      <Numbers all={tree} tree={tree} node={focus} unit={unit} />
      {kindOf(tree, focus) !== "root" && (
        <button
          type="button"
          class="link both nowrap"
          aria-label="Callers and callees"
          title="All that calls this function and all that it calls (s)"
          onClick={() => onMiddle(focus)}
        >
          <Icon name="sandwich" />
          <span class="hide-narrow">Callers and callees</span>
        </button>
      )}
    </div>
  );
}
