// What differs between two texts, line by line.

export interface DiffRow {
  kind: "same" | "removed" | "added" | "gap";
  before?: number; // lines, from 1
  after?: number;
  text: string;
}

const kAround = 3; // lines of the same before and after what differs
const kMostSteps = 600; // past it everything between the same ends counts as changed

// Myers' way: the fewest lines removed and added. The steps that lead there, or null when there are too many.
function shortest(a: string[], b: string[]): Int32Array[] | null {
  const size = a.length + b.length + 1;
  const reach = new Int32Array(2 * size + 1);
  const trace: Int32Array[] = [];
  for (let steps = 0; steps <= Math.min(size, kMostSteps); steps++) {
    trace.push(reach.slice(size - steps - 1, size + steps + 2));
    for (let k = -steps; k <= steps; k += 2) {
      const down = k === -steps || (k !== steps && reach[size + k - 1]! < reach[size + k + 1]!);
      let x = down ? reach[size + k + 1]! : reach[size + k - 1]! + 1;
      let y = x - k;
      while (x < a.length && y < b.length && a[x] === b[y]) {
        x++;
        y++;
      }
      reach[size + k] = x;
      if (x >= a.length && y >= b.length) return trace;
    }
  }
  return null;
}

function walkBack(trace: Int32Array[], a: string[], b: string[]): DiffRow["kind"][] {
  const kinds: DiffRow["kind"][] = [];
  let [x, y] = [a.length, b.length];
  for (let steps = trace.length - 1; steps >= 0; steps--) {
    const at = (k: number) => trace[steps]![k + steps + 1]!;
    const k = x - y;
    const down = k === -steps || (k !== steps && at(k - 1) < at(k + 1));
    const fromK = down ? k + 1 : k - 1;
    const fromX = steps === 0 ? 0 : at(fromK);
    const fromY = steps === 0 ? 0 : fromX - fromK;
    while (x > fromX && y > fromY) {
      kinds.push("same");
      x--;
      y--;
    }
    if (steps === 0) break;
    kinds.push(down ? "added" : "removed");
    [x, y] = [fromX, fromY];
  }
  return kinds.reverse();
}

function compare(a: string[], b: string[]): DiffRow["kind"][] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const [left, right] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  const trace = shortest(left, right);
  const between = trace ? walkBack(trace, left, right) : [...left.map(() => "removed" as const), ...right.map(() => "added" as const)];
  return [...new Array(start).fill("same"), ...between, ...new Array(end).fill("same")];
}

export function diffRows(before: string, after: string): DiffRow[] {
  const [a, b] = [before.split("\n"), after.split("\n")];
  const kinds = compare(a, b);
  const near = new Uint8Array(kinds.length);
  kinds.forEach((kind, i) => {
    if (kind !== "same") near.fill(1, Math.max(0, i - kAround), i + kAround + 1);
  });
  const rows: DiffRow[] = [];
  let [x, y] = [0, 0];
  kinds.forEach((kind, i) => {
    const row: DiffRow = { kind, text: kind === "added" ? b[y]! : a[x]! };
    if (kind !== "added") row.before = ++x;
    if (kind !== "removed") row.after = ++y;
    if (near[i]) rows.push(row);
    else if (rows[rows.length - 1]?.kind !== "gap") rows.push({ kind: "gap", text: "" });
  });
  return rows;
}

export function countChanged(rows: DiffRow[]): { added: number; removed: number } {
  return { added: rows.filter((row) => row.kind === "added").length, removed: rows.filter((row) => row.kind === "removed").length };
}
