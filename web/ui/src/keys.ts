// The keys that work everywhere, and those of a whole screen.
import { useEffect, useRef } from "preact/hooks";
import { toggleTheme } from "./theme";

const kNowhere: Record<string, string> = {};
const kChord = 1200; // ms between "g" and its second key

function inField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.isContentEditable);
}

// With one, a key is the browser's or the system's.
export function hasModifier(event: KeyboardEvent): boolean {
  return event.ctrlKey || event.altKey || event.metaKey;
}

// A field has its own use for a key; over a dialog nobody sees what it would do.
function isForPage(event: KeyboardEvent): boolean {
  return !event.defaultPrevented && !hasModifier(event) && !inField(event.target) && !document.querySelector("dialog[open]");
}

// What "g" waits for.
const chord = { since: 0, go: kNowhere };

// Whether the key is the second of a chord: then that is all it does.
export function endsChord(key: string): boolean {
  return Date.now() - chord.since < kChord && key in chord.go;
}

// `go`: where a key leads that follows "g".
export function useKeys(onHelp: () => void, go: Record<string, string> = kNowhere): void {
  useEffect(() => {
    chord.go = go;
    const press = (event: KeyboardEvent) => {
      if (!isForPage(event)) return;
      const isSecond = endsChord(event.key);
      chord.since = 0;
      if (isSecond) {
        location.hash = go[event.key]!;
      } else if (event.key === "g") {
        chord.since = Date.now();
      } else if (event.key === "t") {
        toggleTheme();
      } else if (event.key === "?") {
        onHelp();
      } else if (event.key === "/") {
        const field = document.querySelector<HTMLInputElement>("main [data-slash]");
        if (!field) return;
        event.preventDefault();
        field.focus();
        field.select();
      }
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [onHelp, go]);
}

// A key of one screen.
export function useKey(key: string, act: () => void): void {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key === key && isForPage(event)) latest.current();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [key]);
}

// Read aloud by screen readers.
export function announce(text: string): void {
  const region = document.getElementById("live");
  if (region) region.textContent = text;
}
