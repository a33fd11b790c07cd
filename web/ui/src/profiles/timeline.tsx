// CPU over the range. Dragging selects a part of it, a double click all again.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Series } from "../api";
import { amount, cores, minute } from "../format";

export interface Selected {
  from: number;
  until: number;
}

interface TimelineProps {
  series: Series;
  unit: string;
  last: number; // when the newest profile begins
  selected: Selected | null;
  onSelect: (selected: Selected | null) => void;
}

const kHeight = 76;
const kBase = 58; // px: the line of zero; the times stand below
const kTop = 20;
const kLeastDrag = 4; // px

function useWidth() {
  const element = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const read = () => element.current && setWidth(element.current.clientWidth);
    read();
    const watch = new ResizeObserver(read);
    if (element.current) watch.observe(element.current);
    return () => watch.disconnect();
  }, []);
  return { element, width };
}

const kMinutes = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720];

function ticks(from: number, until: number, width: number): number[] {
  const wanted = (until - from) / Math.max(2, width / 110);
  const step = (kMinutes.find((minutes) => minutes * 60_000 >= wanted) ?? 1440) * 60_000;
  const shift = new Date(from).getTimezoneOffset() * 60_000;
  const first = Math.ceil((from - shift) / step) * step + shift;
  const times: number[] = [];
  for (let time = first; time <= until; time += step) times.push(time);
  return times;
}

// A value of a step as what it means: nanoseconds of CPU per second are cores.
function rate(value: number, step: number, unit: string): string {
  return unit === "nanoseconds" ? cores(value / (step * 1e9)) : `${amount(value / step, unit)}/s`;
}

function average(series: Series, range: Selected | null): number | null {
  const points = series.points.filter(([time]) => !range || (time + series.step * 1000 > range.from && time < range.until));
  if (points.length === 0) return null;
  return points.reduce((sum, point) => sum + point[1], 0) / points.length;
}

// Without the first step where the range cuts through it, and the last while profiles of it are still to come.
// A first graph shows what there is.
function wholeSteps(series: Series, last: number): Series {
  if (series.points.length < 3) return series;
  return { ...series, points: series.points.filter(([time]) => time >= series.from && time + series.step * 1000 <= last) };
}

export function Timeline({ series: all, unit, last, selected, onSelect }: TimelineProps) {
  const { element, width } = useWidth();
  const [drag, setDrag] = useState<{ start: number; end: number } | null>(null);
  const series = wholeSteps(all, last);
  const { from, until, step, points } = series;
  const x = (time: number) => ((time - from) / Math.max(1, until - from)) * width;
  const time = (px: number) => Math.round(from + (Math.min(width, Math.max(0, px)) / Math.max(1, width)) * (until - from));
  const most = Math.max(1, ...points.map((point) => point[1]));
  const y = (value: number) => kBase - (value / most) * (kBase - kTop);
  const middle = (step * 1000) / 2;
  const line = points.map(([at, value], index) => `${index === 0 ? "M" : "L"}${x(at + middle).toFixed(1)} ${y(value).toFixed(1)}`).join("");
  const area = points.length > 1 ? `${line}L${x(points[points.length - 1]![0] + middle).toFixed(1)} ${kBase}L${x(points[0]![0] + middle).toFixed(1)} ${kBase}z` : "";
  const shown = drag ? { from: time(Math.min(drag.start, drag.end)), until: time(Math.max(drag.start, drag.end)) } : selected;
  const mean = average(series, shown);

  useEffect(() => {
    if (!drag) return;
    const left = () => element.current?.getBoundingClientRect().left ?? 0;
    const move = (event: PointerEvent) => setDrag({ start: drag.start, end: event.clientX - left() });
    const end = () => {
      setDrag(null);
      if (Math.abs(drag.end - drag.start) < kLeastDrag) return;
      onSelect({ from: time(Math.min(drag.start, drag.end)), until: time(Math.max(drag.start, drag.end)) });
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", end);
    return () => {
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", end);
    };
  }, [drag]);

  const label = mean === null ? "No CPU time in this range" : `${rate(mean, step, unit)} on average${shown ? ` from ${minute(shown.from)} to ${minute(shown.until)}` : ""}`;
  return (
    <div
      class="timeline"
      ref={element}
      onPointerDown={(event) => {
        const px = event.clientX - element.current!.getBoundingClientRect().left;
        if (event.button === 0) setDrag({ start: px, end: px });
      }}
      onDblClick={() => onSelect(null)}
      title="Drag to select a part, double click for all"
    >
      <svg width={width} height={kHeight} role="img" aria-label={label}>
        {ticks(from, until, width).map((at) => (
          <g key={at}>
            <line class="grid" x1={x(at)} x2={x(at)} y1={0} y2={kBase} />
            {x(at) > 18 && x(at) < width - 18 && (
              <text x={x(at)} y={kBase + 14} text-anchor="middle">
                {minute(at)}
              </text>
            )}
          </g>
        ))}
        <line class="grid" x1={0} x2={width} y1={kBase} y2={kBase} />
        {area && <path class="area" d={area} />}
        {points.length > 1 && <path class="line" d={line} />}
        {points.length === 1 && <circle class="dot" cx={x(points[0]![0] + middle)} cy={y(points[0]![1])} r={2} />}
        {shown && (
          <g>
            <rect class="selected" x={x(shown.from)} width={Math.max(1, x(shown.until) - x(shown.from))} y={0} height={kBase} />
            <line class="edge" x1={x(shown.from)} x2={x(shown.from)} y1={0} y2={kBase} />
            <line class="edge" x1={x(shown.until)} x2={x(shown.until)} y1={0} y2={kBase} />
          </g>
        )}
        <text x={12} y={14}>
          {mean !== null && rate(mean, step, unit)}
        </text>
      </svg>
    </div>
  );
}
