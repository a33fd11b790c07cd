// The keys that work everywhere. None acts while a field has the focus, nor with a modifier.
import { useEffect } from "preact/hooks";
import { toggle } from "./theme";

const kNowhere: Record<string, string> = {};
const kChord = 1200; // ms between "g" and its second key

function inField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.isContentEditable);
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
      if (event.ctrlKey || event.altKey || event.metaKey || inField(event.target)) return;
      const isSecond = endsChord(event.key);
      chord.since = 0;
      if (isSecond) {
        location.hash = go[event.key]!;
      } else if (event.key === "g") {
        chord.since = Date.now();
      } else if (event.key === "t") {
        toggle();
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

// A key of one screen; gives back what ends it.
export function whenPressed(key: string, act: () => void): () => void {
  const press = (event: KeyboardEvent) => {
    if (event.key !== key || event.ctrlKey || event.altKey || event.metaKey || inField(event.target)) return;
    if (!document.querySelector("dialog[open]")) act();
  };
  addEventListener("keydown", press);
  return () => removeEventListener("keydown", press);
}

// Read aloud by screen readers.
export function announce(text: string): void {
  const region = document.getElementById("live");
  if (region) region.textContent = text;
}
