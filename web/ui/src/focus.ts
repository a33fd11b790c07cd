// Where the focus is: in the new screen once one is opened, and never nowhere because an answer took away what had it.
import { useEffect, useRef } from "preact/hooks";

const kFocusable = "a[href], button, input, select, summary, [tabindex]:not([tabindex='-1'])";

export function focusMain(): void {
  document.getElementById("main")?.focus({ preventScroll: true });
}

// `where`: the screen, and what it shows.
export function useScreenFocus(where: string): void {
  const shown = useRef(where);
  useEffect(() => {
    if (shown.current === where) return;
    shown.current = where;
    document.getElementById("main")?.scrollTo(0, 0);
    focusMain();
  }, [where]);
}

// What stood next to it in `all` and still stands; those behind it first.
function nextTo(gone: Element, all: Element[]): HTMLElement | undefined {
  const at = all.indexOf(gone);
  return [...all.slice(at + 1), ...all.slice(0, Math.max(0, at)).reverse()].find((other) => other.isConnected) as HTMLElement | undefined;
}

export function useKeptFocus(): void {
  useEffect(() => {
    const main = document.getElementById("main");
    if (!main) return;
    let had: Element | null = null;
    let all: Element[] = [];
    const remember = (event: FocusEvent) => {
      had = event.target as Element;
      all = [...main.querySelectorAll(kFocusable)];
    };
    // Who leaves by a click into the empty has left.
    const leave = () => setTimeout(() => {
      if (had?.isConnected && document.activeElement === document.body) had = null;
    });
    const watch = new MutationObserver(() => {
      if (!had || had.isConnected || document.activeElement !== document.body) return;
      const next = nextTo(had, all);
      had = null;
      if (next) next.focus({ preventScroll: true });
      else focusMain();
    });
    main.addEventListener("focusin", remember);
    main.addEventListener("focusout", leave);
    watch.observe(main, { childList: true, subtree: true });
    return () => {
      main.removeEventListener("focusin", remember);
      main.removeEventListener("focusout", leave);
      watch.disconnect();
    };
  }, []);
}
