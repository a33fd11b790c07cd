// One row a process; who wants to know why follows its name.
import type { ComponentChildren } from "preact";
import { count, percent, plural, visible } from "../format";
import { HealthMark, useSteadyOrder } from "../parts";
import { replaceQuery } from "../route";
import { type Fate, type ProcessRow, explainLink, kFates } from "./data";

function Head({ name, sort, children, numeric, title, className = "" }: { name: string; sort: string; children: ComponentChildren; numeric?: boolean; title?: string; className?: string }) {
  const on = (sort || "cpu") === name;
  const downward = name === "cpu";
  return (
    <th scope="col" class={`${numeric ? "num" : ""} ${className}`} title={title} aria-sort={on ? (downward ? "descending" : "ascending") : undefined}>
      <button type="button" onClick={() => replaceQuery({ sort: name === "cpu" ? undefined : name, offset: undefined })}>
        {children}
        {on ? (downward ? " ↓" : " ↑") : ""}
      </button>
    </th>
  );
}

function share(part: number, whole: number): string {
  return whole === 0 ? "–" : percent(part / whole);
}

// What it is profiled as; else why it is not.
function What({ row }: { row: ProcessRow }) {
  const link = row.serviceLength === undefined && row.samples > 0;
  const name = <bdi>{visible(row.service)}</bdi>;
  return (
    <>
      {row.service && (link ? <a href={`#/profiles?${new URLSearchParams({ service: row.service })}`}>{name}</a> : name)}
      {row.service && row.why && " · "}
      {row.why && <span class="sub">{row.why}</span>}
      {row.exited && row.state !== "exited_unread" && <span class="dim"> It has ended.</span>}
    </>
  );
}

// Where somebody should look into it.
const kWraps = new Set<Fate>(["names_missing", "exited_unread"]);

function Row({ row }: { row: ProcessRow }) {
  const link = explainLink(row.pid);
  const open = (event: MouseEvent) => {
    if (!(event.target as HTMLElement).closest("a") && !getSelection()?.toString()) location.hash = link;
  };
  const { word, mark } = kFates[row.state];
  const detail = `${plural(row.samples, "sample")}, ${count(row.completeSamples)} of them complete; ${share(row.namedFrames, row.frames)} of frames named`;
  return (
    <tr class="pick" onClick={open} data-pid={row.pid}>
      <td class="num mono dim hide-narrow">{row.pid}</td>
      <td class="process">
        <a class="row mono" href={link}>
          <bdi>{visible(row.comm)}</bdi>
        </a>
        <div class="narrow sub">
          {row.pid} · <What row={row} />
        </div>
      </td>
      <td class="nowrap">
        <HealthMark state={mark} text={word} />
      </td>
      <td class="what hide-narrow">
        <div class={kWraps.has(row.state) ? "wrap" : "cut"} title={row.why}>
          <What row={row} />
        </div>
      </td>
      <td class="num hide-narrow">{row.exited ? "–" : percent(row.cpuPercent / 100)}</td>
      <td class="num hide-narrow" title={row.samples > 0 ? detail : "No sample of it was taken"}>
        {share(row.completeSamples, row.samples)}
      </td>
    </tr>
  );
}

// Two of them may have had one pid.
function keyOf(row: ProcessRow): string {
  return `${row.pid}${row.exited ? " exited" : ""}`;
}

export function ProcessTable({ rows, sort, over }: { rows: ProcessRow[]; sort: string; over: string }) {
  const [steady, hold] = useSteadyOrder(rows, keyOf);
  return (
    <div {...hold}>
      <table class="list processes">
        <thead>
          <tr>
            <Head name="pid" sort={sort} numeric className="hide-narrow">
              Pid
            </Head>
            <Head name="name" sort={sort}>
              Process
            </Head>
            <th scope="col">State</th>
            <th scope="col" class="hide-narrow">
              Service, or why not
            </th>
            <Head name="cpu" sort={sort} numeric className="hide-narrow" title={`Of one CPU, ${over}`}>
              CPU
            </Head>
            <Head name="complete" sort={sort} numeric className="hide-narrow" title="Samples whose stack reaches the start of the thread">
              Stacks complete
            </Head>
          </tr>
        </thead>
        <tbody>
          {steady.map((row) => (
            <Row key={keyOf(row)} row={row} />
          ))}
        </tbody>
      </table>
    </div>
  );
}
