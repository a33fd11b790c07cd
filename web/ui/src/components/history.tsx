// How a component was over the last day: half an hour a bar, then each change with its reason.
import type { Health, State } from "../api";
import { moment, sentence, span } from "../format";
import { HealthMark, stateWord } from "../parts/health";
import { useNow } from "../parts/now";

const kBars = 48;
const kBar = 30 * 60_000; // ms

const kWorst: Record<State, number> = { exited: 4, unhealthy: 3, waiting: 2, unknown: 1, healthy: 0 };

interface Period {
  state: State;
  from: number;
  until: number;
}

function periods(changes: Health[], now: number): Period[] {
  return changes.map((change, index) => ({ state: change.state, from: change.since, until: changes[index + 1]?.since ?? now }));
}

// The worst state of each bar; undefined before anything was known.
function bars(all: Period[], now: number): (State | undefined)[] {
  return Array.from({ length: kBars }, (_, index) => {
    const until = now - (kBars - 1 - index) * kBar;
    const from = until - kBar;
    const within = all.filter((period) => period.from < until && period.until >= from);
    return within.map((period) => period.state).sort((a, b) => kWorst[b] - kWorst[a])[0];
  });
}

// "Healthy for 3 h, unhealthy for 4 min": what the bars show, in words.
function summary(all: Period[], now: number): string {
  const start = now - kBars * kBar;
  const sums = new Map<State, number>();
  for (const { state, from, until } of all) {
    const length = until - Math.max(from, start);
    if (length > 0) sums.set(state, (sums.get(state) ?? 0) + length);
  }
  const parts = [...sums].sort((a, b) => b[1] - a[1]).map(([state, ms]) => `${stateWord(state).toLowerCase()} for ${span(ms)}`);
  return `In the last 24 h: ${parts.join(", ")}`;
}

export function History({ changes }: { changes: Health[] }) {
  const now = useNow(30_000);
  const all = periods(changes, now);
  return (
    <>
      <div class="beat" role="img" aria-label={summary(all, now)}>
        {bars(all, now).map((state, index) => (
          <i key={index} class={state ? `beat-${state}` : ""} />
        ))}
      </div>
      <div class="beatscale dim" aria-hidden="true">
        <span>24 h ago</span>
        <span class="grow" />
        <span>now</span>
      </div>
      <ul class="history">
        {[...changes].reverse().map((change, index) => (
          <li key={changes.length - index}>
            <time class="dim">{moment(change.since)}</time>
            <HealthMark state={change.state} word={false} />
            <span class="sub"><bdi>{sentence(change.message) || stateWord(change.state)}</bdi></span>
          </li>
        ))}
      </ul>
    </>
  );
}
