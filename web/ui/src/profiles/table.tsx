// Every function once: the flame graph's equal for those who do not see it, and the quickest answer for all.
import { useMemo, useState } from "preact/hooks";
import { amount, changeText, changeTone, percent, plural } from "../format";
import { kindWord, whyUnknown } from "./kinds";
import { type Row, type Tree, functions } from "./model";

type Key = "self" | "total";

const kFirst = 100;

interface TableProps {
  tree: Tree;
  focus: number;
  unit: string;
  search: string;
  onPick: (row: Row) => void;
}

function Head({ by, onSort }: { by: Key; onSort: (key: Key) => void }) {
  const column = (key: Key, word: string) => (
    <th scope="col" class="num" aria-sort={by === key ? "descending" : undefined}>
      <button type="button" onClick={() => onSort(key)}>
        {word}
        {by === key && " ↓"}
      </button>
    </th>
  );
  return (
    <thead>
      <tr>
        <th scope="col">Function</th>
        {column("self", "Self")}
        <th class="hide-narrow" aria-hidden="true" />
        {column("total", "Total")}
        <th scope="col" class="num hide-narrow">
          CPU time
        </th>
      </tr>
    </thead>
  );
}

interface LineProps {
  row: Row;
  by: Key;
  all: number;
  most: number;
  unit: string;
  onPick: (row: Row) => void;
}

function Line({ row, by, all, most, unit, onPick }: LineProps) {
  const why = row.kind === "unknown" ? whyUnknown(row.why, row.module, row.reason) : null;
  return (
    <tr class="pick" onClick={() => onPick(row)}>
      <td>
        <div class="function" title={why ? [why.what, why.found, why.remedy].filter(Boolean).join("\n") : row.title}>
          <i class={`swatch k-${row.kind}`} />
          <button type="button" class="mono cut plainbutton">
            {row.title}
          </button>
          <span class="sr">{kindWord(row.kind)}</span>
          {row.kind !== "unknown" && <span class="dim module cut">{row.module}</span>}
        </div>
      </td>
      <td class="num">{percent(row.self / all)}</td>
      <td class="hide-narrow">
        <span class="share">
          <i style={{ width: `${(100 * row[by]) / most}%` }} />
        </span>
      </td>
      <td class="num">{percent(row.total / all)}</td>
      <td class="num sub hide-narrow">{amount(row[by], unit)}</td>
    </tr>
  );
}

function CompareHead() {
  return (
    <thead>
      <tr>
        <th scope="col">Function</th>
        <th scope="col" class="num hide-narrow">
          Self before
        </th>
        <th scope="col" class="num hide-narrow">
          Self after
        </th>
        <th scope="col" class="num hide-narrow">
          Total
        </th>
        <th scope="col" class="num" aria-sort="descending">
          Self, change ↓
        </th>
      </tr>
    </thead>
  );
}

function CompareLine({ row, unit, onPick }: { row: Row; unit: string; onPick: (row: Row) => void }) {
  const change = row.self - row.beforeSelf;
  return (
    <tr class="pick" onClick={() => onPick(row)}>
      <td>
        <div class="function" title={row.title}>
          <button type="button" class="mono cut plainbutton">
            {row.title}
          </button>
          {row.kind !== "unknown" && <span class="dim module cut">{row.module}</span>}
        </div>
      </td>
      <td class="num sub hide-narrow">{amount(row.beforeSelf, unit)}</td>
      <td class="num hide-narrow">{amount(row.self, unit)}</td>
      <td class="num sub hide-narrow">{changeText(row.beforeTotal, row.total)}</td>
      <td class={`num ${changeTone(row.beforeSelf, row.self)}`}>
        {change > 0 ? "+" : change < 0 ? "−" : ""}
        {amount(Math.abs(change), unit)}
      </td>
    </tr>
  );
}

export function FunctionTable({ tree, focus, unit, search, onPick }: TableProps) {
  const [by, setBy] = useState<Key>("self");
  const [everything, setEverything] = useState(false);
  const rows = useMemo(() => functions(tree, focus), [tree, focus]);
  const shown = useMemo(() => {
    const wanted = search.trim().toLowerCase();
    const found = wanted ? rows.filter((row) => row.title.toLowerCase().includes(wanted) || row.module.toLowerCase().includes(wanted)) : rows;
    const changed = (row: Row) => Math.abs(row.self - row.beforeSelf);
    if (tree.beforeTotal) return [...found].sort((a, b) => changed(b) - changed(a) || b.total - a.total);
    return [...found].sort((a, b) => b[by] - a[by] || b.total - a.total);
  }, [rows, search, by]);
  const all = tree.total[0]! || 1;
  const most = Math.max(1, shown[0]?.[by] ?? 1);
  const cut = everything ? shown : shown.slice(0, kFirst);
  return (
    <div class="functions">
      <table class="list" aria-label="Functions">
        {tree.beforeTotal ? <CompareHead /> : <Head by={by} onSort={setBy} />}
        <tbody>
          {cut.map((row) =>
            tree.beforeTotal ? (
              <CompareLine key={row.key} row={row} unit={unit} onPick={onPick} />
            ) : (
              <Line key={row.key} row={row} by={by} all={all} most={most} unit={unit} onPick={onPick} />
            ),
          )}
          {cut.length === 0 && (
            <tr>
              <td class="dim" colSpan={5}>
                No function of this profile has “{search.trim()}” in its name or module.
              </td>
            </tr>
          )}
        </tbody>
      </table>
      {cut.length < shown.length && (
        <button type="button" class="button more" onClick={() => setEverything(true)}>
          Show {plural(shown.length - cut.length, "more function")}
        </button>
      )}
    </div>
  );
}
