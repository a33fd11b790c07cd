// What the API says of the processes of the machine.
import type { State } from "../api";

export type Fate = "profiled" | "names_missing" | "waiting" | "left_out" | "no_target" | "exited_unread";

export interface ProcessRow {
  pid: number;
  comm: string;
  state: Fate;
  why: string;
  service: string;
  serviceLength?: number; // of one that was cut
  container: string;
  collector: string;
  foundBy: string[];
  exited: boolean;
  cpuPercent: number; // of one CPU
  cpuSeconds: number;
  samples: number;
  completeSamples: number;
  frames: number;
  namedFrames: number;
}

export interface Targets {
  collectors: number;
  window: number; // seconds that cpuPercent is taken over; 0: the life of each process
  total: number;
  matching: number;
  offset: number;
  states: Record<Fate, number>;
  rows: ProcessRow[];
}

interface FateFacts {
  word: string;
  mark: State; // whose shape and colour it has
}

// In the order of the chips.
export const kFates: Record<Fate, FateFacts> = {
  profiled: { word: "Profiled", mark: "healthy" },
  names_missing: { word: "Names missing", mark: "waiting" },
  exited_unread: { word: "Exited too soon", mark: "unhealthy" },
  waiting: { word: "Not sampled yet", mark: "unknown" },
  left_out: { word: "Left out by a rule", mark: "unknown" },
  no_target: { word: "No target", mark: "unknown" },
};

export const kFateNames = Object.keys(kFates) as Fate[];

export function explainLink(pid: number): string {
  return `#/explain?pid=${pid}`;
}
