// A long list of a component, read from weir in pages of 50 and filtered there.
import { useEffect, useState } from "preact/hooks";
import type { Value, ViewPage } from "../api";
import { componentPath, url, useKept } from "../ask";
import { count, plural, visible } from "../format";
import { Bones } from "../parts/bones";
import { Search } from "../parts/fields";
import { givenFirst, isMeta, Label } from "../parts/label";
import { NotRenewed } from "../parts/states";
import { entriesOf, shortText } from "./entries";

export const kPage = 50;
const kTyping = 200; // ms without a key before the filter is sent

export function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), kTyping);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

function Labels({ of }: { of: Value }) {
  const set = entriesOf(of).filter((entry) => entry.value.value !== ""); // an empty label is none
  return (
    <>
      {set.sort((a, b) => givenFirst(a.key, b.key)).map(({ key, value }) => (
        <Label key={key} name={key} value={shortText(value)} title={`${key}=${shortText(value)}`} />
      ))}
    </>
  );
}

function Row({ value }: { value: Value }) {
  if (value.type !== "object") return <span class="mono"><bdi>{visible(shortText(value))}</bdi></span>;
  return <Labels of={value} />;
}

// Rows that all have the same few fields are columns; label sets are not.
function columnsOf(rows: Value[]): string[] | null {
  if (rows.length === 0 || rows.some((row) => row.type !== "object")) return null;
  const keysOf = (row: Value) => entriesOf(row).map((entry) => entry.key);
  const first = keysOf(rows[0]!);
  if (first.length > 6 || first.some(isMeta)) return null;
  const same = rows.every((row) => {
    const keys = keysOf(row);
    return keys.length === first.length && keys.every((key, index) => key === first[index]);
  });
  return same ? first : null;
}

function Rows({ rows }: { rows: Value[] }) {
  const columns = columnsOf(rows);
  if (!columns) {
    return (
      <ul class="rows">
        {rows.map((row, index) => (
          <li key={index}>
            <Row value={row} />
          </li>
        ))}
      </ul>
    );
  }
  return (
    <div class="scroll-x" tabIndex={0} role="group" aria-label="Rows">
      <table>
        <thead>
          <tr>
            {columns.map((column) => (
              <th scope="col" key={column}>
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={index}>
              {entriesOf(row).map(({ key, value }) => (
                <td key={key} class={value.type === "number" ? "num" : "mono"}>
                  {value.type === "object" ? <Labels of={value} /> : <bdi>{visible(shortText(value))}</bdi>}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface PageOf {
  total: number;
  matching: number;
  offset: number;
  rows: unknown[];
}

// Not disabled: that would take the focus from who has come to the last page.
function Turn({ label, able, onTurn }: { label: string; able: boolean; onTurn: () => void }) {
  return (
    <button type="button" class="button" aria-disabled={able ? undefined : "true"} onClick={() => able && onTurn()}>
      {label}
    </button>
  );
}

export function Pager({ page, onMove }: { page: PageOf; onMove: (offset: number) => void }) {
  const last = page.offset + page.rows.length;
  const of = page.matching === page.total ? count(page.total) : `${count(page.matching)} that match, ${count(page.total)} in all`;
  return (
    <div class="pager">
      <span>
        {page.rows.length > 0 ? `${count(page.offset + 1)}–${count(last)} of ${of}` : `0 of ${of}`}
      </span>
      <span class="grow" />
      <Turn label="Earlier" able={page.offset > 0} onTurn={() => onMove(Math.max(0, page.offset - kPage))} />
      <Turn label="Later" able={last < page.matching} onTurn={() => onMove(page.offset + kPage)} />
    </div>
  );
}

export function PagedView({ component, view, title, fact }: { component: string; view: string; title: string; fact?: string }) {
  const [filter, setFilter] = useState("");
  const [offset, setOffset] = useState(0);
  const settled = useSettled(filter);
  const address = url(`${componentPath(component)}/views/${encodeURIComponent(view)}`, { filter: settled, offset, limit: kPage });
  const { data: page, error, failingSince } = useKept<ViewPage>(address, { topic: "component" });
  const change = (value: string) => {
    setFilter(value);
    setOffset(0);
  };
  return (
    <div class="view" data-view={view}>
      <div class="viewhead">
        <span class="mono sub">{title}</span>
        {fact && <span class="dim small">{fact}</span>}
        <span class="grow" />
        <Search value={filter} label="Find a row" onChange={change} />
      </div>
      {!page && error && <p class="pad bad" role="alert">{error.message}</p>}
      {page && <NotRenewed since={failingSince} error={error} />}
      {!page && !error && <Bones rows={4} shape="rows" />}
      {page && page.rows.length === 0 && (
        <p class="pad dim">
          {page.total === 0 ? "The list is empty." : `No row matches. The list has ${plural(page.total, "row")}; none has “${settled}” in it.`}
        </p>
      )}
      {page && page.rows.length > 0 && <Rows rows={page.rows} />}
      {page && (page.matching > kPage || page.matching !== page.total) && <Pager page={page} onMove={setOffset} />}
    </div>
  );
}
