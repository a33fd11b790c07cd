// All components: what needs a person first, then by name.
import { useMemo } from "preact/hooks";
import type { Component, State } from "../api";
import { kAllComponents, url, usePoll } from "../ask";
import { plural, sentence, span } from "../format";
import { Bones } from "../parts/bones";
import { Chips, Search } from "../parts/fields";
import { HealthMark, kStatesByNeed, stateWord } from "../parts/health";
import { useNow } from "../parts/now";
import { Bar } from "../parts/panel";
import { AnswerState, NothingMatches, StateBox } from "../parts/states";
import { useSteadyOrder } from "../parts/steady";
import { componentLink, leadingTo, replaceQuery } from "../route";
import { useThrough } from "./through";

const kOrder: Record<State, number> = { unhealthy: 0, exited: 0, waiting: 1, unknown: 2, healthy: 3 };

function byNeed(a: Component, b: Component): number {
  return kOrder[a.health.state] - kOrder[b.health.state] || a.id.localeCompare(b.id);
}

function Filters({ components, state }: { components: Component[]; state: string }) {
  const states = kStatesByNeed.flatMap((one) => {
    const n = components.filter((component) => component.health.state === one).length;
    return n > 0 || state === one ? [{ value: one, label: stateWord(one), look: <HealthMark state={one} />, n }] : [];
  });
  const all = { value: "", label: "All", n: components.length };
  return <Chips label="Health" choices={[all, ...states]} value={state} onChange={(value) => replaceQuery({ state: value })} />;
}

function Row({ component, through, now }: { component: Component; through?: string; now: number }) {
  const { health } = component;
  const message = sentence(health.message);
  const wraps = kOrder[health.state] < 3;
  const link = componentLink(component.id);
  return (
    <tr class="pick" onClick={leadingTo(link)} data-component={component.id}>
      <td>
        <HealthMark state={health.state} />
      </td>
      <td>
        <a class="row mono" href={link}>
          {component.id}
        </a>
        {wraps && <div class="narrow"><bdi>{message}</bdi></div>}
      </td>
      <td class="message hide-narrow">
        <div class={wraps ? "wrap" : "cut dim"} title={wraps ? undefined : message}>
          <bdi>{message}</bdi>
        </div>
      </td>
      <td class="num sub hide-narrow">{through}</td>
      <td class="num dim">{span(now - health.since)}</td>
    </tr>
  );
}

// Of so many the graph would be asked for too often.
const kMany = 200;

function TableWithFlows({ components }: { components: Component[] }) {
  return <Table components={components} through={useThrough()} />;
}

function Table({ components, through }: { components: Component[]; through?: Map<string, string> }) {
  const now = useNow(5_000);
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Health</th>
          <th scope="col">Component</th>
          <th scope="col" class="hide-narrow">
            What it says
          </th>
          <th scope="col" class="num hide-narrow" title="Targets and other lists with their length, profiles with their rate over the last minute">
            {through && "In → out"}
          </th>
          <th scope="col" class="num">
            For
          </th>
        </tr>
      </thead>
      <tbody>
        {components.map((component) => (
          <Row key={component.id} component={component} through={through?.get(component.id)} now={now} />
        ))}
      </tbody>
    </table>
  );
}

function matches(component: Component, text: string, state: string): boolean {
  if (state && component.health.state !== state) return false;
  const wanted = text.toLowerCase();
  return !wanted || component.id.toLowerCase().includes(wanted) || component.health.message.toLowerCase().includes(wanted);
}

function Nothing({ total, text, state }: { total: number; text: string; state: string }) {
  if (total === 0) {
    return (
      <StateBox title="No component runs.">
        <p>The config names none. weir loads the config again as soon as it is saved.</p>
      </StateBox>
    );
  }
  const asked = text ? `has “${text}” in its name or message` : `is ${state}`;
  return (
    <NothingMatches title="No component matches." onClear={() => replaceQuery({ q: undefined, state: undefined })}>
      The config has {plural(total, "component")}; none {asked}
      {text && state ? ` and is ${state}` : ""}.
    </NothingMatches>
  );
}

export function ComponentsScreen({ query }: { query: URLSearchParams }) {
  const polled = usePoll<Component[]>(url("components", kAllComponents), { topic: "components" });
  const text = query.get("q") ?? "";
  const state = query.get("state") ?? "";
  const all = useMemo(() => [...(polled.data ?? [])].sort(byNeed), [polled.data]);
  const [sorted, hold] = useSteadyOrder(all, (component) => component.id);
  const shown = sorted.filter((component) => matches(component, text, state));
  return (
    <>
      <Bar title="Components">
        {polled.data && <Filters components={all} state={state} />}
        <span class="grow" />
        <Search slash value={text} label="Find a component" onChange={(q) => replaceQuery({ q })} />
      </Bar>
      <AnswerState of={polled} missing="The list of components did not come." bones={<Bones rows={10} shape="rows" />} />
      {polled.data && shown.length === 0 && <Nothing total={all.length} text={text} state={state} />}
      {shown.length > 0 && (
        <div class="listbox" {...hold}>
          {all.length > kMany ? <Table components={shown} /> : <TableWithFlows components={shown} />}
        </div>
      )}
    </>
  );
}
