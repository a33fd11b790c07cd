// The course of a value over time, as the list of services and the timeline draw it.
import type { TimePoint } from "../api";

// A stretch of time, in Unix milliseconds.
export interface Stretch {
  from: number;
  until: number;
}

// Without the first step where the range cuts through it, and without the last while profiles of it are still to come.
export function wholeSteps(points: TimePoint[], step: number, from: number, last: number): TimePoint[] {
  return points.filter(([time]) => time >= from && time + step * 1000 <= last);
}

export function largest(points: TimePoint[]): number {
  return points.reduce((most, [, value]) => Math.max(most, value), 1);
}

export function xIn({ from, until }: Stretch, width: number): (time: number) => number {
  return (time) => ((time - from) / Math.max(1, until - from)) * width;
}

interface Curve {
  line: string;
  area: string; // between it and `base`
}

// As paths of an SVG.
export function curveOf(points: TimePoint[], x: (time: number) => number, y: (value: number) => number, base: number): Curve {
  const at = (time: number) => x(time).toFixed(1);
  const line = points.map(([time, value], index) => `${index === 0 ? "M" : "L"}${at(time)} ${y(value).toFixed(1)}`).join("");
  const [first, last] = [points[0], points.at(-1)];
  return { line, area: first && last ? `${line}L${at(last[0])} ${base}L${at(first[0])} ${base}z` : "" };
}
