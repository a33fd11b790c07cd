// CPU over the range. Dragging selects a part of it, a double click all again; in a comparison the time before
// is a part of its own that can be moved. Each edge is a slider, for the keyboard.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Series } from "../api";
import { amount, between, clock, cores, minute } from "../format";
import { hasModifier } from "../keys";
import { useMeasures } from "../measures";

export interface Selected {
  from: number;
  until: number;
}

interface TimelineProps {
  series: Series;
  other?: Series; // of the service it is compared with
  unit: string;
  last: number; // when the newest profile begins
  otherLast?: number;
  total: number; // of the whole range
  covered: Selected; // of the range, there are profiles
  selected: Selected | null;
  before: Selected | null; // compared: the time before
  onSelect: (selected: Selected | null, isStep: boolean) => void;
  onMove: (from: number, isStep: boolean) => void; // of the time before
}

const kHeight = 76;
const kBase = 58; // px: the line of zero; the times stand below
const kTop = 20;
const kLeastDrag = 4; // px
const kKeySteps = 60; // of a key, over the range

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

// A value per second as what it means: nanoseconds of CPU are cores.
function rate(value: number, unit: string): string {
  return unit === "nanoseconds" ? cores(value / 1e9) : `${amount(value, unit)}/s`;
}

// What the steps have of a part; of a step that the part cuts, as much as lies in it.
function valueIn({ points, step }: Series, part: Selected): number {
  return points.reduce((sum, [time, value]) => {
    const inside = Math.min(part.until, time + step * 1000) - Math.max(part.from, time);
    return sum + value * Math.max(0, inside / (step * 1000));
  }, 0);
}

// Per second, whether something ran all the time or a moment; null: there was nothing.
function average({ series, total, covered }: TimelineProps, selected: Selected | null): number | null {
  const part = selected ? { from: Math.max(selected.from, covered.from), until: Math.min(selected.until, covered.until) } : covered;
  const value = selected ? valueIn(series, part) : total;
  return value === 0 ? null : value / Math.max(1, (part.until - part.from) / 1000);
}

// Without the first step where the range cuts through it, and the last while profiles of it are still to come.
// A first graph shows what there is.
function wholeSteps(series: Series, last: number): Series {
  if (series.points.length < 3) return series;
  return { ...series, points: series.points.filter(([time]) => time >= series.from && time + series.step * 1000 <= last) };
}

// Pixels of times and values.
interface Scale {
  x: (time: number) => number;
  y: (value: number) => number;
  time: (px: number) => number;
  width: number;
}

function scaleOf(series: Series, other: Series | undefined, width: number): Scale {
  const { from, until } = series;
  const most = Math.max(1, ...series.points.map((point) => point[1]), ...(other?.points ?? []).map((point) => point[1]));
  return {
    x: (time) => ((time - from) / Math.max(1, until - from)) * width,
    y: (value) => kBase - (value / most) * (kBase - kTop),
    time: (px) => Math.round(from + (Math.min(width, Math.max(0, px)) / Math.max(1, width)) * (until - from)),
    width,
  };
}

function Lines({ series, other, scale }: { series: Series; other: Series | undefined; scale: Scale }) {
  const middle = (step: number) => (step * 1000) / 2;
  const path = ({ points, step }: Series) =>
    points.map(([at, value], index) => `${index === 0 ? "M" : "L"}${scale.x(at + middle(step)).toFixed(1)} ${scale.y(value).toFixed(1)}`).join("");
  const { points, step } = series;
  const line = path(series);
  const x = (index: number) => scale.x(points[index]![0] + middle(step)).toFixed(1);
  return (
    <>
      {points.length > 1 && <path class="area" d={`${line}L${x(points.length - 1)} ${kBase}L${x(0)} ${kBase}z`} />}
      {other && other.points.length > 1 && <path class="line before" d={path(other)} />}
      {points.length > 1 && <path class="line" d={line} />}
      {points.length === 1 && <circle class="dot" cx={x(0)} cy={scale.y(points[0]![1])} r={2} />}
    </>
  );
}

// A part of the range with both its edges; what lies outside is not drawn.
function Part({ part, scale, kind, name }: { part: Selected; scale: Scale; kind: string; name: string }) {
  const [left, right] = [scale.x(part.from), scale.x(part.until)];
  const [start, end] = [Math.max(0, left), Math.min(scale.width, right)];
  if (end < start) {
    const isEarlier = right < 0;
    return (
      <text class={kind} x={isEarlier ? 6 : scale.width - 6} y={kBase - 6} text-anchor={isEarlier ? "start" : "end"}>
        {isEarlier ? `‹ ${name}` : `${name} ›`}
      </text>
    );
  }
  return (
    <g class={kind}>
      <rect x={start} width={Math.max(1, end - start)} y={0} height={kBase} />
      {left >= 0 && <line x1={left} x2={left} y1={0} y2={kBase} />}
      {right <= scale.width && <line x1={right} x2={right} y1={0} y2={kBase} />}
      {name && end - start > 44 && (
        <text x={start + 6} y={kBase - 6}>
          {name}
        </text>
      )}
    </g>
  );
}

interface SliderProps {
  name: string;
  class?: string;
  value: number;
  text: string;
  least: number;
  most: number;
  step: number;
  left: number; // px
  width?: number; // px
  onChange: (value: number) => void;
  onReset?: () => void;
}

// Moved by the arrows, far with Shift or the page keys, to the ends by Home and End.
function Slider(props: SliderProps) {
  const { value, least, most, step } = props;
  const press = (event: KeyboardEvent) => {
    if (hasModifier(event)) return;
    const far = event.shiftKey ? 10 : 1;
    const steps: Record<string, number> = { ArrowLeft: -far, ArrowDown: -far, ArrowRight: far, ArrowUp: far, PageDown: -10, PageUp: 10, Home: -Infinity, End: Infinity };
    const move = steps[event.key];
    if (move !== undefined) {
      event.preventDefault();
      const next = Math.min(most, Math.max(least, value + move * step));
      if (next !== value) props.onChange(Math.round(next));
    } else if (props.onReset && (event.key === "Delete" || event.key === "Backspace")) {
      event.preventDefault();
      props.onReset();
    }
  };
  return (
    <div
      class={`slider ${props.class ?? ""}`}
      role="slider"
      tabIndex={0}
      aria-label={props.name}
      aria-valuemin={least}
      aria-valuemax={most}
      aria-valuenow={value}
      aria-valuetext={props.text}
      onKeyDown={press}
      style={{ left: `${props.left}px`, width: props.width === undefined ? "" : `${props.width}px` }}
    />
  );
}

// What a pointer does: it draws a part, or it moves the time before, which begins `grip` ms left of it.
interface Drag {
  start: number; // px
  end: number;
  grip: number | null;
}

export function Timeline(props: TimelineProps) {
  const { series: all, other, unit, last, otherLast = last, selected, before, onSelect, onMove } = props;
  const element = useRef<HTMLDivElement>(null);
  const [{ width }] = useMeasures(element, { width: 0 }, ({ clientWidth }) => ({ width: clientWidth }));
  const [drag, setDrag] = useState<Drag | null>(null);
  const series = wholeSteps(all, last);
  const compared = other && wholeSteps(other, otherLast);
  const { from, until } = series;
  const scale = scaleOf(series, compared, width);
  const inReach = (time: number, length: number) => Math.min(until - length, Math.max(from, time));
  const drawn = drag && drag.grip === null ? { from: scale.time(Math.min(drag.start, drag.end)), until: scale.time(Math.max(drag.start, drag.end)) } : null;
  const shown = drawn ?? selected;
  const length = before ? before.until - before.from : 0;
  const movedTo = drag && drag.grip !== null ? Math.round(inReach(from + ((drag.end / Math.max(1, width)) * (until - from)) - drag.grip, length)) : null;
  const then = before && movedTo !== null ? { from: movedTo, until: movedTo + length } : before;
  const mean = average(props, shown);

  useLayoutEffect(() => {
    if (!drag) return;
    const left = () => element.current?.getBoundingClientRect().left ?? 0;
    const move = (event: PointerEvent) => setDrag({ ...drag, end: event.clientX - left() });
    const cancel = () => setDrag(null);
    const end = () => {
      setDrag(null);
      if (movedTo !== null) {
        if (movedTo !== before?.from) onMove(movedTo, true);
      } else if (drawn && Math.abs(drag.end - drag.start) >= kLeastDrag) {
        onSelect(drawn, true);
      }
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", end);
    addEventListener("pointercancel", cancel);
    return () => {
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", end);
      removeEventListener("pointercancel", cancel);
    };
  }, [drag]);

  const press = (event: PointerEvent) => {
    if (event.button !== 0) return;
    const px = event.clientX - element.current!.getBoundingClientRect().left;
    const at = scale.time(px);
    const isInside = (part: Selected | null) => part !== null && at >= part.from && at <= part.until;
    setDrag({ start: px, end: px, grip: isInside(before) && !isInside(selected) ? at - before!.from : null });
  };
  const part = shown ?? { from, until };
  const keyStep = Math.max(1000, Math.round((until - from) / kKeySteps));
  const clamped = (px: number) => Math.min(width, Math.max(0, px));
  const label = mean === null ? "No CPU time in this range" : `${rate(mean, unit)} on average${shown ? ` from ${minute(shown.from)} to ${minute(shown.until)}` : ""}`;
  return (
    <div
      class="timeline"
      ref={element}
      role="group"
      aria-label="Time"
      onPointerDown={press}
      onDblClick={() => onSelect(null, true)}
      title={before ? "Drag to select what is after; drag the grey part to move what is before" : "Drag to select a part, double click for all"}
    >
      <svg width={width} height={kHeight} role="img" aria-label={label}>
        {ticks(from, until, width).map((at) => (
          <g key={at}>
            <line class="grid" x1={scale.x(at)} x2={scale.x(at)} y1={0} y2={kBase} />
            {scale.x(at) > 18 && scale.x(at) < width - 18 && (
              <text x={scale.x(at)} y={kBase + 14} text-anchor="middle">
                {minute(at)}
              </text>
            )}
          </g>
        ))}
        <line class="grid" x1={0} x2={width} y1={kBase} y2={kBase} />
        <Lines series={series} other={compared} scale={scale} />
        {then && <Part part={then} scale={scale} kind="then" name="Before" />}
        {shown && <Part part={shown} scale={scale} kind="selected" name={before ? "After" : ""} />}
        <text class="rate" x={12} y={14}>
          {mean !== null && rate(mean, unit)}
        </text>
      </svg>
      {then && (
        <Slider
          name="Time before"
          class="whole"
          value={then.from}
          text={between(then.from, then.until)}
          least={from}
          most={Math.max(from, until - length)}
          step={keyStep}
          left={clamped(scale.x(then.from))}
          width={Math.max(8, clamped(scale.x(then.until)) - clamped(scale.x(then.from)))}
          onChange={(value) => onMove(value, false)}
        />
      )}
      <Slider
        name="From"
        value={part.from}
        text={clock(part.from)}
        least={Math.min(from, part.from)}
        most={part.until - 1000}
        step={keyStep}
        left={clamped(scale.x(part.from))}
        onChange={(value) => onSelect({ ...part, from: value }, false)}
        onReset={() => onSelect(null, true)}
      />
      <Slider
        name="Until"
        value={part.until}
        text={clock(part.until)}
        least={part.from + 1000}
        most={Math.max(until, part.until)}
        step={keyStep}
        left={clamped(scale.x(part.until))}
        onChange={(value) => onSelect({ ...part, until: value }, false)}
        onReset={() => onSelect(null, true)}
      />
    </div>
  );
}
