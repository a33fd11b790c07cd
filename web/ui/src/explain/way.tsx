// The way of one target: who found it, what each rule did with it, who uses it.
import type { ComponentChildren } from "preact";
import type { Change, ConfigPlace, Explanation, TraceStep, Visit } from "../api";
import { baseName, count, visible } from "../format";
import { HealthMark } from "../parts/health";
import { Icon } from "../parts/icon";
import { givenFirst, Label } from "../parts/label";
import { componentLink, configLink, profileLink } from "../route";

type Tone = "ok" | "bad" | "idle";

function Place({ place }: { place: ConfigPlace }) {
  if (!place.line) return null;
  return (
    <a class="place mono" href={configLink(place.file, place.line)} title={`${place.file}:${place.line}`}>
      {baseName(place.file)}:{place.line}
    </a>
  );
}

interface StepProps {
  tone: Tone;
  title: ComponentChildren;
  did: string; // what happened there, in words
  place?: ConfigPlace;
  children?: ComponentChildren;
}

export function Step({ tone, title, did, place, children }: StepProps) {
  return (
    <li class={tone}>
      <span class="point">{tone !== "idle" && <Icon name={tone === "ok" ? "yes" : "close"} />}</span>
      <div class="steptitle">
        {title}
        <span class={tone === "bad" ? "bad" : "sub"}>{did}</span>
        <span class="grow" />
        {place && <Place place={place} />}
      </div>
      {children}
    </li>
  );
}

export function ComponentName({ id }: { id: string }) {
  return (
    <a class="mono" href={componentLink(id)}>
      {id}
    </a>
  );
}

const kLongest = 400; // characters of a label's value

function shortened(value: string): string {
  return value.length > kLongest ? `${value.slice(0, kLongest)}… of ${count(value.length)} characters` : value;
}

function Labels({ labels }: { labels: Record<string, string> }) {
  const sorted = Object.entries(labels).sort(([a], [b]) => givenFirst(a, b));
  return (
    <div>
      {sorted.map(([name, value]) => (
        <Label key={name} name={name} value={shortened(value)} isWhole />
      ))}
    </div>
  );
}

function ChangeRow({ change }: { change: Change }) {
  return (
    <li class="mono">
      {visible(change.label)} = {change.before && <del><bdi>{visible(shortened(change.before))}</bdi></del>}
      {change.before && change.after && " "}
      {change.after && <ins><bdi>{visible(shortened(change.after))}</bdi></ins>}
    </li>
  );
}

const kKeeps = "keeps it";

// A rule that keeps or drops and left the target alone has decided all the same.
function didOf(step: TraceStep): string {
  if (step.effect === "dropped") return "drops it";
  if (step.effect === "changed") return "changes it";
  return /^(keep|drop)(equal)?$/.test(step.what) ? kKeeps : "leaves it as it is";
}

function RuleStep({ step }: { step: TraceStep }) {
  const did = didOf(step);
  const tone = step.effect === "dropped" ? "bad" : step.effect === "changed" || did === kKeeps ? "ok" : "idle";
  return (
    <Step tone={tone} title={<b class="mono">{step.what}</b>} did={did} place={step.place}>
      <code class="why"><bdi>{visible(shortened(step.why))}</bdi></code>
      {step.changes.length > 0 && (
        <ul class="changes">
          {step.changes.map((change) => (
            <ChangeRow key={change.label} change={change} />
          ))}
        </ul>
      )}
    </Step>
  );
}

function VisitStep({ visit }: { visit: Visit }) {
  const did = visit.dropped ? "drops it" : visit.used ? "uses it" : "passes it on";
  return (
    <Step tone={visit.dropped ? "bad" : "ok"} title={<ComponentName id={visit.component} />} did={did} place={visit.place}>
      {visit.used && <Labels labels={visit.in} />}
      {visit.steps.length > 0 && (
        <ol class="steps">
          {visit.steps.map((step) => (
            <RuleStep key={`${step.block}-${step.index}`} step={step} />
          ))}
          <Unreached visit={visit} />
        </ol>
      )}
    </Step>
  );
}

// Behind the rule that drops it.
function Unreached({ visit }: { visit: Visit }) {
  return (
    <>
      {visit.unreached.map(({ block, index, place }) => (
        <Step key={index} tone="idle" title={<b class="mono">{`${block} ${index + 1}`}</b>} did="is not reached" place={place} />
      ))}
    </>
  );
}

interface Ending {
  tone: "ok" | "bad" | "warn";
  text: string;
  next?: ComponentChildren;
}

function endingOf(way: Explanation): Ending {
  if (way.cut) return { tone: "warn", text: "Not told to its end" };
  const users = way.visits.filter((visit) => visit.used);
  if (users.length > 0) {
    const service = users.map((visit) => visit.in["service_name"]).find(Boolean);
    return {
      tone: "ok",
      text: `Used by ${users.map((visit) => visit.component).join(", ")}`,
      next: service && <a href={profileLink(service)}>The profile of <bdi>{visible(service)}</bdi></a>,
    };
  }
  const dropped = way.visits.find((visit) => visit.dropped);
  if (dropped) return { tone: "bad", text: `Dropped by ${dropped.component}`, next: <ToUse visit={dropped} /> };
  if (way.visits.length === 0) return { tone: "warn", text: "No component takes it", next: <>Name <code>{way.source}.targets</code> where it is to be used.</> };
  const last = way.visits.at(-1)!.component;
  return { tone: "warn", text: "Nobody uses it", next: <>Name <code>{last}.output</code> where it is to be used.</> };
}

function ToUse({ visit }: { visit: Visit }) {
  const rule = visit.steps.at(-1);
  if (!rule) return null;
  return (
    <>
      To have it used, change the rule <code>{rule.what}</code> {rule.place.line > 0 && <>at <Place place={rule.place} /></>}. A changed
      config is tried without a reload by <code>weir explain targets</code>.
    </>
  );
}

const kStates = { ok: "healthy", bad: "unhealthy", warn: "waiting" } as const;

// A name that a person would know it by.
function nameOf(labels: Record<string, string>): string {
  const names = ["service_name", "__meta_docker_container_name", "__meta_kubernetes_pod_name", "__meta_process_exe", "__address__"];
  return names.map((name) => labels[name]).find(Boolean) ?? Object.values(labels)[0] ?? "a target without labels";
}

// Found by, each rule, who takes it.
export function Steps({ way }: { way: Explanation }) {
  const last = way.visits.at(-1);
  return (
    <ol class="steps">
      <Step tone="ok" title={<ComponentName id={way.source} />} did="finds it" place={way.place}>
        <Labels labels={way.labels} />
      </Step>
      {way.visits.map((visit, index) => (
        <VisitStep key={index} visit={visit} />
      ))}
      {last?.unseenBy.map((id) => (
        <Step key={id} tone="idle" title={<ComponentName id={id} />} did="does not see it" />
      ))}
    </ol>
  );
}

export function Ended({ way }: { way: Explanation }) {
  const ending = endingOf(way);
  return (
    <div class="ended">
      <HealthMark state={kStates[ending.tone]} text={ending.text} />
      {ending.next && <p class="sub">{ending.next}</p>}
    </div>
  );
}

export function Way({ way, open }: { way: Explanation; open: boolean }) {
  const ending = endingOf(way);
  return (
    <details class="panel way" open={open}>
      <summary>
        <b class="mono cut"><bdi>{visible(nameOf(way.labels))}</bdi></b>
        <HealthMark state={kStates[ending.tone]} text={ending.text} />
        <span class="grow hide-narrow" />
        <span class="dim mono cut hide-narrow">{way.source}</span>
      </summary>
      <div class="pad">
        <Steps way={way} />
      </div>
      {ending.next && <p class="pad sub">{ending.next}</p>}
    </details>
  );
}
