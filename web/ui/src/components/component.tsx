// One component: how it is and since when, what it was told, what it gives, what it says.
import type { Component, ComponentDetail, LogLine, State, Statement, Value } from "../api";
import { componentPath, kAllComponents, url, usePoll } from "../ask";
import { baseName, clock, moment, plural, sentence, span, visible } from "../format";
import { Bones } from "../parts/bones";
import { HealthMark } from "../parts/health";
import { Icon } from "../parts/icon";
import { useNow } from "../parts/now";
import { Bar, Note, Panel } from "../parts/panel";
import { AnswerState, StateBox } from "../parts/states";
import { componentLink, configLink, graphLink } from "../route";
import { toast } from "../toast";
import { entriesOf, isScalar } from "./entries";
import { History } from "./history";
import { Metrics } from "./metrics";
import { BodyPanel, BodyTree } from "./values";
import { PagedView } from "./view";

function LinkedComponent({ id, state }: { id: string; state?: State }) {
  return (
    <a class="linked" href={componentLink(id)}>
      {state && <HealthMark state={state} word={false} />}
      <span class="mono">{id}</span>
    </a>
  );
}

function Wiring({ detail }: { detail: ComponentDetail }) {
  const all = usePoll<Component[]>(url("components", kAllComponents), { topic: "components" });
  const states = new Map(all.data?.map((component) => [component.id, component.health.state]));
  const group = (title: string, ids: string[]) =>
    ids.length > 0 && (
      <div>
        <div class="dim small">{title}</div>
        {ids.map((id) => (
          <LinkedComponent key={id} id={id} state={states.get(id)} />
        ))}
      </div>
    );
  const none = detail.referencesTo.length + detail.referencedBy.length === 0;
  return (
    <Panel title="Wiring">
      <div class="pad wiring">
        {group("Uses", detail.referencesTo)}
        {group("Used by", detail.referencedBy)}
        {none && <span class="dim">It refers to no component, and none refers to it.</span>}
      </div>
    </Panel>
  );
}

const kLevelTone: Record<string, string> = { error: "bad", warn: "warn", info: "sub", debug: "dim" };

function Line({ line }: { line: LogLine }) {
  return (
    <li>
      <time class="dim">{clock(line.time)}</time>
      <span class={kLevelTone[line.level] ?? "dim"}>{line.level}</span>
      <span>
        <bdi>{sentence(line.message)}</bdi>
        {line.fields.map((field) => (
          <span class="dim" key={field.key}>
            {" "}
            {field.key}=<bdi>{visible(field.value)}</bdi>
          </span>
        ))}
      </span>
    </li>
  );
}

const kLines = 60;

function Log({ lines }: { lines: LogLine[] }) {
  const shown = lines.slice(-kLines).reverse();
  return (
    <Panel title="Log" fact={shown.length > 0 ? "newest first" : undefined}>
      {shown.length === 0 && <p class="pad dim">It has logged nothing yet.</p>}
      <ul class="log">
        {shown.map((line, index) => (
          <Line key={`${line.time}-${shown.length - index}`} line={line} />
        ))}
      </ul>
    </Panel>
  );
}

const kNext: Partial<Record<State, string>> = {
  unhealthy: "It tries again by itself; the other components go on.",
  waiting: "It starts as soon as that is there.",
  exited: "It does not start again by itself: reload the config, or restart weir.",
};

function HealthNote({ detail }: { detail: ComponentDetail }) {
  const { state, message, since } = detail.health;
  if (!kNext[state]) return null;
  return (
    <Note state={state} title={<bdi>{sentence(message) || "It gives no reason."}</bdi>}>
      <p>
        Since {moment(since)}. {kNext[state]}
      </p>
    </Note>
  );
}

function Views({ detail }: { detail: ComponentDetail }) {
  return (
    <>
      {detail.views.map((view) => (
        <Panel key={view.name} title={view.title} fact={plural(view.total, "row")}>
          <PagedView component={detail.id} view={view.name} title={view.name} />
        </Panel>
      ))}
    </>
  );
}

// Without names and types of the page: as a person would write it down.
function plain(body: Statement[]): Record<string, unknown> {
  const of = (value: Value): unknown => {
    if (!isScalar(value)) {
      const entries = entriesOf(value).map((entry): [string, unknown] => [entry.key, of(entry.value)]);
      if (value.type === "object") return Object.fromEntries(entries);
      const rest = value.length === undefined ? [] : [`… and ${value.length - entries.length} more`];
      return [...entries.map(([, element]) => element), ...rest];
    }
    return value.length === undefined ? value.value : `${value.value} … of ${value.length} bytes`;
  };
  const all: Record<string, unknown> = {};
  for (const one of body) {
    const name = one.label ? `${one.name} ${one.label}` : one.name;
    const value = one.value ? of(one.value) : plain(one.body ?? []);
    // Blocks may stand there many times.
    all[name] = name in all ? [all[name], value].flat() : value;
  }
  return all;
}

function CopyJson({ body }: { body: Statement[] }) {
  if (!navigator.clipboard) return null; // an address that the browser does not trust
  const copy = () =>
    navigator.clipboard.writeText(JSON.stringify(plain(body), null, 2)).then(
      () => toast("healthy", "Copied as JSON."),
      (e) => toast("unhealthy", "Not copied.", String(e)),
    );
  return (
    <button type="button" class="button quiet" onClick={() => void copy()}>
      Copy as JSON
    </button>
  );
}

function Facts({ detail }: { detail: ComponentDetail }) {
  return (
    <div class="two">
      <div>
        <BodyPanel title="Arguments" component={detail.id} body={detail.arguments} empty={
          detail.health.state === "waiting" ? "Not known yet: they depend on what it waits for." : "It takes none."
        } />
        <BodyPanel title="Exports" component={detail.id} body={detail.exports} empty={detail.health.state === "healthy" ? "It exports nothing." : "It has exported nothing yet."} />
        <Views detail={detail} />
        {detail.debugInfo.length > 0 && (
          <Panel title="Debug info" action={<CopyJson body={detail.debugInfo} />}>
            <BodyTree body={detail.debugInfo} />
          </Panel>
        )}
      </div>
      <div>
        <Panel title="Health">
          {!kNext[detail.health.state] && (
            <div class="pad facts">
              <HealthMark state={detail.health.state} /> <span class="dim">since {moment(detail.health.since)}</span>
              {detail.health.message && <p class="sub"><bdi>{sentence(detail.health.message)}</bdi></p>}
            </div>
          )}
          {detail.healthHistory.length > 0 && <History changes={detail.healthHistory} />}
        </Panel>
        <Wiring detail={detail} />
        <Log lines={detail.log ?? []} />
        <Metrics id={detail.id} />
      </div>
    </div>
  );
}

function Title({ detail }: { detail: ComponentDetail }) {
  const now = useNow(5_000);
  return (
    <>
      <HealthMark state={detail.health.state} />
      <span class="dim nowrap">for {span(now - detail.health.since)}</span>
      <span class="grow" />
      <a class="button" href={graphLink(detail.id)}>
        <Icon name="graph" />
        Show in graph
      </a>
      {detail.place && (
        <a class="button" href={configLink(detail.place.file, detail.place.line)} title={`${detail.place.file}:${detail.place.line}`}>
          <Icon name="config" />
          <span class="cut">{baseName(detail.place.file)}:{detail.place.line}</span>
        </a>
      )}
    </>
  );
}

export function ComponentScreen({ id }: { id: string }) {
  const polled = usePoll<ComponentDetail>(url(componentPath(id), { defaults: 1, states: "all" }), { topic: "component" });
  const { data } = polled;
  const gone = polled.error?.status === 404;
  return (
    <>
      <Bar back="#/components" title={<span class="mono">{id}</span>}>
        {data && <Title detail={data} />}
      </Bar>
      {gone && (
        <StateBox title="The config has no such component.">
          <p>
            It was there under the name <code>{id}</code>, or never. <a href="#/components">All components</a>
          </p>
        </StateBox>
      )}
      {!gone && <AnswerState of={polled} missing="The component did not come." bones={<Bones rows={6} shape="panels" />} />}
      {data && !gone && (
        <div class="page">
          <HealthNote detail={data} />
          {data.doc && <p class="sub doc">{data.doc}</p>}
          <Facts detail={data} />
        </div>
      )}
    </>
  );
}
