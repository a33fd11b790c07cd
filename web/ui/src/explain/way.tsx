// The way of one target: who found it, what each rule did with it, who uses it.
import type { ComponentChildren } from "preact";
import type { Change, ConfigPlace, Explanation, TraceStep, Visit } from "../api";
import { HealthMark, Icon } from "../parts";
import { componentLink } from "../route";

type Tone = "ok" | "bad" | "idle";

function Place({ place }: { place: ConfigPlace }) {
  if (!place.line) return null;
  return (
    <span class="place dim mono" title={`${place.file}:${place.line}`}>
      {place.file.replace(/^.*\//, "")}:{place.line}
    </span>
  );
}

// `did`: what happened there, in words.
function Step({ tone, title, did, place, children }: { tone: Tone; title: ComponentChildren; did: string; place: ConfigPlace; children?: ComponentChildren }) {
  return (
    <li class={tone}>
      <span class="point">{tone !== "idle" && <Icon name={tone === "ok" ? "yes" : "no"} />}</span>
      <div class="steptitle">
        {title}
        <span class={tone === "bad" ? "bad" : "sub"}>{did}</span>
        <span class="grow" />
        <Place place={place} />
      </div>
      {children}
    </li>
  );
}

function ComponentName({ id }: { id: string }) {
  return (
    <a class="mono" href={componentLink(id)}>
      {id}
    </a>
  );
}

function Labels({ labels }: { labels: Record<string, string> }) {
  const isPlain = ([name]: [string, string]) => Number(!name.startsWith("__"));
  const sorted = Object.entries(labels).sort((a, b) => isPlain(b) - isPlain(a));
  return (
    <div>
      {sorted.map(([name, value]) => (
        <span class={name.startsWith("__") ? "label whole meta" : "label whole"} key={name}>
          {name}=<b>{value}</b>
        </span>
      ))}
    </div>
  );
}

function ChangeRow({ change }: { change: Change }) {
  return (
    <li class="mono">
      {change.label} = {change.before && <del>{change.before}</del>}
      {change.before && change.after && " "}
      {change.after && <ins>{change.after}</ins>}
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
      <code class="why">{step.why}</code>
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
        </ol>
      )}
    </Step>
  );
}

interface Ending {
  tone: "ok" | "bad" | "warn";
  text: string;
  next?: ComponentChildren;
}

function placeText({ file, line }: ConfigPlace): string {
  return line ? ` at ${file.replace(/^.*\//, "")}:${line}` : "";
}

function endingOf(way: Explanation): Ending {
  if (way.cut) return { tone: "warn", text: "Not told to its end" };
  const users = way.visits.filter((visit) => visit.used);
  if (users.length > 0) {
    const service = users.map((visit) => visit.in.service_name).find(Boolean);
    return {
      tone: "ok",
      text: `Used by ${users.map((visit) => visit.component).join(", ")}`,
      next: service && <a href={`#/profiles?${new URLSearchParams({ service })}`}>The profile of {service}</a>,
    };
  }
  const dropped = way.visits.find((visit) => visit.dropped);
  if (dropped) {
    const rule = dropped.steps.at(-1);
    return {
      tone: "bad",
      text: `Dropped by ${dropped.component}`,
      next: rule && `To have it used, change the rule ${rule.what}${placeText(rule.place)}; nothing after it is reached.`,
    };
  }
  if (way.visits.length === 0) return { tone: "warn", text: "No component takes it", next: `Name ${way.source}.targets where it is to be used.` };
  const last = way.visits.at(-1)!.component;
  return { tone: "warn", text: "Nobody uses it", next: `Name ${last}.output where it is to be used.` };
}

const kStates = { ok: "healthy", bad: "unhealthy", warn: "waiting" } as const;

// A name that a person would know it by.
function nameOf(labels: Record<string, string>): string {
  const names = ["service_name", "__meta_docker_container_name", "__meta_kubernetes_pod_name", "__meta_process_exe", "__address__"];
  return names.map((name) => labels[name]).find(Boolean) ?? Object.values(labels)[0] ?? "a target without labels";
}

export function Way({ way, open }: { way: Explanation; open: boolean }) {
  const ending = endingOf(way);
  return (
    <details class="panel way" open={open}>
      <summary>
        <b class="mono cut">{nameOf(way.labels)}</b>
        <HealthMark state={kStates[ending.tone]} text={ending.text} />
        <span class="grow hide-narrow" />
        <span class="dim mono cut hide-narrow">{way.source}</span>
      </summary>
      <ol class="steps pad">
        <Step tone="ok" title={<ComponentName id={way.source} />} did="finds it" place={way.place}>
          <Labels labels={way.labels} />
        </Step>
        {way.visits.map((visit, index) => (
          <VisitStep key={index} visit={visit} />
        ))}
      </ol>
      {ending.next && <p class="pad sub">{ending.next}</p>}
    </details>
  );
}
