// What the profiles screen asks for. When there are new profiles a cheap question
// goes out, and the dear ones only when its answer changed.
import { useEffect, useState } from "preact/hooks";
import { ApiError, type FlameAnswer, type Series, type Services, get, url } from "../api";
import { changesOf, untilDue } from "../live";
import { type Tree, buildTree } from "./model";
import type { Selected } from "./timeline";

const kSparkPoints = 30;
const kWish = { topic: "profiles", most: 30_000 } as const; // what is old leaves the range by itself

export interface Loaded<T> {
  data?: T;
  error?: ApiError;
}

function asApiError(e: unknown): ApiError {
  return e instanceof ApiError ? e : new ApiError(String(e), 0);
}

function signature(answer: Services): string {
  return answer.services.map((s) => `${s.service}\0${s.type}\0${s.profiles}\0${s.last}`).join("\n");
}

// The services of the last `range` seconds; `version` counts the changes.
export function useServices(range: number): Loaded<Services> & { version: number } {
  const [state, setState] = useState<Loaded<Services> & { version: number; range: number }>({ version: 0, range });
  useEffect(() => {
    const stop = new AbortController();
    let known: string | undefined;
    const ask = (points?: number) => {
      const until = Date.now();
      return get<Services>(url("profiles/services", { from: until - range * 1000, until, points }), stop.signal);
    };
    const look = async () => {
      try {
        const seen = signature(await ask());
        if (seen === known) return true;
        const data = await ask(kSparkPoints);
        known = seen;
        setState((old) => ({ data, version: old.version + 1, range }));
        return true;
      } catch (e) {
        if (!stop.signal.aborted) setState((old) => ({ ...old, error: asApiError(e) }));
        return false;
      }
    };
    const loop = async () => {
      while (!stop.signal.aborted) {
        const seen = changesOf("profiles");
        const answered = await look();
        await untilDue(answered ? kWish : {}, seen, stop.signal);
      }
    };
    void loop();
    return () => stop.abort();
  }, [range]);
  return state;
}

// Asks when what it depends on changes; the last answer stands until the next has come.
function useAnswer<T>(key: string, version: number, ask: (signal: AbortSignal) => Promise<T>): Loaded<T> & { key: string } {
  const [state, setState] = useState<Loaded<T> & { key: string }>({ key });
  useEffect(() => {
    if (!key) return;
    const stop = new AbortController();
    ask(stop.signal)
      .then((data) => setState({ data, key }))
      .catch((e) => {
        if (!stop.signal.aborted) setState((old) => ({ ...old, error: asApiError(e), key }));
      });
    return () => stop.abort();
  }, [key, version]);
  return state;
}

function seriesStep(range: number): number {
  return Math.max(30, Math.round(range / 120)); // two rounds of a profiler, or more
}

export function useSeries(service: string, type: string, range: number, version: number): Loaded<Series> {
  const state = useAnswer(service && `${service}\0${type}\0${range}`, version, (signal) => {
    const until = Date.now();
    return get<Series>(url("profiles/series", { service, type, from: until - range * 1000, until, step: seriesStep(range) }), signal);
  });
  return state;
}

export interface FlameData {
  tree: Tree;
  answer: FlameAnswer;
  service: string;
}

export function useFlame(service: string, type: string, range: number, selected: Selected | null, version: number): Loaded<FlameData> {
  // A part that lies in the past does not change with new profiles.
  const fixed = selected ? `${selected.from}-${selected.until}` : "";
  const key = service && `${service}\0${type}\0${range}\0${fixed}`;
  const state = useAnswer(key, fixed ? 0 : version, async (signal) => {
    const until = selected?.until ?? Date.now();
    const from = selected?.from ?? until - range * 1000;
    const answer = await get<FlameAnswer>(url("profiles/flame", { service, type, from, until }), signal);
    return { tree: buildTree(answer.flame), answer, service };
  });
  // Never one service's graph under another's name.
  return state.data && state.data.service !== service ? {} : state;
}
