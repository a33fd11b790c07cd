// The keys that work everywhere. None acts while a field has the focus, nor with a modifier.
import { useEffect } from "preact/hooks";
import { toggle } from "./theme";

const kNowhere: Record<string, string> = {};
const kChord = 1200; // ms between "g" and its second key

function inField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.isContentEditable);
}

// `go`: where a key leads that follows "g".
export function useKeys(onHelp: () => void, go: Record<string, string> = kNowhere): void {
  useEffect(() => {
    let pressedG = 0;
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.altKey || event.metaKey || inField(event.target)) return;
      const target = Date.now() - pressedG < kChord ? go[event.key] : undefined;
      pressedG = 0;
      if (target) {
        location.hash = target;
      } else if (event.key === "g") {
        pressedG = Date.now();
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
