// Dark or light: as the system says, unless a person chose.
import { useEffect, useState } from "preact/hooks";

type Theme = "dark" | "light";

const kKey = "weir-theme";
const kChanged = "weir-theme-changed";
const system = matchMedia("(prefers-color-scheme: dark)");

// A browser may keep nothing for a page, or for a file: then the choice lasts as long as the page.
let unkept: string | null = null;

function kept(): string | null {
  try {
    return localStorage.getItem(kKey) ?? unkept;
  } catch {
    return unkept;
  }
}

function keep(theme: Theme | null): void {
  unkept = theme;
  try {
    if (theme) localStorage.setItem(kKey, theme);
    else localStorage.removeItem(kKey);
  } catch {
    // Then it is not kept.
  }
}

function chosen(): Theme | null {
  const text = kept();
  return text === "dark" || text === "light" ? text : null;
}

function current(): Theme {
  return chosen() ?? (system.matches ? "dark" : "light");
}

export function applyTheme(): void {
  const theme = chosen();
  if (theme) document.documentElement.dataset["theme"] = theme;
  else delete document.documentElement.dataset["theme"];
}

export function toggleTheme(): void {
  const next: Theme = current() === "dark" ? "light" : "dark";
  // Back at what the system says: follow it again.
  keep(next === (system.matches ? "dark" : "light") ? null : next);
  applyTheme();
  dispatchEvent(new Event(kChanged));
}

export function useTheme(): Theme {
  const [theme, setTheme] = useState(current);
  useEffect(() => {
    const follow = () => setTheme(current());
    addEventListener(kChanged, follow);
    system.addEventListener("change", follow);
    return () => {
      removeEventListener(kChanged, follow);
      system.removeEventListener("change", follow);
    };
  }, []);
  return theme;
}
