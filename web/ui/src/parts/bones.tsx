// What stands where an answer is on its way.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

function useLater(ms: number): boolean {
  const [passed, setPassed] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setPassed(true), ms);
    return () => clearTimeout(timer);
  }, [ms]);
  return passed;
}

// Only when the answer takes its time. `look`: the class of what is in it.
export function BonesBox({ look, children }: { look: string; children: ComponentChildren }) {
  if (!useLater(150)) return null;
  return (
    <div class={`bones ${look}`} aria-busy="true" role="status" aria-label="Loading">
      {children}
    </div>
  );
}

// Of what comes: lines of text, rows of a table, panels of one component, nodes of the graph.
type Shape = "lines" | "rows" | "panels" | "nodes";

// Grey bars in the shape of what comes.
export function Bones({ rows, height = 12, shape = "lines" }: { rows: number; height?: number; shape?: Shape }) {
  return (
    <BonesBox look={shape}>
      {Array.from({ length: rows }, (_, i) =>
        shape === "lines" ? (
          <i key={i} style={{ height: `${height}px`, width: `${88 - ((i * 37) % 45)}%` }} />
        ) : (
          <div key={i}>
            <i />
            <i style={{ width: `${36 - ((i * 7) % 17)}%` }} />
            <i style={{ width: `${54 - ((i * 11) % 29)}%` }} />
          </div>
        ),
      )}
    </BonesBox>
  );
}
