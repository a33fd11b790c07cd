// Profiles: a service, a range, its flame graph, and what it was like before.
import { useMemo, useRef, useState } from "preact/hooks";
import type { Service } from "../api";
import { between, changeText, changeTone, isCpuTime, moment, percent, plural, visible } from "../format";
import { useKey } from "../keys";
import { Segments } from "../parts/fields";
import { Icon } from "../parts/icon";
import { Bar } from "../parts/panel";
import { AnswerState, StateBox } from "../parts/states";
import type { Stretch } from "./course";
import { type FlameData, questionOf, useFlame, useSeries, useServices } from "./data";
import { Graph } from "./graph";
import { isEmpty } from "./model";
import { SaveDialog } from "./save";
import { ServiceList, coveredOf } from "./services";
import { type Choice, change, isComparing, kPlainLook, kRanges, kViews, linkTo, useChoice } from "./state";
import { FlameBones, Loading, NoProfiles, NoStore } from "./states";
import { Timeline } from "./timeline";
import { typeWord, typesOf } from "./types";
import { Versus } from "./versus";

function Summary({ flame, unit }: { flame: FlameData; unit: string }) {
  const { service, from, until, samples, completeSamples, before, tree } = flame;
  if (!before) {
    return (
      <>
        <bdi>{visible(service)}</bdi>, {between(from, until)}, {plural(samples, "sample")}
        <span class="hide-narrow">, {percent(samples > 0 ? completeSamples / samples : 0)} of the stacks complete</span>.
      </>
    );
  }
  const [was, is] = [tree.beforeTotal![0]!, tree.total[0]!];
  return (
    <>
      {isCpuTime(unit) ? "CPU" : "In all"} of <bdi>{visible(service)}</bdi>
      {before.service !== service && <> against <bdi>{visible(before.service)}</bdi></>}: <b class={changeTone(was, is)}>{changeText(was, is)}</b>.
    </>
  );
}

// The parts that are shown and compared, as far as they are known.
function partsOf(choice: Choice, shown: Stretch): { before: Stretch | null; after: Stretch } {
  const after = choice.selected ?? shown;
  const from = choice.before ?? after.from;
  return { after, before: isComparing(choice) ? { from, until: from + after.until - after.from } : null };
}

// The newest half of what is shown, or the part that is selected, beside as much before it.
function compare(choice: Choice, shown: Stretch, last: number): void {
  const half = choice.selected ?? { from: last + 1 - Math.round((shown.until - shown.from) / 2), until: last + 1 };
  change({ selected: half, before: half.from - (half.until - half.from), other: "" }, true);
}

function endComparison(): void {
  change({ before: null, other: "", by: "total" }, true);
}

interface WorkProps {
  choice: Choice;
  service: Service;
  services: Service[];
  shown: Stretch; // the whole range
  version: number;
}

function Head({ choice, service, services, shown, version, flame }: WorkProps & { flame?: FlameData }) {
  const { range, at } = choice;
  const series = useSeries(service.service, service.type, range, at, version);
  const other = useSeries(choice.other, service.type, range, at, version);
  const { before, after } = partsOf(choice, shown);
  const select = (selected: Stretch | null, isStep: boolean) => {
    // Without a part of the service's own time there is no time before it.
    change(selected || choice.other ? { selected } : { selected, before: null }, isStep);
  };
  return (
    <>
      {series.data ? (
        <Timeline
          series={series.data}
          other={choice.other ? other.data : undefined}
          unit={service.unit}
          last={service.last}
          otherLast={services.find((one) => one.service === choice.other)?.last}
          total={service.total}
          covered={coveredOf(services, shown)}
          selected={choice.selected}
          before={choice.before === null ? null : before}
          onSelect={select}
          onMove={(from, isStep) => change({ before: from }, isStep)}
        />
      ) : (
        <div class="timeline">{series.error && <p class="aside small bad" role="alert">The course over time did not come: {series.error.message}</p>}</div>
      )}
      {before && <Versus choice={choice} service={service.service} services={services} before={before} after={after} unit={service.unit} flame={flame} />}
    </>
  );
}

function Work(props: WorkProps) {
  const { choice, service, version } = props;
  const flame = useFlame(choice, service.service, service.type, version);
  return (
    <section class="work" aria-label={visible(service.service)} data-of={service.service}>
      <Head {...props} flame={flame.data} />
      <AnswerState of={flame} missing="The flame graph did not come." bones={<FlameBones />} />
      {flame.data && !isEmpty(flame.data.tree) && (
        <Graph
          tree={flame.data.tree}
          title={visible(flame.data.service)}
          unit={service.unit}
          view={choice.view}
          look={choice.look}
          onLook={change}
          summary={<Summary flame={flame.data} unit={service.unit} />}
          tools={<Segments label="What to show" choices={kViews} value={choice.view} onChange={(view) => change({ view }, false)} />}
        />
      )}
      {flame.data && isEmpty(flame.data.tree) && (
        <StateBox title="No sample in this part.">
          <p><bdi>{visible(service.service)}</bdi> has none between {between(flame.data.from, flame.data.until)}.</p>
          <p>
            <button type="button" class="button" onClick={() => change({ selected: null, before: null, other: "" }, true)}>
              Show the whole range
            </button>
          </p>
        </StateBox>
      )}
    </section>
  );
}

// The service in the address; without one the largest, which then stays the choice.
function useService(asked: string, services: Service[]): string {
  const first = useRef("");
  if (!services.some((service) => service.service === first.current)) first.current = services[0]?.service ?? "";
  return asked || first.current;
}

interface ScreenBarProps {
  choice: Choice;
  types: string[]; // that there are
  type: string;
  chosen?: Service;
  shown: Stretch | null;
}

function ScreenBar({ choice, types, type, chosen, shown }: ScreenBarProps) {
  const [saved, setSaved] = useState<number | null>(null); // when the dialog was opened
  const comparing = isComparing(choice);
  const toggle = () => {
    if (comparing) endComparison();
    else if (chosen && shown) compare(choice, shown, chosen.last);
  };
  useKey("d", toggle);
  // What is selected is of the range it was selected in; what is compared stays.
  const setRange = (range: number) => change(comparing ? { range } : { range, selected: null }, true);
  return (
    <Bar title="Profiles">
      {types.length > 1 && (
        <Segments
          label="Type of profile"
          choices={types.map((value) => ({ value, label: typeWord(value) }))}
          value={type}
          onChange={(next) => change({ ...kPlainLook, type: next }, true)}
        />
      )}
      <span class="grow" />
      {choice.at > 0 && (
        <button type="button" class="button" title="The range ends there; go on to what is now" onClick={() => change({ at: 0, selected: null, before: null }, true)}>
          Until {moment(choice.at)} <Icon name="close" />
        </button>
      )}
      <Segments label="Range" choices={kRanges} value={choice.range} onChange={setRange} />
      {chosen && shown && (
        <>
          <button type="button" class="button" aria-pressed={comparing} title="Compare with the time before (d)" onClick={toggle}>
            <Icon name="compare" />
            Compare
          </button>
          <button type="button" class="button square" aria-label="Share or save" title="Share or save" onClick={() => setSaved(shown.until)}>
            <Icon name="download" />
          </button>
        </>
      )}
      {saved !== null && chosen && (
        <SaveDialog
          question={questionOf(choice, chosen.service, chosen.type, saved)}
          type={chosen.type}
          link={linkTo(choice, chosen.service, chosen.type, saved)}
          onClose={() => setSaved(null)}
        />
      )}
    </Bar>
  );
}

export function ProfilesScreen({ query, sampling }: { query: URLSearchParams; sampling: boolean }) {
  const choice = useChoice(query);
  const { range, at } = choice;
  const found = useServices(range, at);
  const { data, version } = found;
  const types = useMemo(() => (data ? typesOf(data) : []), [data]);
  const type = choice.type || types[0] || "";
  const services = useMemo(() => (data ? data.services.filter((service) => service.type === type) : []), [data, type]);
  const wanted = useService(choice.service, services);
  const chosen = services.find((service) => service.service === wanted);
  const shown = useMemo(() => (data ? { from: data.from, until: data.until } : null), [data]);
  const choose = (service: string) => {
    if (service === wanted) return;
    change({ ...kPlainLook, sort: choice.look.sort, service, other: choice.other === service ? "" : choice.other }, true);
  };
  return (
    <>
      <ScreenBar choice={choice} types={types} type={type} chosen={chosen} shown={shown} />
      <AnswerState of={found} missing="The list of services did not come." bones={<Loading />} />
      {data && data.stores === 0 && <NoStore />}
      {data && data.stores > 0 && data.services.length === 0 && <NoProfiles sampling={sampling} range={range} at={at} />}
      {data && shown && data.services.length > 0 && (
        <div class="profiles">
          <ServiceList answer={data} services={services} chosen={wanted} before={choice.other} onChoose={choose} />
          {chosen ? (
            <Work key={`${chosen.service}\0${chosen.type}`} choice={choice} service={chosen} services={services} shown={shown} version={version} />
          ) : (
            <StateBox title={`No profile of ${visible(wanted) || typeWord(type)} in this range.`}>
              <p>It used no CPU that was sampled, or no target names it any more. Choose a longer range, or another service.</p>
            </StateBox>
          )}
        </div>
      )}
    </>
  );
}
