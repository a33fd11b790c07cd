import { useEffect, useState } from "preact/hooks";

const oneColumn = matchMedia("(max-width: 1040px)");

// Whether the screen has no room for two columns.
export function isOneColumn(): boolean {
  return oneColumn.matches;
}

export function useOneColumn(): boolean {
  const [one, setOne] = useState(isOneColumn);
  useEffect(() => {
    const follow = () => setOne(isOneColumn());
    oneColumn.addEventListener("change", follow);
    return () => oneColumn.removeEventListener("change", follow);
  }, []);
  return one;
}
