// CPU over the range. Dragging selects a part of it, a double click all again; in a comparison the time before
// is a part of its own that can be moved. Each edge is a slider, for the keyboard.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Series, TimePoint } from "../api";
import { between, clock, isCpuTime, minute } from "../format";
import { useMeasures } from "../measures";
import { type Stretch, curveOf } from "./course";
import { type Scale, averageOf, kBase, perSecond, scaleOf, ticksOf, withWholeSteps } from "./scale";
import { Slider } from "./slider";

const kHeight = 76;
const kLeastDrag = 4; // px
const kLeastPart = 1_000; // ms
const kKeySteps = 60; // of a key, over the range

function Ticks({ scale }: { scale: Scale }) {
  const hasRoom = (x: number) => x > 18 && x < scale.width - 18;
  return (
    <>
      {ticksOf(scale).map((time) => {
        const x = scale.x(time);
        return (
          <g key={time}>
            <line class="grid" x1={x} x2={x} y1={0} y2={kBase} />
            {hasRoom(x) && (
              <text x={x} y={kBase + 14} text-anchor="middle">
                {minute(time)}
              </text>
            )}
          </g>
        );
      })}
      <line class="grid" x1={0} x2={scale.width} y1={kBase} y2={kBase} />
    </>
  );
}

// A step stands in the middle of its time.
function centred({ points, step }: Series): TimePoint[] {
  return points.map(([time, value]) => [time + (step * 1000) / 2, value]);
}

function Lines({ series, other, scale }: { series: Series; other: Series | undefined; scale: Scale }) {
  const [points, others] = [centred(series), other ? centred(other) : []];
  const { line, area } = curveOf(points, scale.x, scale.y, kBase);
  const only = points.length === 1 ? points[0] : undefined;
  return (
    <>
      {points.length > 1 && <path class="area" d={area} />}
      {others.length > 1 && <path class="line before" d={curveOf(others, scale.x, scale.y, kBase).line} />}
      {points.length > 1 && <path class="line" d={line} />}
      {only && <circle class="dot" cx={scale.x(only[0])} cy={scale.y(only[1])} r={2} />}
    </>
  );
}

// A part of the range with both its edges; what lies outside is not drawn.
function Part({ part, scale, kind, name }: { part: Stretch; scale: Scale; kind: "selected" | "then"; name: string }) {
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

interface EdgesProps {
  scale: Scale;
  shown: Stretch | null;
  then: Stretch | null;
  onSelect: TimelineProps["onSelect"];
  onMove: TimelineProps["onMove"];
}

function Edges({ scale, shown, then, onSelect, onMove }: EdgesProps) {
  const { from, until } = scale;
  const part = shown ?? { from, until };
  const step = Math.max(kLeastPart, Math.round((until - from) / kKeySteps));
  const at = (time: number) => scale.clamped(scale.x(time));
  const all = () => onSelect(null, true);
  return (
    <>
      {then && (
        <Slider
          name="Time before"
          class="whole"
          value={then.from}
          text={between(then.from, then.until)}
          least={from}
          most={Math.max(from, until - (then.until - then.from))}
          step={step}
          left={at(then.from)}
          width={Math.max(8, at(then.until) - at(then.from))}
          onChange={(value) => onMove(value, false)}
        />
      )}
      <Slider
        name="From"
        value={part.from}
        text={clock(part.from)}
        least={Math.min(from, part.from)}
        most={part.until - kLeastPart}
        step={step}
        left={at(part.from)}
        onChange={(value) => onSelect({ ...part, from: value }, false)}
        onReset={all}
      />
      <Slider
        name="Until"
        value={part.until}
        text={clock(part.until)}
        least={part.from + kLeastPart}
        most={Math.max(until, part.until)}
        step={step}
        left={at(part.until)}
        onChange={(value) => onSelect({ ...part, until: value }, false)}
        onReset={all}
      />
    </>
  );
}

// What a pointer does: it draws a part, or it moves the time before, which begins `grip` ms left of it.
interface Drag {
  start: number; // px
  end: number;
  grip: number | null;
}

// Follows the pointer wherever it goes, until it is let go.
function useDrag(left: () => number, onEnd: (drag: Drag) => void): [Drag | null, (drag: Drag) => void] {
  const [drag, setDrag] = useState<Drag | null>(null);
  const latest = useRef(onEnd);
  latest.current = onEnd;
  useLayoutEffect(() => {
    if (!drag) return;
    const move = (event: PointerEvent) => setDrag({ ...drag, end: event.clientX - left() });
    const cancel = () => setDrag(null);
    const end = () => {
      setDrag(null);
      latest.current(drag);
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
  return [drag, setDrag];
}

function labelOf(average: string, shown: Stretch | null, unit: string): string {
  if (!average) return `${isCpuTime(unit) ? "No CPU time" : "Nothing"} in this range`;
  return `${average} on average${shown ? ` from ${minute(shown.from)} to ${minute(shown.until)}` : ""}`;
}

interface TimelineProps {
  series: Series;
  other?: Series; // of the service it is compared with
  unit: string;
  last: number; // when the newest profile begins
  otherLast?: number;
  total: number; // of the whole range
  covered: Stretch; // of the range, there are profiles
  selected: Stretch | null;
  before: Stretch | null; // compared: the time before
  onSelect: (selected: Stretch | null, isStep: boolean) => void;
  onMove: (from: number, isStep: boolean) => void; // of the time before
}

export function Timeline(props: TimelineProps) {
  const { unit, last, otherLast = last, selected, before, onSelect, onMove } = props;
  const element = useRef<HTMLDivElement>(null);
  const [{ width }] = useMeasures(element, { width: 0 }, ({ clientWidth }) => ({ width: clientWidth }));
  const series = withWholeSteps(props.series, last);
  const other = props.other && withWholeSteps(props.other, otherLast);
  const scale = scaleOf(series, other, width);
  const left = () => element.current?.getBoundingClientRect().left ?? 0;

  const drawnBy = ({ start, end }: Drag): Stretch => ({ from: scale.time(Math.min(start, end)), until: scale.time(Math.max(start, end)) });
  const movedBy = (end: number, grip: number): Stretch => {
    const length = before ? before.until - before.from : 0;
    const from = Math.round(Math.min(scale.until - length, Math.max(scale.from, scale.time(end) - grip)));
    return { from, until: from + length };
  };
  const [drag, begin] = useDrag(left, ({ start, end, grip }) => {
    if (grip === null) {
      if (Math.abs(end - start) >= kLeastDrag) onSelect(drawnBy({ start, end, grip }), true);
    } else {
      const { from } = movedBy(end, grip);
      if (from !== before?.from) onMove(from, true);
    }
  });
  const press = (event: PointerEvent) => {
    if (event.button !== 0) return;
    const px = event.clientX - left();
    const at = scale.time(px);
    const isIn = (part: Stretch | null): part is Stretch => part !== null && at >= part.from && at <= part.until;
    begin({ start: px, end: px, grip: isIn(before) && !isIn(selected) ? at - before.from : null });
  };

  const shown = drag && drag.grip === null ? drawnBy(drag) : selected;
  const then = before && drag && drag.grip !== null ? movedBy(drag.end, drag.grip) : before;
  const mean = averageOf(props.series, props.total, props.covered, shown);
  const average = mean === null ? "" : perSecond(mean, unit);
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
      <svg width={width} height={kHeight} role="img" aria-label={labelOf(average, shown, unit)}>
        <Ticks scale={scale} />
        <Lines series={series} other={other} scale={scale} />
        {then && <Part part={then} scale={scale} kind="then" name="Before" />}
        {shown && <Part part={shown} scale={scale} kind="selected" name={before ? "After" : ""} />}
        <text class="rate" x={12} y={14}>
          {average}
        </text>
      </svg>
      <Edges scale={scale} shown={shown} then={then} onSelect={onSelect} onMove={onMove} />
    </div>
  );
}
