// What an element measures, as the page draws by it.
import { useCallback, useLayoutEffect, useState } from "preact/hooks";

type Measures<Name extends string> = Readonly<Record<Name, number>>;

// Measured again whenever its size changes, and by `again` for what no observer tells, as scrolling. The same measures
// stay the same object.
export function useMeasures<E extends HTMLElement, Name extends string>(
  element: { current: E | null },
  unmeasured: Measures<Name>,
  measure: (element: E) => Measures<Name>,
): [measures: Measures<Name>, again: () => void] {
  const [measures, setMeasures] = useState(unmeasured);
  const again = useCallback(() => {
    if (!element.current) return;
    const next = measure(element.current);
    const names = Object.keys(next) as Name[];
    setMeasures((old) => (names.every((name) => old[name] === next[name]) ? old : next));
  }, []);
  useLayoutEffect(() => {
    again();
    const watch = new ResizeObserver(again);
    if (element.current) watch.observe(element.current);
    return () => watch.disconnect();
  }, []);
  return [measures, again];
}
