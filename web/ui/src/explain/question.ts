// What is asked of weir: a process, a container or labels, as a person writes them and as the address says.

export type Kind = "pid" | "container" | "labels";

interface KindFacts {
  value: Kind;
  label: string;
  field: string; // what its field takes
}

export const kKinds: KindFacts[] = [
  { value: "pid", label: "Process", field: "Process id" },
  { value: "container", label: "Container", field: "Container: id or name" },
  { value: "labels", label: "Labels", field: 'Labels: job="web", zone="a"' },
];

export function factsOf(kind: Kind): KindFacts {
  return kKinds.find(({ value }) => value === kind)!;
}

export interface Question {
  kind: Kind;
  text: string; // "": nothing is asked
}

export function questionOf(query: URLSearchParams): Question {
  const kind = kKinds.find(({ value }) => query.get(value))?.value ?? "pid";
  return { kind, text: query.get(kind) ?? "" };
}

// name="value", name='value' or name=value, with commas between them.
const kPair = /^\s*([^\s=,{}"']+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^,\s{}"']+))\s*(?:,|$)/;

// What the API takes: JSON. Null where the text is neither that nor pairs.
function labelsJson(text: string): string | null {
  let rest = text.trim().replace(/^\{(.*)\}$/s, "$1");
  const labels: Record<string, string> = {};
  while (rest.trim()) {
    const pair = kPair.exec(rest);
    if (!pair) return text.trim().startsWith("{") ? text : null; // JSON: weir says what is wrong with it
    const [all, name = "", quoted, single, bare] = pair;
    labels[name] = quoted?.replace(/\\(.)/g, "$1") ?? single ?? bare ?? "";
    rest = rest.slice(all.length);
  }
  return JSON.stringify(labels);
}

// The parameters of the API, or what is wrong with the text.
export function parametersOf({ kind, text }: Question): Record<string, string> | string {
  const trimmed = text.trim();
  if (kind === "pid") return /^\d+$/.test(trimmed) ? { pid: trimmed } : `“${trimmed}” is no process id.`;
  if (kind === "container") return { container: trimmed };
  const labels = labelsJson(trimmed);
  return labels === null ? `“${trimmed}” is not written as in job="web", zone="a".` : { labels };
}
