// One component: how it is and since when, what it was told, what it gives, what it says.
import type { Component, ComponentDetail, LogLine, State } from "../api";
import { componentPath, kAllComponents, url, usePoll } from "../ask";
import { baseName, clock, moment, plural, sentence, span, visible } from "../format";
import { Bones } from "../parts/bones";
import { HealthMark } from "../parts/health";
import { Icon } from "../parts/icon";
import { useNow } from "../parts/now";
import { Bar, Note, Panel } from "../parts/panel";
import { AnswerState, StateBox } from "../parts/states";
import { componentLink, configLink, graphLink } from "../route";
import { History } from "./history";
import { CopyJson } from "./json";
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

function HealthPanel({ detail }: { detail: ComponentDetail }) {
  const { state, message, since } = detail.health;
  return (
    <Panel title="Health">
      {!kNext[state] && (
        <div class="pad facts">
          <HealthMark state={state} /> <span class="dim">since {moment(since)}</span>
          {message && <p class="sub"><bdi>{sentence(message)}</bdi></p>}
        </div>
      )}
      {detail.healthHistory.length > 0 && <History changes={detail.healthHistory} />}
    </Panel>
  );
}

function Facts({ detail }: { detail: ComponentDetail }) {
  const { state } = detail.health;
  const noArguments = state === "waiting" ? "Not known yet: they depend on what it waits for." : "It takes none.";
  const noExports = state === "healthy" ? "It exports nothing." : "It has exported nothing yet.";
  return (
    <div class="two">
      <div>
        <BodyPanel title="Arguments" component={detail.id} body={detail.arguments} empty={noArguments} />
        <BodyPanel title="Exports" component={detail.id} body={detail.exports} empty={noExports} />
        <Views detail={detail} />
        {detail.debugInfo.length > 0 && (
          <Panel title="Debug info" action={<CopyJson body={detail.debugInfo} />}>
            <BodyTree body={detail.debugInfo} />
          </Panel>
        )}
      </div>
      <div>
        <HealthPanel detail={detail} />
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
