// Kinds of code: their colour, their name, and why a frame has no name.
import { oklch } from "./colour";
import { hash } from "./model";

interface Kind {
  word: string;
  hue: number;
}

const kKinds: Record<string, Kind> = {
  native: { word: "Native", hue: 250 },
  kernel: { word: "Kernel", hue: 10 },
  python: { word: "Python", hue: 88 },
  go: { word: "Go", hue: 198 },
  javascript: { word: "JavaScript", hue: 142 },
  java: { word: "Java", hue: 320 },
  ruby: { word: "Ruby", hue: 30 },
  php: { word: "PHP", hue: 285 },
  dotnet: { word: ".NET", hue: 225 },
  jit: { word: "Made at run time", hue: 115 },
};

export const kKindOrder = [...Object.keys(kKinds), "unknown"];

export function kindWord(kind: string): string {
  return kKinds[kind]?.word ?? (kind === "thread" ? "Thread" : "Unknown");
}

// OKLCH: all kinds are equally loud; the name moves lightness and hue a little.
export function frameColour(kind: string, title: string, module: string, dark: boolean): string {
  if (kind === "root" || kind === "thread") return dark ? "#29323a" : "#dde3e7";
  if (kind === "unknown" || !kKinds[kind]) return dark ? "#4b545b" : "#ccd2d7";
  const h = hash(module + title);
  const lightness = (dark ? 0.47 : 0.845) + (((h & 0xff) / 255) * 2 - 1) * 0.03;
  const hue = kKinds[kind].hue + ((((h >> 8) & 0xff) / 255) * 2 - 1) * 6;
  return oklch(lightness, dark ? 0.066 : 0.062, hue);
}

// Compared: orange for more, teal for less, the stronger the more has changed; what has not is neutral.
export function changeColour(change: number, dark: boolean): string {
  const k = Math.min(1, 2.2 * Math.abs(change));
  if (k < 0.05) return dark ? "#3a434a" : "#e3e7ea";
  const more = change > 0;
  const lightness = dark ? 0.4 + (more ? 0.15 : 0.13) * k : 0.91 - (more ? 0.17 : 0.13) * k;
  const chroma = more ? 0.03 + 0.1 * k : 0.02 + 0.07 * k;
  return oklch(lightness, chroma, more ? 45 : 205);
}

// What happened, and the one thing that mends it.
const kWhy: Record<string, (module: string) => [string, string]> = {
  stripped: (module) => [
    `No symbol of ${module || "the file"} covers this address: it is stripped, and no debug file for its build id was found.`,
    `Install the debug symbols of ${module || "the file"}, or link it without stripping.`,
  ],
  no_mapping: () => [
    "No mapping of the process covers this address: the stack was walked past its end.",
    "Build the code above this frame with -fno-omit-frame-pointer.",
  ],
  process_gone: () => ["The process ended before its file could be opened.", "Processes that live for some seconds get their names."],
  unreadable: (module) => [
    `${module || "The file"} could not be read, or is not an ELF file that weir trusts.`,
    "The log of the profiling component names the file and the error.",
  ],
  jit: () => ["Code made at run time, without a map of it.", "Let the runtime write /tmp/perf-PID.map (node: --perf-basic-prof)."],
  evicted: () => ["The tables of symbols were over their memory limit.", "Raise memory_limit, or profile fewer targets."],
};

export interface NoName {
  what: string;
  found: string; // on this machine, for this file
  remedy: string;
}

export function whyUnknown(why: string, module: string, reason: string): NoName | null {
  const known = kWhy[why]?.(module);
  return known ? { what: known[0], found: reason, remedy: known[1] } : null;
}
