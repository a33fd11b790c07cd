// What the screen says when there is nothing to show.
import { kProfiledMachine, kStore } from "../example";
import { Bones, BonesBox } from "../parts/bones";
import { StateBox } from "../parts/states";
import { kRanges } from "./state";

export function NoStore() {
  return (
    <StateBox title="No profile is kept on this machine.">
      <p>weir runs, but no component of its config keeps profiles here. Add one, and let a profiler forward to it:</p>
      <pre class="command">{`${kStore}\n\n${kProfiledMachine}`}</pre>
      <p>The first flame graph stands here about 15 s after the file is saved.</p>
    </StateBox>
  );
}

// `at`: where the range ends; 0: now.
export function NoProfiles({ sampling, range, at }: { sampling: boolean; range: number; at: number }) {
  const label = kRanges.find((choice) => choice.value === range)?.label ?? `${range} s`;
  if (sampling) {
    return (
      <StateBox title="Nothing profiled in this range.">
        <p>
          weir samples, and no profile {at > 0 ? `of these ${label} is kept any more` : `of the last ${label} is there yet`}. A profile comes at the end of each
          collect_interval, 15 s unless the config says otherwise.
        </p>
        <ol>
          <li>
            <div>
              See which processes it found, and why each was left out: <a href="#/targets">Targets</a>.
            </div>
          </li>
          <li>
            <div>A service that uses no CPU has no profile. Choose a longer range to see when it last did.</div>
          </li>
          <li>
            <div>
              See what the profiler and the store say of themselves: <a href="#/components">Components</a>.
            </div>
          </li>
        </ol>
      </StateBox>
    );
  }
  return (
    <StateBox title="Nothing profiled yet.">
      <p>weir runs. It has no profile to show, because no component of its config samples processes.</p>
      <ol>
        <li>
          <div>
            See which processes use CPU on this machine: <a href="#/targets">Targets</a>.
          </div>
        </li>
        <li>
          <div>
            Profile all of them: add these lines to the config.
            <pre class="command">{kProfiledMachine}</pre>
          </div>
        </li>
        <li>
          <div>The first flame graph stands here 15 s after the reload (collect_interval).</div>
        </li>
      </ol>
    </StateBox>
  );
}

const kWidths = [100, 100, 92, 71, 70, 44, 38, 21, 9]; // %

// In the shape of a flame graph.
export function FlameBones() {
  return (
    <BonesBox look="flamebones">
      {kWidths.map((width, row) => (
        <i key={row} style={{ width: `${width}%` }} />
      ))}
    </BonesBox>
  );
}

export function Loading() {
  return (
    <div class="profiles">
      <section class="services" aria-label="Services">
        <Bones rows={6} height={22} />
      </section>
      <section class="work">
        <FlameBones />
      </section>
    </div>
  );
}
