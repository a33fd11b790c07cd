// What the colours of a flame graph say: the kinds of code that are there, or what more and less look like.
import { useMemo } from "preact/hooks";
import { isCpuTime } from "../format";
import { useTheme } from "../theme";
import { changeColour, kKindOrder, kindWord } from "./kinds";
import { type Tree, kindOf } from "./model";

function Kinds({ tree }: { tree: Tree }) {
  const present = useMemo(() => {
    const kinds = new Set<string>();
    for (let i = 1; i < tree.size; ++i) kinds.add(kindOf(tree, i));
    return kKindOrder.filter((kind) => kinds.has(kind));
  }, [tree]);
  return (
    <div class="legend" role="group" aria-label="Kinds of code">
      {present.map((kind) => (
        <span key={kind}>
          <i class={`swatch k-${kind}`} />
          {kindWord(kind)}
        </span>
      ))}
    </div>
  );
}

const kRamp = [-0.46, -0.34, -0.22, -0.1, 0, 0.1, 0.22, 0.34, 0.46];

function Ramp({ unit }: { unit: string }) {
  const dark = useTheme() === "dark";
  const what = isCpuTime(unit) ? "CPU" : "";
  return (
    <div class="legend" role="group" aria-label="What the colours say">
      <span>less {what}</span>
      <span class="ramp" aria-hidden="true">
        {kRamp.map((change) => (
          <i key={change} style={{ background: changeColour(change, dark) }} />
        ))}
      </span>
      <span>more {what}</span>
    </div>
  );
}

export function Legend({ tree, unit }: { tree: Tree; unit: string }) {
  return tree.beforeTotal ? <Ramp unit={unit} /> : <Kinds tree={tree} />;
}
