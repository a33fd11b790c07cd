// Profiles: a service, a range, its flame graph.
import { useMemo, useRef } from "preact/hooks";
import { type Service, type Services, url } from "../api";
import { minute, percent, plural } from "../format";
import { Bar, Bones, ErrorState, Icon, Segments, StateBox } from "../parts";
import { replaceQuery } from "../route";
import { type FlameData, useFlame, useSeries, useServices } from "./data";
import { Graph } from "./graph";
import { ServiceList } from "./services";
import { type Selected, Timeline } from "./timeline";

const kRanges = [
  { value: 300, label: "5 min" },
  { value: 900, label: "15 min" },
  { value: 3600, label: "1 h" },
  { value: 21600, label: "6 h" },
  { value: 86400, label: "24 h" },
];
const kViews = [
  { value: "flame", label: "Flame" },
  { value: "both", label: "Both" },
  { value: "table", label: "Table" },
];

function NoStore() {
  return (
    <StateBox title="No profile is kept on this machine.">
      <p>weir runs, but no component of its config keeps profiles here. Add one, and let a profiler forward to it:</p>
      <pre class="command">{`pyroscope.store "local" { }

discovery.process "all" { }

pyroscope.ebpf "machine" {
  targets    = discovery.process.all.targets
  forward_to = [pyroscope.store.local.receiver]
}`}</pre>
      <p>The first flame graph comes about 15 s after the file is saved.</p>
    </StateBox>
  );
}

function NoProfiles({ sampling, range }: { sampling: boolean; range: number }) {
  const label = kRanges.find((choice) => choice.value === range)?.label ?? `${range} s`;
  return (
    <StateBox title={sampling ? "Nothing profiled in this range." : "Nothing profiled yet."}>
      <p>
        {sampling
          ? `weir samples, and no profile of the last ${label} is there yet. The first comes at the end of the first collect_interval, 15 s unless the config says otherwise.`
          : "weir runs. It has no profile to show, because no pyroscope.ebpf samples."}
      </p>
      <ol>
        <li>
          <div>
            See what each component says: <a href="#/components">Components</a>.
          </div>
        </li>
        <li>
          <div>A process is profiled when a target names it: by its pid, or by the id of its container.</div>
        </li>
        <li>
          <div>A service that uses no CPU has no profile. Choose a longer range to see when it last did.</div>
        </li>
      </ol>
    </StateBox>
  );
}

function Summary({ flame }: { flame: FlameData }) {
  const { answer } = flame;
  const complete = answer.samples > 0 ? answer.completeSamples / answer.samples : 0;
  return (
    <>
      {flame.service}, {minute(answer.from)}–{minute(answer.until)}, {plural(answer.samples, "sample")}
      <span class="hide-narrow">, {percent(complete)} of the stacks complete</span>.
    </>
  );
}

interface WorkProps {
  service: Service;
  range: number;
  view: string;
  version: number;
  selected: Selected | null;
  onSelect: (selected: Selected | null) => void;
}

function Work({ service, range, view, version, selected, onSelect }: WorkProps) {
  const series = useSeries(service.service, service.type, range, version);
  const flame = useFlame(service.service, service.type, range, selected, version);
  return (
    <section class="work" aria-label={service.service}>
      {series.data ? <Timeline series={series.data} unit={service.unit} last={service.last} selected={selected} onSelect={onSelect} /> : <div class="timeline" />}
      {flame.data && flame.data.tree.total[0]! > 0 && (
        <Graph
          tree={flame.data.tree}
          title={flame.data.service}
          unit={service.unit}
          view={view}
          summary={<Summary flame={flame.data} />}
          tools={<Segments label="What to show" choices={kViews} value={view} onChange={(next) => replaceQuery({ view: next === "both" ? "" : next })} />}
        />
      )}
      {flame.data && flame.data.tree.total[0] === 0 && (
        <StateBox title="No CPU time in this part.">
          <p>{service.service} has no sample here. Double click the timeline for the whole range.</p>
        </StateBox>
      )}
      {!flame.data && flame.error && <ErrorState what="The flame graph did not come." why={flame.error.message} />}
      {!flame.data && !flame.error && <Bones rows={10} height={19} />}
    </section>
  );
}

function Loading() {
  return (
    <div class="profiles">
      <section class="services" aria-label="Services">
        <Bones rows={6} height={22} />
      </section>
      <section class="work">
        <Bones rows={12} height={19} />
      </section>
    </div>
  );
}

// One entry a service: of several types the one with CPU time comes first from weir.
function cpuOnly(answer: Services): Service[] {
  const seen = new Set<string>();
  return answer.services.filter((service) => {
    const cpu = service.type === "process_cpu" || service.type === "";
    if (!cpu || seen.has(service.service)) return false;
    seen.add(service.service);
    return true;
  });
}

function pprofLink(service: Service, range: number, selected: Selected | null, until: number): string {
  const to = selected?.until ?? until;
  return url("profiles/pprof", { service: service.service, type: service.type, from: selected?.from ?? to - range * 1000, until: to });
}

// The service in the address; without one the largest, which then stays the choice.
function useChoice(asked: string, services: Service[]): string {
  const first = useRef("");
  if (!services.some((service) => service.service === first.current)) first.current = services[0]?.service ?? "";
  return asked || first.current;
}

export function ProfilesScreen({ query, sampling }: { query: URLSearchParams; sampling: boolean }) {
  const range = kRanges.find((choice) => String(choice.value) === query.get("range"))?.value ?? 900;
  const view = kViews.find((choice) => choice.value === query.get("view"))?.value ?? "both";
  const { data, error, version } = useServices(range);
  const services = useMemo(() => (data ? cpuOnly(data) : []), [data]);
  const wanted = useChoice(query.get("service") ?? "", services);
  const chosen = services.find((service) => service.service === wanted);
  const from = Number(query.get("from"));
  const until = Number(query.get("until"));
  const selected = useMemo(() => (from > 0 && until > from ? { from, until } : null), [from, until]);
  const select = (part: Selected | null) => replaceQuery({ from: part ? String(part.from) : "", until: part ? String(part.until) : "" });
  const choose = (name: string) => replaceQuery({ service: name });
  return (
    <>
      <Bar title="Profiles">
        <span class="grow" />
        <Segments label="Range" choices={kRanges} value={range} onChange={(next) => replaceQuery({ range: String(next), from: "", until: "" })} />
        {chosen && data && (
          <a class="button square" href={pprofLink(chosen, range, selected, data.until)} download aria-label="Download as pprof" title="Download as pprof">
            <Icon name="download" />
          </a>
        )}
      </Bar>
      {!data && error && <ErrorState what="The list of services did not come." why={error.message} />}
      {!data && !error && <Loading />}
      {data && data.stores === 0 && <NoStore />}
      {data && data.stores > 0 && services.length === 0 && <NoProfiles sampling={sampling} range={range} />}
      {data && services.length > 0 && (
        <div class="profiles">
          <ServiceList answer={data} services={services} chosen={wanted} onChoose={choose} />
          {chosen ? (
            <Work key={chosen.service} service={chosen} range={range} view={view} version={version} selected={selected} onSelect={select} />
          ) : (
            <StateBox title={`No profile of ${wanted} in this range.`}>
              <p>It used no CPU that was sampled, or no target names it any more. Choose a longer range, or another service.</p>
            </StateBox>
          )}
        </div>
      )}
    </>
  );
}
