// The sandwich: all that calls a function above it, all that it calls below, and both in a table.
import { useMemo } from "preact/hooks";
import { amount, changeText, changeTone, difference, percent } from "../format";
import { Flame } from "./flame";
import { type Row, type Tree, identity, kindOf, wholeOf } from "./model";
import { type Neighbour, type Sandwich, neighbours } from "./sandwich";
import { type Pattern, search } from "./search";
import type { Sort } from "./state";
import { FunctionName, FunctionRows, noNameOfRow } from "./table";

interface MiddleProps {
  of: Sandwich;
  unit: string;
  hasTable: boolean; // below them
  pattern: Pattern | null; // of the search
  onMiddle: (key: string) => void; // the identity of the function
}

export function MiddleGraphs({ of, unit, hasTable, pattern, onMiddle }: MiddleProps) {
  const name = of.title;
  const [above, below] = useMemo(() => [of.callers, of.callees].map((tree) => pattern && search(tree, pattern)), [of, pattern]);
  const open = (tree: Tree) => (node: number) => {
    if (node > 0 && kindOf(tree, node) !== "root") onMiddle(identity(tree, node));
  };
  const shared = { unit, title: name, focus: 0, hasTable };
  const hasCallers = of.callers.size > 1;
  return (
    <div class="middle">
      {hasCallers ? (
        <Flame {...shared} flipped tree={of.callers} label={`Callers of ${name}`} hits={above!} onOpen={open(of.callers)} onMiddle={open(of.callers)} />
      ) : (
        <p class="dim small aside">Nothing calls it: its stacks begin here.</p>
      )}
      <Flame {...shared} tree={of.callees} label={`Callees of ${name}`} hits={below!} onOpen={open(of.callees)} onMiddle={open(of.callees)} />
      {of.callees.size === 1 && <p class="dim small aside">It calls nothing that was sampled.</p>}
    </div>
  );
}

function Cell({ row, all, unit, compared }: { row: Row | undefined; all: number; unit: string; compared: boolean }) {
  if (!row) return <td class="num dim">–</td>;
  if (!compared) {
    return (
      <td class="num">
        {percent(row.total / all)} <span class="sub hide-narrow">{amount(row.total, unit)}</span>
      </td>
    );
  }
  return (
    <td class={`num ${changeTone(row.beforeTotal, row.total)}`}>
      {changeText(row.beforeTotal, row.total)} <span class="hide-narrow">{difference(row.beforeTotal, row.total, unit)}</span>
    </td>
  );
}

interface TableProps extends Omit<MiddleProps, "pattern" | "hasTable"> {
  matches: ((row: Row) => boolean) | null;
  sort: Sort;
}

function ordered(found: Neighbour[], sort: Sort): Neighbour[] {
  return sort === "name" ? [...found].sort((a, b) => a.row.title.localeCompare(b.row.title, "en")) : found;
}

function MiddleHead() {
  return (
    <thead>
      <tr>
        <th scope="col">Function</th>
        <th scope="col" class="num">
          Calls it
        </th>
        <th scope="col" class="num">
          Called by it
        </th>
      </tr>
    </thead>
  );
}

export function MiddleTable({ of, unit, matches, sort, onMiddle }: TableProps) {
  const found = useMemo(() => neighbours(of), [of]);
  const shown = ordered(matches ? found.filter((one) => matches(one.row)) : found, sort);
  const label = `Callers and callees of ${of.title}`;
  const shared = { unit, all: wholeOf(of.callees), compared: of.callees.beforeTotal !== undefined };
  const put = (row: Row) => onMiddle(row.key);
  return (
    <FunctionRows
      label={label}
      caption={`${label}, the largest first`}
      head={<MiddleHead />}
      columns={3}
      items={shown}
      row={({ row, caller, callee }) => (
        <tr class="pick" key={row.key} onClick={() => put(row)}>
          <td>
            <FunctionName row={row} why={noNameOfRow(row)} onPick={put} onMiddle={put} />
          </td>
          <Cell row={caller} {...shared} />
          <Cell row={callee} {...shared} />
        </tr>
      )}
      nothing={found.length === 0 ? "Nothing calls it, and it calls nothing." : "None of its callers and callees matches the search."}
    />
  );
}
