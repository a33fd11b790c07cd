// Debug info to take along.
import type { Statement, Value } from "../api";
import { toast } from "../toast";
import { entriesOf, isScalar } from "./entries";

// As a person would write it down: without the names of types.
function plain(body: Statement[]): Record<string, unknown> {
  const of = (value: Value): unknown => {
    if (!isScalar(value)) {
      const entries = entriesOf(value).map((entry): [string, unknown] => [entry.key, of(entry.value)]);
      if (value.type === "object") return Object.fromEntries(entries);
      const rest = value.length === undefined ? [] : [`… and ${value.length - entries.length} more`];
      return [...entries.map(([, element]) => element), ...rest];
    }
    return value.length === undefined ? value.value : `${value.value} … of ${value.length} bytes`;
  };
  const all: Record<string, unknown> = Object.create(null); // where no name is taken yet
  for (const one of body) {
    const name = one.label ? `${one.name} ${one.label}` : one.name;
    const value = one.value ? of(one.value) : plain(one.body ?? []);
    // Blocks may stand there many times.
    all[name] = name in all ? [all[name], value].flat() : value;
  }
  return all;
}

export function CopyJson({ body }: { body: Statement[] }) {
  if (!navigator.clipboard) return null; // an address that the browser does not trust
  const copy = () =>
    navigator.clipboard.writeText(JSON.stringify(plain(body), null, 2)).then(
      () => toast("healthy", "Copied as JSON."),
      (e) => toast("unhealthy", "Not copied.", String(e)),
    );
  return (
    <button type="button" class="button quiet" onClick={() => void copy()}>
      Copy as JSON
    </button>
  );
}
