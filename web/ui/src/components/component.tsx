// One component: how it is and since when, what it was told, what it gives, what it says.
import { type Component, type ComponentDetail, type LogLine, type State, componentPath, kAllComponents, url, usePoll } from "../api";
import { clock, moment, plural, span } from "../format";
import { Bar, Bones, ErrorState, HealthMark, Note, Panel, StateBox, useNow } from "../parts";
import { componentLink, configLink, graphLink } from "../route";
import { History } from "./history";
import { Metrics } from "./metrics";
import { BodyPanel, BodyTree, LinkedComponent } from "./values";
import { PagedView } from "./view";

function Wiring({ detail }: { detail: ComponentDetail }) {
  const all = usePoll<Component[]>(url("components", kAllComponents), { topic: "components" });
  const states = new Map(all.data?.map((component) => [component.id, component.health.state]));
  const group = (title: string, ids: string[]) =>
    ids.length > 0 && (
      <div>
        <div class="dim small">{title}</div>
        {ids.map((id) => (
          <LinkedComponent key={id} id={id} link={componentLink(id)} state={states.get(id)} />
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
        {line.message}
        {line.fields.map((field) => (
          <span class="dim" key={field.key}>
            {" "}
            {field.key}={field.value}
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
    <Note state={state} title={message || "It gives no reason."}>
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
          <Panel title="Debug info">
            <BodyTree body={detail.debugInfo} />
          </Panel>
        )}
      </div>
      <div>
        <Panel title="Health">
          <div class="pad facts">
            <HealthMark state={detail.health.state} /> <span class="dim">since {moment(detail.health.since)}</span>
            {detail.health.message && !kNext[detail.health.state] && <p class="sub">{detail.health.message}</p>}
          </div>
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
      <a class="nowrap" href={graphLink(detail.id)}>
        In the graph
      </a>
      {detail.place && (
        <a class="mono cut" href={configLink(detail.place.file, detail.place.line)} title={`${detail.place.file}:${detail.place.line}`}>
          {detail.place.file.replace(/^.*\//, "")}:{detail.place.line}
        </a>
      )}
    </>
  );
}

export function ComponentScreen({ id }: { id: string }) {
  const { data, error } = usePoll<ComponentDetail>(url(componentPath(id), { defaults: 1, states: "all" }), { topic: "component" });
  const gone = error?.status === 404;
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
      {!data && error && !gone && <ErrorState what="The component did not come." why={error.message} />}
      {!data && !error && <Bones rows={9} height={18} />}
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
