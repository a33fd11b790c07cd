// What stands beside the pointer: one frame and its numbers.
import { useLayoutEffect, useRef } from "preact/hooks";
import { amount, changeText, changeTone, percent } from "../format";
import { kindWord } from "./kinds";
import { type Tree, kindOf, moduleOf, shareOf, titleOf, wholeOf } from "./model";
import { Why, noNameOf } from "./why";

interface NumbersProps {
  tree: Tree;
  unit: string;
  node: number;
  hasSelf: boolean; // false: a caller, of which only what it calls is known
}

function Numbers({ tree, unit, node, hasSelf }: NumbersProps) {
  return (
    <div class="numbers">
      <span class="dim">Total</span>
      <span class="num">{amount(tree.total[node]!, unit)}</span>
      <span class="num">{percent(shareOf(tree, node))}</span>
      {hasSelf && (
        <>
          <span class="dim">Self</span>
          <span class="num">{amount(tree.self[node]!, unit)}</span>
          <span class="num">{percent(tree.self[node]! / wholeOf(tree))}</span>
        </>
      )}
    </div>
  );
}

function Comparison({ tree, unit, node, hasSelf }: NumbersProps) {
  const [before, after] = [tree.beforeTotal![node]!, tree.total[node]!];
  const [selfBefore, selfAfter] = [tree.beforeSelf![node]!, tree.self[node]!];
  return (
    <div class="numbers compared">
      <span />
      <span class="num dim">Before</span>
      <span class="num dim">After</span>
      <span class="num dim">Change</span>
      <span class="dim">Total</span>
      <span class="num">{amount(before, unit)}</span>
      <span class="num">{amount(after, unit)}</span>
      <span class={`num ${changeTone(before, after)}`}>{changeText(before, after)}</span>
      {hasSelf && (
        <>
          <span class="dim">Self</span>
          <span class="num">{amount(selfBefore, unit)}</span>
          <span class="num">{amount(selfAfter, unit)}</span>
          <span class={`num ${changeTone(selfBefore, selfAfter)}`}>{changeText(selfBefore, selfAfter)}</span>
        </>
      )}
    </div>
  );
}

const kAway = 14; // px from the pointer
const kEdge = 8; // px to the window's edge, or more

// Behind the pointer, or before it where there is no room behind.
function placeBeside(pointer: number, size: number, room: number): string {
  const behind = pointer + kAway;
  return `${Math.max(kEdge, behind + size > room - kEdge ? pointer - kAway - size : behind)}px`;
}

// `x`, `y`: of the pointer in the window.
export function Tip({ tree, unit, node, hasSelf, x, y }: NumbersProps & { x: number; y: number }) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (!box.current) return;
    const { style, offsetWidth, offsetHeight } = box.current;
    style.left = placeBeside(x, offsetWidth, innerWidth);
    style.top = placeBeside(y, offsetHeight, innerHeight);
  });
  const kind = kindOf(tree, node);
  const module = moduleOf(tree, node);
  const noName = noNameOf(tree, node);
  const numbers = { tree, unit, node, hasSelf };
  return (
    <div class="tip" role="tooltip" ref={box}>
      <b><bdi>{titleOf(tree, node)}</bdi></b>
      {kind !== "root" && (
        <div class="kind sub">
          <i class={`swatch k-${kind}`} />
          {kindWord(kind)}
          {module && `, ${module}`}
        </div>
      )}
      {tree.beforeTotal ? <Comparison {...numbers} /> : <Numbers {...numbers} />}
      {noName && <Why noName={noName} />}
    </div>
  );
}
