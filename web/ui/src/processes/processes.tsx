// Every process that used CPU: profiled, or why not.
import { url, useKept } from "../ask";
import { Pager, kPage, useSettled } from "../components/view";
import { kStore } from "../example";
import { plural, span } from "../format";
import { Bones } from "../parts/bones";
import { useOneColumn } from "../parts/columns";
import { Chips, Search } from "../parts/fields";
import { HealthMark } from "../parts/health";
import { Bar, Note } from "../parts/panel";
import { AnswerState, NothingMatches, StateBox } from "../parts/states";
import { replaceQuery } from "../route";
import { Chosen } from "./chosen";
import { type Fate, type Targets, kFateNames, kFates } from "./data";
import { ProcessTable } from "./table";

const kEvery = { topic: "targets", least: 3_000, most: 5_000 } as const;

// How all of them are shared out, as wide as there are many.
function Shares({ states }: { states: Record<Fate, number> }) {
  return (
    <div class="shares" aria-hidden="true">
      {kFateNames.filter((fate) => states[fate] > 0).map((fate) => (
        <i key={fate} class={`fate-${fate}`} style={{ flexGrow: states[fate] }} />
      ))}
    </div>
  );
}

function Fates({ states, chosen }: { states: Record<Fate, number>; chosen: string }) {
  const all = kFateNames.reduce((sum, fate) => sum + states[fate], 0);
  const seen = kFateNames.filter((fate) => states[fate] > 0 || chosen === fate);
  const choices = seen.map((fate) => {
    const { word, mark } = kFates[fate];
    return { value: fate, label: word, look: <HealthMark state={mark} text={word} />, n: states[fate] };
  });
  return (
    <div class="summary">
      <Shares states={states} />
      <Chips
        label="State"
        choices={[{ value: "", label: "All", n: all }, ...choices]}
        value={chosen}
        onChange={(state) => replaceQuery({ state, offset: undefined })}
      />
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
  const state = fate && kFates[fate as Fate] ? `is in the state “${kFates[fate as Fate].word}”` : "";
  const has = text && `has “${text}” in its pid, name, service or container`;
  return (
    <NothingMatches title="No process matches." onClear={() => replaceQuery({ q: undefined, state: undefined, offset: undefined })}>
      {plural(page.total, "process", "processes")} used CPU; none {[has, state].filter(Boolean).join(" and ")}.
    </NothingMatches>
  );
}

// Without targets: each process is profiled under its own name.
const kWholeMachine = `pyroscope.ebpf "machine" {
  targets        = []
  targets_only   = false
  forward_to     = [pyroscope.store.local.receiver]
}

${kStore}`;

function NoCollector() {
  return (
    <div class="notes">
      <Note state="waiting" title="Nothing is profiled: no component of the config samples processes.">
        <p>
          These lines profile every process of the machine; <a href="#/components">what runs now</a> stands under Components.
        </p>
        <pre tabIndex={0}>{kWholeMachine}</pre>
      </Note>
    </div>
  );
}

interface ListProps {
  page: Targets;
  query: URLSearchParams;
  filter: string; // as it was asked
  question: string; // that the page answers
  chosen: number;
}

function List({ page, query, filter, question, chosen }: ListProps) {
  const fate = query.get("state") ?? "";
  const sort = query.get("sort") ?? "";
  const over = page.window >= 1 ? `over the last ${span(page.window * 1000)}` : "since each began";
  if (page.rows.length === 0) return <Nothing page={page} text={filter} fate={fate} />;
  return (
    <>
      <ProcessTable rows={page.rows} query={query} sort={sort} over={over} chosen={chosen} question={question} />
      {page.matching > kPage && <Pager page={page} onMove={(to) => replaceQuery({ offset: to ? String(to) : undefined })} />}
    </>
  );
}

export function ProcessesScreen({ query }: { query: URLSearchParams }) {
  const text = query.get("q") ?? "";
  const fate = query.get("state") ?? "";
  const sort = query.get("sort") ?? "";
  const offset = Number(query.get("offset") ?? 0) || 0;
  const filter = useSettled(text);
  const address = url("targets", { filter, state: fate, sort, offset, limit: kPage });
  const kept = useKept<Targets>(address, kEvery);
  const { data, last: page, question } = kept;
  const isNarrow = useOneColumn();
  const chosen = isNarrow ? 0 : Number(query.get("pid") ?? 0) || 0;
  return (
    <>
      <Bar title="Targets">
        <span class="sub small hide-narrow cut">Processes that used CPU</span>
        <span class="grow" />
        <a class="button hide-narrow" href="#/explain">
          Explain…
        </a>
        <Search slash value={text} label="Find by pid, name, service" onChange={(q) => replaceQuery({ q, offset: undefined })} />
      </Bar>
      <AnswerState of={kept} missing="The list of processes did not come." bones={<Bones rows={12} shape="rows" />} />
      {page && page.collectors === 0 && <NoCollector />}
      {page && page.total > 0 && <Fates states={page.states} chosen={fate} />}
      {data && (
        <div class="besides">
          <div class="listbox">
            <List page={data} query={query} filter={filter} question={question} chosen={chosen} />
          </div>
          {!isNarrow && data.total > 0 && <Chosen pid={chosen} rows={data.rows} />}
        </div>
      )}
    </>
  );
}
