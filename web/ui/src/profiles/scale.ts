// Times and values of the timeline, and what it says of them.
import type { Series } from "../api";
import { amount, cores, isCpuTime } from "../format";
import { type Stretch, largest, wholeSteps, xIn } from "./course";

export const kBase = 58; // px: the line of zero; the times stand below
const kTop = 20; // px: the largest value; above it stands the average

// Pixels of times and values.
export interface Scale extends Stretch {
  x: (time: number) => number;
  y: (value: number) => number;
  time: (px: number) => number;
  clamped: (px: number) => number;
  width: number;
}

export function scaleOf({ from, until, points }: Series, other: Series | undefined, width: number): Scale {
  const most = Math.max(largest(points), largest(other?.points ?? []));
  const clamped = (px: number) => Math.min(width, Math.max(0, px));
  return {
    from,
    until,
    x: xIn({ from, until }, width),
    y: (value) => kBase - (value / most) * (kBase - kTop),
    time: (px) => Math.round(from + (clamped(px) / Math.max(1, width)) * (until - from)),
    clamped,
    width,
  };
}

// A first graph shows what there is, whole or not.
export function withWholeSteps(series: Series, last: number): Series {
  if (series.points.length < 3) return series;
  return { ...series, points: wholeSteps(series.points, series.step, series.from, last) };
}

const kMinutes = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720];
const kDay = 1440;
const kApart = 110; // px between two times, or more

// Round times of the clock on the wall.
export function ticksOf({ from, until, width }: Scale): number[] {
  const wanted = (until - from) / Math.max(2, width / kApart);
  const step = (kMinutes.find((minutes) => minutes * 60_000 >= wanted) ?? kDay) * 60_000;
  const shift = new Date(from).getTimezoneOffset() * 60_000;
  const first = Math.ceil((from - shift) / step) * step + shift;
  const times: number[] = [];
  for (let time = first; time <= until; time += step) times.push(time);
  return times;
}

// A value per second as what it means: nanoseconds of CPU are cores.
export function perSecond(value: number, unit: string): string {
  return isCpuTime(unit) ? cores(value / 1e9) : `${amount(value, unit)}/s`;
}

// What the steps have of a part; of a step that the part cuts, as much as lies in it.
function valueIn({ points, step }: Series, part: Stretch): number {
  return points.reduce((sum, [time, value]) => {
    const inside = Math.min(part.until, time + step * 1000) - Math.max(part.from, time);
    return sum + value * Math.max(0, inside / (step * 1000));
  }, 0);
}

// Per second of what profiles cover, whether something ran all the time or a moment; null: there was nothing.
// `total`: of the whole range. `part`: null: all of it.
export function averageOf(series: Series, total: number, covered: Stretch, part: Stretch | null): number | null {
  const within = part ? { from: Math.max(part.from, covered.from), until: Math.min(part.until, covered.until) } : covered;
  const value = part ? valueIn(series, part) : total;
  return value === 0 ? null : value / Math.max(1, (within.until - within.from) / 1000);
}
