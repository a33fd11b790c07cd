// What is compared with what, and by which measure.
import type { Service } from "../api";
import { between } from "../format";
import { Segments } from "../parts";
import { type Choice, change } from "./state";
import type { Selected } from "./timeline";

interface VersusProps {
  choice: Choice;
  service: string;
  services: Service[];
  before: Selected;
  after: Selected;
}

const kBases = [
  { value: "total", label: "CPU time" },
  { value: "share", label: "Share" },
] as const;

export function Versus({ choice, service, services, before, after }: VersusProps) {
  const names = services.map((one) => one.service).filter((name) => name !== service);
  if (choice.other && !names.includes(choice.other)) names.unshift(choice.other);
  const turn = (other: string) => change({ other, before: other ? null : (choice.before ?? after.from - (after.until - after.from)) }, true);
  return (
    <section class="versus" aria-label="Comparison">
      <span class="side">
        <b class="sub">Before</b>
        <select aria-label="Service before" value={choice.other} onChange={(event) => turn(event.currentTarget.value)}>
          <option value="">{service}</option>
          {names.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
        <span class="nowrap">{between(before.from, before.until)}</span>
      </span>
      <span class="side">
        <b class="accent">After</b>
        <span class="cut">{service}</span>
        <span class="nowrap">{between(after.from, after.until)}</span>
      </span>
      <span class="grow" />
      <Segments label="Compare by" choices={[...kBases]} value={choice.by} onChange={(by) => change({ by }, true)} />
    </section>
  );
}
