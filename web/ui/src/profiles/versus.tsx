// What is compared with what, and by which measure.
import type { Service } from "../api";
import { between, isCpuTime, span, visible } from "../format";
import { Segments } from "../parts/fields";
import type { Stretch } from "./course";
import type { FlameData } from "./data";
import { type Basis, type Choice, change } from "./state";

interface VersusProps {
  choice: Choice;
  service: string;
  services: Service[];
  before: Stretch;
  after: Stretch;
  unit: string;
  flame?: FlameData;
}

function basesFor(unit: string): { value: Basis; label: string }[] {
  return [
    { value: "total", label: isCpuTime(unit) ? "CPU time" : "Total" },
    { value: "time", label: "Per second" },
    { value: "share", label: "Share" },
  ];
}

// There may be profiles of only a part of either time: then more is no sign of more work.
function Covered({ flame, by }: { flame: FlameData; by: Basis }) {
  const [before, after] = [flame.before?.duration ?? 0, flame.after?.duration ?? 0];
  if (before <= 0 || after <= 0 || Math.abs(after - before) <= 0.05 * Math.max(before, after)) return null;
  return (
    <span class="covered" role="status">
      Profiles cover {span(before * 1000)} before and {span(after * 1000)} after
      {by === "total" ? (
        <>
          :{" "}
          <button type="button" class="link" onClick={() => change({ by: "time" }, true)}>
            compare per second
          </button>
        </>
      ) : (
        "."
      )}
    </span>
  );
}

export function Versus({ choice, service, services, before, after, unit, flame }: VersusProps) {
  const names = services.map((one) => one.service).filter((name) => name !== service);
  if (choice.other && !names.includes(choice.other)) names.unshift(choice.other);
  const turn = (other: string) => change({ other, before: other ? null : (choice.before ?? after.from - (after.until - after.from)) }, true);
  return (
    <section class="versus" aria-label="Comparison">
      <span class="side">
        <b class="sub">Before</b>
        <select aria-label="Service before" value={choice.other} onChange={(event) => turn(event.currentTarget.value)}>
          <option value="">{visible(service)}</option>
          {names.map((name) => (
            <option key={name} value={name}>
              {visible(name)}
            </option>
          ))}
        </select>
        <span class="nowrap">{between(before.from, before.until)}</span>
      </span>
      <span class="side">
        <b class="accent">After</b>
        <span class="cut"><bdi>{visible(service)}</bdi></span>
        <span class="nowrap">{between(after.from, after.until)}</span>
      </span>
      {flame && <Covered flame={flame} by={choice.by} />}
      <span class="grow" />
      <Segments label="Compare by" choices={basesFor(unit)} value={choice.by} onChange={(by) => change({ by }, true)} />
    </section>
  );
}
