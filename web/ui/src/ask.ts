// How the page asks weir, once or again and again.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Status } from "./api";
import { type Wish, changesOf, isBack, kLeast, nextStatus, pause, statusesSoFar, untilDue } from "./live";
import { passwordWanted, plainAddress, wantPassword } from "./password";

export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number, // 0: there was no answer at all
  ) {
    super(message);
  }
}

export function asApiError(e: unknown): ApiError {
  return e instanceof ApiError ? e : new ApiError(String(e), 0);
}

export function url(path: string, query: Record<string, string | number | undefined> = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return `api/v0/web/${path}${text ? `?${text}` : ""}`;
}

// Those in modules too, and which of them wait.
export const kAllComponents = { modules: 1, states: "all" };

export function componentPath(id: string): string {
  return `components/${id.split("/").map(encodeURIComponent).join("/")}`;
}

const kTimeout = 20_000; // ms

interface Answer {
  status: number;
  ok: boolean;
  text: string;
}

async function answerOf(address: string, options: RequestInit): Promise<Answer> {
  const limit = AbortSignal.timeout(kTimeout);
  try {
    const answer = await fetch(plainAddress(address), { ...options, signal: options.signal ? AbortSignal.any([options.signal, limit]) : limit });
    if (answer.status === 401) wantPassword();
    return { status: answer.status, ok: answer.ok, text: await answer.text() };
  } catch {
    throw new ApiError(limit.aborted ? "no answer within 20 s" : "no connection", 0);
  }
}

// Something between weir and the page may answer in its place.
function parsed<T>(text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new ApiError("the answer is none of weir's", 200);
  }
}

function messageOf({ status, text }: Answer): string {
  try {
    return JSON.parse(text).error ?? text;
  } catch {
    return text.trim() || `HTTP ${status}`;
  }
}

async function getText(address: string, signal: AbortSignal): Promise<string> {
  if (passwordWanted()) throw new ApiError("weir asks for a password", 401);
  const answer = await answerOf(address, { signal });
  if (!answer.ok) throw new ApiError(messageOf(answer), answer.status);
  return answer.text;
}

export async function get<T>(address: string, signal: AbortSignal): Promise<T> {
  return parsed<T>(await getText(address, signal));
}

// A POST, which the server takes from its own page only; the answer, whatever its status.
export function post(address: string): Promise<Answer> {
  return answerOf(address, { method: "POST" });
}

export interface Loaded<T> {
  data?: T;
  error?: ApiError; // of the last try
  failingSince: number; // with an error: since when
}

export interface Polled<T> extends Loaded<T> {
  failures: number; // in a row
}

const kLeastWhenFailing = 5_000;

// After so many failures in a row it is no hiccup.
export function isLost(failures: number): boolean {
  return failures >= 3;
}

function leastAfter(failures: number, least = kLeast): number {
  return isLost(failures) ? kLeastWhenFailing : least;
}

// Asks until there is an answer, or `fail` says of an error that another try is of no use, or the signal ends it.
export async function untilAnswered<T>(ask: () => Promise<T>, signal: AbortSignal, fail: (error: ApiError) => boolean): Promise<T | undefined> {
  for (let failures = 1; !signal.aborted; ++failures) {
    try {
      return await ask();
    } catch (e) {
      if (signal.aborted || !fail(asApiError(e))) return undefined;
    }
    await pause(leastAfter(failures), signal);
  }
  return undefined;
}

// Waits until it is worth asking again; an answer that has come by itself takes the place of the next question.
type Await = (failures: number, signal: AbortSignal) => Promise<string | void>;

// Asks again and again. An answer with the same text keeps the same object, so
// that what did not change is not drawn again.
function useAnswers<T>(address: string, begin: () => Await, key: string): Polled<T> {
  const [state, setState] = useState<Polled<T> & { address: string }>({ address, failures: 0, failingSince: 0 });
  const last = useRef("");
  useEffect(() => {
    const stop = new AbortController();
    last.current = "";
    let failures = 0;
    let failingSince = 0;
    const take = (text: string) => {
      if (text !== last.current || failures > 0) setState({ address, data: parsed<T>(text), failures: 0, failingSince: 0 });
      if (failures > 0) isBack();
      last.current = text;
      failures = 0;
    };
    const ask = async (given: string | void) => {
      try {
        const text = given || (await getText(address, stop.signal));
        if (!stop.signal.aborted) take(text);
      } catch (e) {
        if (stop.signal.aborted) return;
        failures += 1;
        if (failures === 1) failingSince = Date.now();
        setState((old) => ({ address, data: old.address === address ? old.data : undefined, error: asApiError(e), failures, failingSince }));
      }
    };
    const loop = async () => {
      let given: string | void = "";
      while (!stop.signal.aborted) {
        const due = begin();
        await ask(given);
        given = await due(failures, stop.signal);
      }
    };
    void loop();
    return () => stop.abort();
  }, [address, key]);
  return state.address === address ? state : { failures: 0, failingSince: 0 };
}

// Asks when there may be another answer: when the topic has changed, or, without a topic or a stream of events,
// when `least` is over.
export function usePoll<T>(address: string, { topic, least, most }: Wish = {}): Polled<T> {
  const begin = (): Await => {
    const seen = topic ? changesOf(topic) : 0;
    // After a failure nobody knows what has changed.
    return (failures, signal) => untilDue({ topic: failures > 0 ? undefined : topic, least: leastAfter(failures, least), most }, seen, signal);
  };
  return useAnswers<T>(address, begin, `${topic} ${least} ${most}`);
}

export interface Kept<T> extends Polled<T> {
  last?: T; // the last answer, maybe to another question
  question: string; // that the last answers
}

// The last answer stands until the next has come, also to another question: it is the data, unless this one failed.
export function useKept<T>(address: string, wish: Wish): Kept<T> {
  const polled = usePoll<T>(address, wish);
  const kept = useRef<{ last?: T; question: string }>({ question: "" });
  if (polled.data) kept.current = { last: polled.data, question: address };
  const { last, question } = kept.current;
  return { ...polled, data: !polled.error || question === address ? last : undefined, last, question };
}

// Weir tells it by itself.
export function useStatus(): Polled<Status> {
  const begin = (): Await => {
    const seen = statusesSoFar();
    return (failures, signal) => nextStatus(seen, leastAfter(failures), signal);
  };
  return useAnswers<Status>(url("status"), begin, "");
}
