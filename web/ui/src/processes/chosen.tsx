// Why one process is profiled, or is not: what weir counts of it, and the way of its targets through the config.
import type { ComponentChildren } from "preact";
import { usePoll, url } from "../ask";
import { count, cpuTime, percent, sentence, visible } from "../format";
import { useExplanations } from "../explain/answer";
import { ComponentName, Ended, Step, Steps } from "../explain/way";
import { Bones } from "../parts/bones";
import { HealthMark } from "../parts/health";
import { type ProcessRow, type Targets, explainLink, kFates } from "./data";
import { Service } from "./table";

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Facts({ row }: { row: ProcessRow }) {
  return (
    <dl class="pairs">
      {row.service && <Fact name="Service"><Service row={row} /></Fact>}
      {row.serviceLength !== undefined && <Fact name="Its name">has {count(row.serviceLength)} bytes: too many for a service that is kept</Fact>}
      {row.container && <Fact name="Container"><span class="mono" title={row.container}>{row.container.slice(0, 12)}</span></Fact>}
      {row.collector && <Fact name="Sampled by"><ComponentName id={row.collector} /></Fact>}
      {row.samples > 0 && (
        <>
          <Fact name="Samples">{count(row.samples)}</Fact>
          <Fact name="Stacks complete">{percent(row.completeSamples / row.samples)}</Fact>
          {row.frames > 0 && <Fact name="Frames named">{percent(row.namedFrames / row.frames)}</Fact>}
        </>
      )}
      {!row.exited && <Fact name="CPU time">{cpuTime(row.cpuSeconds * 1e9)} since it began</Fact>}
    </dl>
  );
}

// Where no component has found it there is no way to tell.
function FoundByNothing({ row }: { row: ProcessRow }) {
  if (row.collector) {
    return (
      <ol class="steps">
        <Step tone="ok" title={<ComponentName id={row.collector} />} did="samples it without a target" />
      </ol>
    );
  }
  return (
    <>
      <ol class="steps">
        <Step tone="bad" title={<b>Found by nothing</b>} did="" />
        <Step tone="idle" title={<span>Rules</span>} did="are not reached" />
      </ol>
      <p class="sub">
        To profile it, have a component find it, as <code>discovery.process</code> does, and name what that exports among the{" "}
        <code>targets</code> of what profiles.
      </p>
    </>
  );
}

const kMostWays = 3;

function Ways({ row }: { row: ProcessRow }) {
  // Asked again when something else has become of it.
  const { answer, error } = useExplanations({ kind: "pid", text: String(row.pid) }, `${row.state} ${row.foundBy.join(" ")} ${row.why.length}`);
  if (error) return <p class="sub" role="alert">{error}</p>;
  if (!answer) return <Bones rows={5} />;
  if (answer.targets.length === 0) return answer.counted ? <FoundByNothing row={row} /> : <p class="sub">{answer.cut}</p>;
  return (
    <>
      {answer.targets.slice(0, kMostWays).map((way, index) => (
        <section key={index}>
          {answer.targets.length > 1 && <h2>{`Target ${index + 1} of ${count(answer.found)}`}</h2>}
          <Steps way={way} />
          <Ended way={way} />
        </section>
      ))}
      {answer.targets.length > kMostWays && <p class="sub"><a href={explainLink(row.pid)}>All of its targets</a></p>}
    </>
  );
}

function Why({ row }: { row: ProcessRow }) {
  const { word, mark } = kFates[row.state];
  return (
    <>
      <div>
        <h2 class="who">
          <bdi class="mono">{visible(row.comm)}</bdi> <span class="mono dim">{row.pid}</span>
        </h2>
        <HealthMark state={mark} text={word} />
        {row.why && <p class="sub"><bdi>{sentence(row.why)}</bdi></p>}
        {row.exited && <p class="dim">It has ended.</p>}
      </div>
      <Facts row={row} />
      {!row.exited && <Ways row={row} />}
    </>
  );
}

const kEvery = { topic: "targets", least: 5_000 } as const;

// The one that lives, before those that had its id.
function rowOf(rows: ProcessRow[], pid: number): ProcessRow | undefined {
  const all = rows.filter((row) => row.pid === pid);
  return all.find((row) => !row.exited) ?? all[0];
}

// A process that is not on the page of the list, or of whose id only one that has ended is there.
function Elsewhere({ pid }: { pid: number }) {
  const polled = usePoll<Targets>(url("targets", { pid, limit: 200 }), kEvery);
  if (polled.error && !polled.data) return <p class="sub">{polled.error.message}</p>;
  if (!polled.data) return <Bones rows={5} />;
  const row = rowOf(polled.data.rows, pid);
  return row ? <Why row={row} /> : <p class="sub">No process of the id {pid} used CPU. It may have ended.</p>;
}

export function Chosen({ pid, rows }: { pid: number; rows: ProcessRow[] }) {
  const row = rowOf(rows, pid);
  return (
    <aside class="beside" aria-label="Why" data-why={pid || undefined}>
      {row && <Why key={pid} row={row} />}
      {!row && pid > 0 && <Elsewhere key={pid} pid={pid} />}
      {!row && pid === 0 && <p class="dim">Choose a process to see what found it, what each rule of the config did with it, and who profiles it.</p>}
    </aside>
  );
}
