import { useEffect, useState } from "preact/hooks";

const kOneColumn = "(max-width: 1040px)";

// Whether the screen has no room for two columns.
export function isOneColumn(): boolean {
  return matchMedia(kOneColumn).matches;
}

export function useOneColumn(): boolean {
  const [query] = useState(() => matchMedia(kOneColumn));
  const [one, setOne] = useState(query.matches);
  useEffect(() => {
    const follow = () => setOne(query.matches);
    query.addEventListener("change", follow);
    return () => query.removeEventListener("change", follow);
  }, [query]);
  return one;
}
