// How something is: shape, colour and word.
import type { ComponentChildren } from "preact";
import type { State } from "../api";

const kWords: Record<State, string> = {
  healthy: "Healthy",
  unhealthy: "Unhealthy",
  waiting: "Waiting",
  unknown: "Starting",
  exited: "Exited",
};
const kTone: Record<State, string> = { healthy: "ok", unhealthy: "bad", waiting: "warn", unknown: "idle", exited: "bad" };

// What needs a person comes first.
export const kStatesByNeed: State[] = ["unhealthy", "exited", "waiting", "unknown", "healthy"];

export function Mark({ state }: { state: State }) {
  switch (state) {
    case "healthy":
      return <circle cx="5" cy="5" r="4" fill="currentColor" />;
    case "unhealthy":
      return <path d="M5 0 10 5 5 10 0 5z" fill="currentColor" />;
    case "waiting":
      return (
        <>
          <circle cx="5" cy="5" r="4.25" fill="none" stroke="currentColor" stroke-width="1.5" />
          <path d="M5 .75a4.25 4.25 0 0 0 0 8.5z" fill="currentColor" />
        </>
      );
    default:
      return <circle cx="5" cy="5" r="3.5" fill="none" stroke="currentColor" stroke-width="1.5" />;
  }
}

// Shape, colour and word; without the word it is there for screen readers.
export function HealthMark({ state, word = true, text }: { state: State; word?: boolean; text?: ComponentChildren }) {
  return (
    <span class={`health ${kTone[state]}`}>
      <svg viewBox="0 0 10 10" aria-hidden="true">
        <Mark state={state} />
      </svg>
      <span class={word ? "" : "sr"}>{text ?? kWords[state]}</span>
    </span>
  );
}

// The class of its colour.
export function toneOf(state: State): string {
  return kTone[state];
}

export function stateWord(state: State): string {
  return kWords[state];
}
