// Every function once: the flame graph's equal for those who do not see it, and the quickest answer for all.
import type { ComponentChildren } from "preact";
import { useMemo, useState } from "preact/hooks";
import { amount, changeText, changeTone, difference, isCpuTime, percent, plural } from "../format";
import { Icon } from "../parts/icon";
import { type NoName, kindWord, whyUnknown } from "./kinds";
import { type Row, type Tree, functions, wholeOf } from "./model";
import { exactly } from "./search";
import type { Sort } from "./state";
import { Why } from "./why";

const kFirst = 100; // rows
const kColumns = 6; // of the table of one profile and of a comparison

interface TableProps {
  tree: Tree;
  focus: number;
  unit: string;
  search: string;
  matches: ((row: Row) => boolean) | null; // of the search; null: there is none
  sort: Sort;
  onSort: (sort: Sort) => void;
  onPick: (row: Row) => void;
  onMiddle: (row: Row) => void;
}

const kArrows: Record<Sort, string> = { self: "↓", total: "↓", name: "↑" };

function Head({ sort, unit, onSort }: { sort: Sort; unit: string; onSort: (sort: Sort) => void }) {
  const column = (key: Sort, word: string) => (
    <th scope="col" class={key === "name" ? "" : "num"} aria-sort={sort !== key ? undefined : key === "name" ? "ascending" : "descending"}>
      <button type="button" onClick={() => onSort(key)}>
        {word}
        {sort === key && ` ${kArrows[key]}`}
      </button>
    </th>
  );
  return (
    <thead>
      <tr>
        {column("name", "Function")}
        {column("self", "Self")}
        <th class="hide-narrow" aria-hidden="true" />
        {column("total", "Total")}
        <th scope="col" class="num hide-narrow">
          {sort === "total" ? "Total" : "Self"}, {isCpuTime(unit) ? "CPU time" : "in all"}
        </th>
      </tr>
    </thead>
  );
}

export function noNameOfRow(row: Row): NoName | null {
  return row.kind === "unknown" ? whyUnknown(row.why, row.module, row.reason) : null;
}

interface NameProps {
  row: Row;
  why: NoName | null;
  onPick: (row: Row) => void;
  onMiddle: (row: Row) => void;
  onWhy?: () => void;
  isWhyOpen?: boolean;
}

export function FunctionName({ row, why, onPick, onMiddle, onWhy, isWhyOpen }: NameProps) {
  const stop = (act: () => void) => (event: Event) => {
    event.stopPropagation();
    act();
  };
  return (
    <div class="function" title={why ? [why.what, why.found, why.remedy].filter(Boolean).join("\n") : row.title}>
      <i class={`swatch k-${row.kind}`} />
      <button type="button" class="mono cut plainbutton" onClick={stop(() => onPick(row))}>
        <bdi>{row.title}</bdi>
      </button>
      <span class="sr">{kindWord(row.kind)}</span>
      {onWhy && (
        <button type="button" class="link warn nowrap" aria-expanded={isWhyOpen} onClick={stop(onWhy)}>
          Why?
        </button>
      )}
      {row.kind !== "root" && (
        <button type="button" class="both plainbutton" aria-label={`Callers and callees of ${row.title}`} title="Callers and callees" onClick={stop(() => onMiddle(row))}>
          <Icon name="sandwich" />
        </button>
      )}
      {row.kind !== "unknown" && <span class="dim module cut">{row.module}</span>}
    </div>
  );
}

interface RowsProps<T> {
  label: string;
  caption: string;
  head: ComponentChildren;
  columns: number;
  items: T[];
  row: (item: T) => ComponentChildren;
  nothing: ComponentChildren; // to say where there is no item
}

// The first of them, and all when that is asked.
export function FunctionRows<T>({ label, caption, head, columns, items, row, nothing }: RowsProps<T>) {
  const [everything, setEverything] = useState(false);
  const shown = everything ? items : items.slice(0, kFirst);
  const hidden = items.length - shown.length;
  return (
    <div class="functions" tabIndex={0} role="region" aria-label={label}>
      <table aria-label={caption}>
        {head}
        <tbody>
          {shown.map(row)}
          {items.length === 0 && (
            <tr>
              <td class="dim" colSpan={columns}>
                {nothing}
              </td>
            </tr>
          )}
        </tbody>
      </table>
      {hidden > 0 && (
        <button type="button" class="button more" onClick={() => setEverything(true)}>
          Show {plural(hidden, "more function")}
        </button>
      )}
    </div>
  );
}

interface LineProps {
  row: Row;
  picked: boolean;
  onPick: (row: Row) => void;
  onMiddle: (row: Row) => void;
  children: ComponentChildren; // the cells of numbers
}

// A row, and below it why the function has no name, when that is asked.
function Line({ row, picked, onPick, onMiddle, children }: LineProps) {
  const [open, setOpen] = useState(false);
  const why = noNameOfRow(row);
  return (
    <>
      <tr class="pick" aria-selected={picked} onClick={() => onPick(row)}>
        <td>
          <FunctionName row={row} why={why} onPick={onPick} onMiddle={onMiddle} onWhy={why ? () => setOpen(!open) : undefined} isWhyOpen={open} />
        </td>
        {children}
      </tr>
      {open && why && (
        <tr>
          <td colSpan={kColumns} class="whycell">
            <Why noName={why} />
          </td>
        </tr>
      )}
    </>
  );
}

interface CellsProps {
  row: Row;
  sort: Sort;
  all: number;
  most: number;
  unit: string;
}

function Cells({ row, sort, all, most, unit }: CellsProps) {
  const value = sort === "total" ? row.total : row.self;
  return (
    <>
      <td class="num">{percent(row.self / all)}</td>
      <td class="hide-narrow">
        <span class="share">
          <i style={{ width: `${(100 * value) / most}%` }} />
        </span>
      </td>
      <td class="num">{percent(row.total / all)}</td>
      <td class="num sub hide-narrow">{amount(value, unit)}</td>
    </>
  );
}

function CompareHead({ unit }: { unit: string }) {
  return (
    <thead>
      <tr>
        <th scope="col">Function</th>
        <th scope="col" class="num hide-narrow">
          Total
        </th>
        <th scope="col" class="num hide-narrow">
          Self before
        </th>
        <th scope="col" class="num hide-narrow">
          Self after
        </th>
        <th scope="col" class="num">
          Change
        </th>
        <th scope="col" class="num" aria-sort="descending">
          {isCpuTime(unit) ? "CPU time ↓" : "In all ↓"}
        </th>
      </tr>
    </thead>
  );
}

function CompareCells({ row, unit }: { row: Row; unit: string }) {
  const tone = changeTone(row.beforeSelf, row.self);
  return (
    <>
      <td class={`num hide-narrow ${changeTone(row.beforeTotal, row.total)}`}>{changeText(row.beforeTotal, row.total)}</td>
      <td class="num sub hide-narrow">{amount(row.beforeSelf, unit)}</td>
      <td class="num hide-narrow">{amount(row.self, unit)}</td>
      <td class={`num ${tone}`}>{row.beforeSelf === row.self ? "" : changeText(row.beforeSelf, row.self)}</td>
      <td class={`num ${tone}`}>{difference(row.beforeSelf, row.self, unit)}</td>
    </>
  );
}

function ordered(tree: Tree, rows: Row[], sort: Sort): Row[] {
  const changed = (row: Row) => Math.abs(row.self - row.beforeSelf);
  const size = (a: Row, b: Row) => b.total + b.beforeTotal - a.total - a.beforeTotal;
  if (tree.beforeTotal) return [...rows].sort((a, b) => changed(b) - changed(a) || size(a, b));
  if (sort === "name") return [...rows].sort((a, b) => a.title.localeCompare(b.title, "en") || size(a, b));
  return [...rows].sort((a, b) => b[sort] - a[sort] || size(a, b));
}

export function FunctionTable({ tree, focus, unit, search, matches, sort, onSort, onPick, onMiddle }: TableProps) {
  const rows = useMemo(() => functions(tree, focus), [tree, focus]);
  const shown = useMemo(() => ordered(tree, matches ? rows.filter(matches) : rows, sort), [tree, rows, matches, sort]);
  const all = wholeOf(tree);
  const most = Math.max(1, ...shown.map((row) => (sort === "total" ? row.total : row.self)));
  const isCompared = tree.beforeTotal !== undefined;
  return (
    <FunctionRows
      label="Functions"
      caption={isCompared ? "Functions, the largest change of self first" : "Functions"}
      head={isCompared ? <CompareHead unit={unit} /> : <Head sort={sort} unit={unit} onSort={onSort} />}
      columns={kColumns}
      items={shown}
      row={(row) => (
        <Line key={row.key} row={row} picked={search !== "" && search === exactly(row.title)} onPick={onPick} onMiddle={onMiddle}>
          {isCompared ? <CompareCells row={row} unit={unit} /> : <Cells row={row} sort={sort} all={all} most={most} unit={unit} />}
        </Line>
      )}
      nothing={
        <>
          No function matches. The {focus > 0 ? "frame" : "profile"} has {plural(rows.length, "function")}; none has “{search.trim()}” in its name or module.
        </>
      }
    />
  );
}
