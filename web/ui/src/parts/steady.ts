import { useRef, useState } from "preact/hooks";

interface Hold {
  onPointerEnter: () => void;
  onPointerLeave: () => void;
  onFocusIn: (event: FocusEvent) => void;
  onFocusOut: () => void;
}

// While the pointer is over a list, or the keyboard in it, its order stands, whatever the new values say. Of a list that
// answers a `question` the rows that are gone stand too, as they were, until another is asked.
export function useSteadyOrder<T>(sorted: T[], keyOf: (item: T) => string, question?: string): [T[], Hold] {
  const [pointed, setPointed] = useState(false);
  const [focused, setFocused] = useState(false);
  const last = useRef<{ items: T[]; question?: string }>({ items: [] });
  let items = sorted;
  if ((pointed || focused) && last.current.question === question) {
    const now = new Map(sorted.map((item) => [keyOf(item), item]));
    items = last.current.items.flatMap((old) => {
      const key = keyOf(old);
      const item = now.get(key) ?? (question === undefined ? undefined : old);
      now.delete(key);
      return item === undefined ? [] : [item];
    });
    items.push(...now.values());
  }
  last.current = { items, question };
  return [
    items,
    {
      onPointerEnter: () => setPointed(true),
      onPointerLeave: () => setPointed(false),
      onFocusIn: (event) => setFocused((event.target as Element).matches(":focus-visible")),
      onFocusOut: () => setFocused(false),
    },
  ];
}
