// What the profiles screen asks for. When there are new profiles a cheap question
// goes out, and the dear ones only when its answer changed.
import { useEffect, useRef, useState } from "preact/hooks";
import type { DiffAnswer, DiffSide, FlameAnswer, Series, Services } from "../api";
import { type ApiError, type Loaded, get, untilAnswered, url } from "../ask";
import { type Wish, changesOf, kLeast, pause, untilDue } from "../live";
import { type Tree, buildTree } from "./model";
import { type Basis, type Choice, isComparing } from "./state";

const kSparkPoints = 30;
const kSettled = 60_000; // ms: what began longer ago has all its profiles
const kMoving = 200; // ms: what changes again so soon is still being chosen, as by a key that is held
const kMostNodes = 50_000; // what weir answers at most, and the page draws in time

interface Keyed<T> extends Loaded<T> {
  key: string; // of the question
}

// What is left after an error: what stands there, if it is of the same question.
function failed<T>(old: Keyed<T>, key: string, error: ApiError): Keyed<T> {
  const isSame = old.key === key;
  const failingSince = (isSame && old.error && old.failingSince) || Date.now();
  return { data: isSame ? old.data : undefined, error, failingSince, key };
}

function signature(answer: Services): string {
  return answer.services.map((s) => `${s.service}\0${s.type}\0${s.profiles}\0${s.last}`).join("\n");
}

// When to look again: what takes a sixtieth of the range is hardly seen in it, and what is old leaves it by itself.
function wish(range: number, isEmpty: boolean): Wish {
  const least = isEmpty ? kLeast : Math.min(60_000, Math.max(kLeast, (range * 1000) / 60));
  return { topic: "profiles", least, most: Math.max(least, 30_000) };
}

// Whether profiles of that time may still come.
function isOpen(until: number): boolean {
  return Date.now() - until < kSettled;
}

// The services of the `range` seconds before `at` (0: now); `version` counts the changes.
export function useServices(range: number, at: number): Loaded<Services> & { version: number } {
  const [state, setState] = useState<Keyed<Services> & { version: number }>({ version: 0, key: "", failingSince: 0 });
  const key = `${range} ${at}`;
  useEffect(() => {
    const stop = new AbortController();
    let known: string | undefined;
    let seen = 0;
    const ask = (points?: number) => {
      const until = at || Date.now();
      return get<Services>(url("profiles/services", { from: until - range * 1000, until, points }), stop.signal);
    };
    const look = async (): Promise<Wish> => {
      seen = changesOf("profiles");
      const found = signature(await ask());
      if (found === known) {
        setState((old) => (old.error ? { ...old, error: undefined } : old));
      } else {
        const data = await ask(kSparkPoints);
        known = found;
        setState((old) => ({ data, version: old.version + 1, key, failingSince: 0 }));
      }
      return wish(range, known === "");
    };
    const fail = (error: ApiError) => {
      setState((old) => ({ ...failed(old, key, error), version: old.version }));
      return true;
    };
    const loop = async () => {
      while (!stop.signal.aborted) {
        const next = await untilAnswered(look, stop.signal, fail);
        if (!next || (at > 0 && !isOpen(at))) return; // it does not change any more
        await untilDue(next, seen, stop.signal);
      }
    };
    void loop();
    return () => stop.abort();
  }, [range, at]);
  return state;
}

// Asks when what it depends on changes, and again after an error; the last answer stands until the next has come.
// While that changes quickly it waits for the end: weir works on a question also when nobody waits for it any more.
function useAnswer<T>(key: string, version: number, ask: (signal: AbortSignal) => Promise<T>): Keyed<T> {
  const [state, setState] = useState<Keyed<T>>({ key, failingSince: 0 });
  const latest = useRef({ key, since: 0 });
  useEffect(() => {
    if (!key) return;
    const { key: last, since } = latest.current;
    const isMoving = key !== last && Date.now() - since < kMoving;
    if (key !== last) latest.current = { key, since: Date.now() };
    const stop = new AbortController();
    const fail = (error: ApiError) => {
      setState((old) => failed(old, key, error));
      return true;
    };
    const answer = async () => {
      if (isMoving) await pause(kMoving, stop.signal);
      const data = await untilAnswered(() => ask(stop.signal), stop.signal, fail);
      if (data !== undefined) setState({ data, key, failingSince: 0 });
    };
    void answer();
    return () => stop.abort();
  }, [key, version]);
  return state;
}

function seriesStep(range: number): number {
  return Math.max(30, Math.round(range / 120)); // two rounds of a profiler, or more
}

export function useSeries(service: string, type: string, range: number, at: number, version: number): Loaded<Series> {
  const state = useAnswer(service && `${service}\0${type}\0${range}\0${at}`, version, (signal) => {
    const until = at || Date.now();
    return get<Series>(url("profiles/series", { service, type, from: until - range * 1000, until, step: seriesStep(range) }), signal);
  });
  // Of no service there is none.
  return service ? state : { failingSince: 0 };
}

export interface FlameData {
  tree: Tree;
  service: string;
  type: string;
  from: number;
  until: number;
  samples: number; // compared, it is not told
  completeSamples: number;
  before?: DiffSide;
  after?: DiffSide;
}

// What is asked of weir for a choice, as parameters of a request.
export type Question = {
  service: string;
  type: string;
  from: number;
  until: number;
  by?: Basis;
  before_service?: string; // with the time before: where two are compared
  before_from?: number;
  before_until?: number;
};

export function questionOf(choice: Choice, service: string, type: string, now: number): Question {
  const until = choice.selected?.until ?? (choice.at || now);
  const from = choice.selected?.from ?? until - choice.range * 1000;
  const question = { service, type, from, until };
  if (!isComparing(choice)) return question;
  const began = choice.before ?? from;
  return { ...question, before_service: choice.other || service, before_from: began, before_until: began + until - from, by: choice.by };
}

async function askFlame(question: Question, signal: AbortSignal): Promise<FlameData> {
  const { service, type } = question;
  if (question.before_from === undefined) {
    const answer = await get<FlameAnswer>(url("profiles/flame", { ...question, max_nodes: kMostNodes }), signal);
    return { ...answer, tree: buildTree(answer.flame), service, type };
  }
  const { before, after, flame } = await get<DiffAnswer>(url("profiles/diff", { ...question, limit: 0, max_nodes: kMostNodes }), signal);
  return { tree: buildTree(flame), service, type, from: after.from, until: after.until, samples: 0, completeSamples: 0, before, after };
}

export function useFlame(choice: Choice, service: string, type: string, version: number): Loaded<FlameData> {
  // What lies in the past does not change with new profiles.
  const { until, before_until: then } = questionOf(choice, service, type, Date.now());
  const isFixed = (choice.selected ?? choice.at) !== 0 && !isOpen(Math.max(until, then ?? 0));
  const fixed = [choice.range, choice.at, choice.selected?.from, choice.selected?.until, choice.before, choice.other, choice.by];
  const key = service && [service, type, ...fixed].join("\0");
  const state = useAnswer(key, isFixed ? 0 : version, (signal) => askFlame(questionOf(choice, service, type, Date.now()), signal));
  // Never one service's graph under another's name.
  const { data } = state;
  return data && (data.service !== service || data.type !== type) ? { failingSince: 0 } : state;
}
