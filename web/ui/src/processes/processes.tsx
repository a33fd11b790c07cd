// Every process that used CPU: profiled, or why not.
import { useEffect, useState } from "preact/hooks";
import { url, usePoll } from "../api";
import { Pager, kPage, useSettled } from "../components/view";
import { plural, span } from "../format";
import { Bar, Bones, ErrorState, HealthMark, Note, Search, StateBox } from "../parts";
import { replaceQuery } from "../route";
import { type Fate, type Targets, kFateNames, kFates } from "./data";
import { ProcessTable } from "./table";

const kEvery = { topic: "targets", least: 3_000, most: 5_000 } as const;

// How all of them are shared out, as wide as there are many.
function Shares({ states }: { states: Record<Fate, number> }) {
  return (
    <div class="shares" aria-hidden="true">
      {kFateNames.map((fate) => (
        <i key={fate} class={`fate-${fate}`} style={{ flexGrow: states[fate] }} />
      ))}
    </div>
  );
}

function Chips({ states, chosen }: { states: Record<Fate, number>; chosen: string }) {
  const all = kFateNames.reduce((sum, fate) => sum + states[fate], 0);
  const chip = (value: string, content: preact.ComponentChildren, n: number) => (
    <button type="button" class="chip" key={value} aria-pressed={chosen === value} onClick={() => replaceQuery({ state: value, offset: undefined })}>
      {content}
      <span class="dim">{n}</span>
    </button>
  );
  return (
    <div class="summary">
      <Shares states={states} />
      <div class="chips" role="group" aria-label="State">
        {chip("", "All", all)}
        {kFateNames.map((fate) =>
          states[fate] > 0 || chosen === fate ? chip(fate, <HealthMark state={kFates[fate].mark} text={kFates[fate].word} />, states[fate]) : null,
        )}
      </div>
    </div>
  );
}

function Nothing({ page, text, fate }: { page: Targets; text: string; fate: string }) {
  if (page.total === 0) {
    return (
      <StateBox title="weir sees no process.">
        <p>It reads them from /proc, and may not, or sees only its own container. Run it in the pid namespace of the machine.</p>
      </StateBox>
    );
  }
  const state = fate && kFates[fate as Fate] ? `are in the state “${kFates[fate as Fate].word}”` : "";
  const has = text && `have “${text}” in their pid, name, service or container`;
  return (
    <StateBox title="No process matches.">
      <p>
        {plural(page.total, "process", "processes")} used CPU; none {[has, state].filter(Boolean).join(" and ")}.
      </p>
    </StateBox>
  );
}

function NoCollector() {
  return (
    <div class="notes">
      <Note state="waiting" title="Nothing is profiled: no component of the config samples processes.">
        <p>
          These lines profile every process of the machine; <a href="#/components">what runs now</a> stands under Components.
        </p>
        <pre tabIndex={0}>{`pyroscope.ebpf "machine" {\n  targets        = []\n  targets_only   = false\n  forward_to     = [pyroscope.store.local.receiver]\n}\n\npyroscope.store "local" {\n}`}</pre>
      </Note>
    </div>
  );
}

// The last answer stands until the next has come, also to another question.
function useTargets(address: string) {
  const polled = usePoll<Targets>(address, kEvery);
  const [page, setPage] = useState<Targets>();
  useEffect(() => {
    if (polled.data) setPage(polled.data);
  }, [polled.data]);
  return { page: polled.data ?? page, error: polled.error };
}

export function ProcessesScreen({ query }: { query: URLSearchParams }) {
  const text = query.get("q") ?? "";
  const fate = query.get("state") ?? "";
  const sort = query.get("sort") ?? "";
  const offset = Number(query.get("offset") ?? 0) || 0;
  const filter = useSettled(text);
  const { page, error } = useTargets(url("targets", { filter, state: fate, sort, offset, limit: kPage }));
  const over = page && page.window >= 1 ? `over the last ${span(page.window * 1000)}` : "since each began";
  return (
    <>
      <Bar title="Targets">
        <span class="sub small hide-narrow">Processes that used CPU</span>
        <span class="grow" />
        <a class="button hide-narrow" href="#/explain">
          Explain…
        </a>
        <Search slash value={text} label="Find by pid, name, service" onChange={(q) => replaceQuery({ q, offset: undefined })} />
      </Bar>
      {!page && error && <ErrorState what="The list of processes did not come." why={error.message} />}
      {!page && !error && <Bones rows={10} height={18} />}
      {page && page.collectors === 0 && <NoCollector />}
      {page && page.total > 0 && <Chips states={page.states} chosen={fate} />}
      {page && page.rows.length === 0 && <Nothing page={page} text={filter} fate={fate} />}
      {page && page.rows.length > 0 && <ProcessTable rows={page.rows} sort={sort} over={over} />}
      {page && page.matching > kPage && <Pager page={page} onMove={(to) => replaceQuery({ offset: to ? String(to) : undefined })} />}
    </>
  );
}
