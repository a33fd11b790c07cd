// The services of the range: who used how much CPU.
import { useState } from "preact/hooks";
import type { Service, Services, TimePoint } from "../api";
import { amount, cores, isCpuTime, plural, visible } from "../format";
import { Search } from "../parts/fields";
import { useSteadyOrder } from "../parts/steady";
import { type Stretch, curveOf, largest, wholeSteps, xIn } from "./course";

const kWidth = 60;
const kHeight = 22;
const kEdge = 2; // above the largest value, below zero: room for the line's own width

// Over the whole range; a step without a profile is nothing used.
function Spark({ points, range }: { points: TimePoint[]; range: Stretch }) {
  if (points.length < 2) return null;
  const most = largest(points);
  const { line, area } = curveOf(points, xIn(range, kWidth), (value) => kHeight - kEdge - (value / most) * (kHeight - 2 * kEdge), kHeight);
  return (
    <svg class="spark" viewBox={`0 0 ${kWidth} ${kHeight}`} preserveAspectRatio="none" aria-hidden="true">
      <path class="area" d={area} />
      <path d={line} />
    </svg>
  );
}

// The part of a range of which there are profiles, of whatever service.
export function coveredOf(services: Service[], range: Stretch): Stretch {
  const first = services.reduce((least, service) => Math.min(least, service.first), range.until);
  return { from: Math.max(range.from, first), until: range.until };
}

// Beside the sum: what it comes to at a time.
function used(service: Service, { from, until }: Stretch): string {
  const seconds = Math.max(1, (until - from) / 1000);
  return isCpuTime(service.unit) ? cores(service.total / 1e9 / seconds) : plural(service.profiles, "profile");
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
            <button
              type="button"
              aria-pressed={service.service === chosen}
              title={visible(service.service)}
              data-service={service.service}
              onClick={() => onChoose(service.service)}
            >
              <span class="names">
                <span class="cut"><bdi>{visible(service.service)}</bdi></span>
                <small class="dim cut">{service.service === before ? "Before" : used(service, covered)}</small>
              </span>
              <Spark points={wholeSteps(service.points ?? [], answer.step ?? 0, answer.from, service.last)} range={answer} />
              <span class="num">{amount(service.total, service.unit)}</span>
            </button>
          </li>
        ))}
        {shown.length === 0 && (
          <li class="dim pad">
            {wanted
              ? `No service matches. The range has ${plural(services.length, "service")}; none has “${text.trim()}” in its name.`
              : "No service has such a profile in this range."}
          </li>
        )}
      </ul>
    </section>
  );
}
