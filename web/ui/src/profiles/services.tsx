// The services of the range: who used how much CPU.
import { useState } from "preact/hooks";
import type { Service, Services } from "../api";
import { amount, cores, plural, visible } from "../format";
import { Search, useSteadyOrder } from "../parts";
import type { Selected } from "./timeline";

const kWidth = 60;
const kHeight = 22;

// Points over the whole range; a step without a profile is nothing used.
function sparkPath(points: [number, number][], from: number, until: number): string {
  const most = Math.max(1, ...points.map((point) => point[1]));
  return points
    .map(([time, value], index) => {
      const x = ((time - from) / Math.max(1, until - from)) * kWidth;
      const y = kHeight - 2 - (value / most) * (kHeight - 4);
      return `${index === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`;
    })
    .join("");
}

// Without the first step where the range cuts through it, and without the last while profiles of it are still to come.
function wholeSteps(service: Service, from: number, step: number): [number, number][] {
  return (service.points ?? []).filter(([time]) => time >= from && time + step * 1000 <= service.last);
}

function Spark({ points, from, until }: { points: [number, number][]; from: number; until: number }) {
  if (points.length < 2) return null;
  const path = sparkPath(points, from, until);
  const x = (time: number) => (((time - from) / Math.max(1, until - from)) * kWidth).toFixed(1);
  const area = `${path}L${x(points[points.length - 1]![0])} ${kHeight}L${x(points[0]![0])} ${kHeight}z`;
  return (
    <svg class="spark" viewBox={`0 0 ${kWidth} ${kHeight}`} preserveAspectRatio="none" aria-hidden="true">
      <path class="area" d={area} />
      <path d={path} />
    </svg>
  );
}

// The part of a range of which there are profiles, of whatever service.
export function coveredOf(services: Service[], range: Selected): Selected {
  const first = services.reduce((least, service) => Math.min(least, service.first), range.until);
  return { from: Math.max(range.from, first), until: range.until };
}

// Beside the sum: what it comes to at a time.
function used(service: Service, { from, until }: Selected): string {
  const seconds = Math.max(1, (until - from) / 1000);
  return service.unit === "nanoseconds" ? cores(service.total / 1e9 / seconds) : plural(service.profiles, "profile");
}

interface ListProps {
  answer: Services;
  services: Service[];
  chosen: string;
  before: string; // compared with; "": with none
  onChoose: (service: string) => void;
}

export function ServiceList({ answer, services, chosen, before, onChoose }: ListProps) {
  const [text, setText] = useState("");
  const wanted = text.trim().toLowerCase();
  const [steady, hold] = useSteadyOrder(services, (service) => service.service);
  const covered = coveredOf(services, answer);
  const shown = steady.filter((service) => service.service.toLowerCase().includes(wanted));
  return (
    <section class="services" aria-label="Services">
      <div class="top">
        <Search value={text} label="Find a service" onChange={setText} />
      </div>
      <ul {...hold}>
        {shown.map((service) => (
          <li key={service.service}>
            <button type="button" aria-pressed={service.service === chosen} title={visible(service.service)} data-service={service.service} onClick={() => onChoose(service.service)}>
              <span class="names">
                <span class="cut"><bdi>{visible(service.service)}</bdi></span>
                <small class="dim cut">{service.service === before ? "Before" : used(service, covered)}</small>
              </span>
              <Spark points={wholeSteps(service, answer.from, answer.step ?? 0)} from={answer.from} until={answer.until} />
              <span class="num">{amount(service.total, service.unit)}</span>
            </button>
          </li>
        ))}
        {shown.length === 0 && (
          <li class="dim pad">
            {wanted ? `No service matches. The range has ${plural(services.length, "service")}; none has “${text.trim()}” in its name.` : "No service has such a profile in this range."}
          </li>
        )}
      </ul>
    </section>
  );
}
