// One row a process; who wants to know why follows its name.
import type { ComponentChildren } from "preact";
import { count, percent, plural, sentence, visible } from "../format";
import { useOneColumn } from "../parts/columns";
import { HealthMark } from "../parts/health";
import { useSteadyOrder } from "../parts/steady";
import { leadingTo, profileLink, replaceQuery } from "../route";
import { type ProcessRow, explainLink, kFates } from "./data";

const kUsualSort = "cpu";

interface HeadProps {
  name: string; // of the order, as the API has it
  sort: string; // the order that is chosen; "": the usual one
  isNumber?: boolean; // these are left out on a narrow screen
  title?: string;
  children: ComponentChildren;
}

function Head({ name, sort, isNumber, title, children }: HeadProps) {
  const isChosen = (sort || kUsualSort) === name;
  const isDownward = name === kUsualSort;
  return (
    <th scope="col" class={isNumber ? "num hide-narrow" : ""} title={title} aria-sort={isChosen ? (isDownward ? "descending" : "ascending") : undefined}>
      <button type="button" onClick={() => replaceQuery({ sort: isDownward ? undefined : name, offset: undefined })}>
        {children}
        {isChosen && (isDownward ? " ↓" : " ↑")}
      </button>
    </th>
  );
}

function share(part: number, whole: number): string {
  return whole === 0 ? "–" : percent(part / whole);
}

// What it is profiled as.
export function Service({ row }: { row: ProcessRow }) {
  const isKept = row.serviceLength === undefined && row.samples > 0;
  const name = <bdi>{visible(row.service)}</bdi>;
  return isKept ? <a href={profileLink(row.service)}>{name}</a> : name;
}

// Why it is not, or not as it could be.
function Why({ row }: { row: ProcessRow }) {
  return (
    <>
      {row.why && <bdi>{sentence(row.why)}</bdi>}
      {row.exited && row.state !== "exited_unread" && " It has ended."}
    </>
  );
}

// With room for it the answer stands beside the list; else it is a screen of its own.
function linkTo(pid: number, query: URLSearchParams, isNarrow: boolean): string {
  if (isNarrow) return explainLink(pid);
  const parameters = new URLSearchParams(query);
  parameters.set("pid", String(pid));
  return `#/targets?${parameters}`;
}

function Row({ row, link, isChosen }: { row: ProcessRow; link: string; isChosen: boolean }) {
  const { word, mark } = kFates[row.state];
  const detail = `${plural(row.samples, "sample")}, ${count(row.completeSamples)} of them complete; ${share(row.namedFrames, row.frames)} of frames named`;
  return (
    <tr class="pick" onClick={leadingTo(link)} data-pid={row.pid} aria-selected={isChosen || undefined}>
      <td class="num mono dim hide-narrow">{row.pid}</td>
      <td class="process">
        <a class="row mono" href={link} aria-current={isChosen ? "true" : undefined}>
          <bdi>{visible(row.comm)}</bdi>
        </a>
        {row.service && (
          <span class="service hide-narrow">
            <Service row={row} />
          </span>
        )}
        <div class="narrow">
          {row.pid}
          {row.service && " · "}
          {row.service && <Service row={row} />}
          {row.why && " · "}
          <Why row={row} />
        </div>
      </td>
      <td class="nowrap" title={sentence(row.why)}>
        <HealthMark state={mark} text={word} />
      </td>
      <td class="what">
        <div class="cut sub" title={sentence(row.why)}>
          <Why row={row} />
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

interface TableProps {
  rows: ProcessRow[];
  query: URLSearchParams;
  sort: string;
  over: string;
  chosen: number; // pid; 0: none
  question: string; // that the rows answer
}

export function ProcessTable({ rows, query, sort, over, chosen, question }: TableProps) {
  const [steady, hold] = useSteadyOrder(rows, keyOf, question);
  const isNarrow = useOneColumn();
  return (
    <div {...hold}>
      <table class="processes">
        <thead>
          <tr>
            <Head name="pid" sort={sort} isNumber>
              Pid
            </Head>
            <Head name="name" sort={sort}>
              Process
            </Head>
            <th scope="col">State</th>
            <th scope="col" class="what">
              Why
            </th>
            <Head name="cpu" sort={sort} isNumber title={`Of one CPU, ${over}`}>
              CPU
            </Head>
            <Head name="complete" sort={sort} isNumber title="Samples whose stack reaches the start of the thread">
              Stacks complete
            </Head>
          </tr>
        </thead>
        <tbody>
          {steady.map((row) => (
            <Row key={keyOf(row)} row={row} link={linkTo(row.pid, query, isNarrow)} isChosen={row.pid === chosen && !row.exited} />
          ))}
        </tbody>
      </table>
    </div>
  );
}
