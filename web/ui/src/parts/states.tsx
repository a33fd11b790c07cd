// What a screen says when it has nothing to show, or nothing new.
import type { ComponentChildren } from "preact";
import type { State } from "../api";
import type { Loaded } from "../ask";
import { clock, sentence } from "../format";
import { usePasswordWanted } from "../password";
import { HealthMark } from "./health";
import { Note } from "./panel";

// A whole screen that has something to say instead of something to show.
export function StateBox({ title, state, children }: { title: string; state?: State; children: ComponentChildren }) {
  return (
    <div class="state">
      <h2>
        {state && <HealthMark state={state} word={false} />} {title}
      </h2>
      {children}
    </div>
  );
}

export function ErrorState({ what, why, children }: { what: string; why: string; children?: ComponentChildren }) {
  const ends = usePasswordWanted();
  return (
    <StateBox title={what} state="unhealthy">
      <p>{why}</p>
      {children}
      {!ends && <p class="dim small">The page tries again by itself.</p>}
    </StateBox>
  );
}

// Over what stands there of an answer, while no newer one comes.
export function NotRenewed({ since, error }: { since: number; error?: Error }) {
  if (!error) return null;
  return (
    <div class="notes">
      <Note state="waiting" title={`Not renewed since ${clock(since)}: ${sentence(error.message)}`} />
    </div>
  );
}

// Of an answer that a screen lives by: that it is on its way, why it did not come, or that it is not renewed.
export function AnswerState({ of, missing, bones }: { of: Loaded<unknown>; missing: string; bones: ComponentChildren }) {
  if (of.data) return <NotRenewed since={of.failingSince} error={of.error} />;
  return <>{of.error ? <ErrorState what={missing} why={of.error.message} /> : bones}</>;
}

// A search or filter that nothing passes, and the way back to all.
export function NothingMatches({ title, children, onClear }: { title: string; children: ComponentChildren; onClear: () => void }) {
  return (
    <StateBox title={title}>
      <p>{children}</p>
      <div>
        <button type="button" class="button" onClick={onClear}>
          Clear the search
        </button>
      </div>
    </StateBox>
  );
}
