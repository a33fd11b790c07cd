// What the API answers, and how the page asks. Times are Unix milliseconds.
import { useEffect, useRef, useState } from "preact/hooks";
import { type Wish, changesOf, isBack, kLeast, nextStatus, statusesSoFar, untilDue } from "./live";
import { passwordWanted, plainAddress, wantPassword } from "./password";

export type State = "healthy" | "unhealthy" | "waiting" | "unknown" | "exited";

export interface Health {
  state: State;
  message: string;
  since: number;
}

export interface HealthChange {
  state: State;
  message: string;
  since: number;
}

export interface Diagnostic {
  severity: "error" | "warning";
  message: string;
  file?: string;
  line?: number;
  column?: number;
  endLine?: number;
  endColumn?: number;
  notes: { message: string; file?: string; line?: number }[];
  text: string;
}

export interface Load {
  ok: boolean;
  cause: string;
  time: number;
  seconds: number;
  added: number;
  removed: number;
  changed: number;
  unchanged: number;
  diagnostics: Diagnostic[];
}

export interface Loss {
  reason: string;
  meaning: string;
  count: number;
}

export interface Status {
  version: string;
  host?: string;
  kernel?: string;
  time: number;
  started: number;
  ready: boolean;
  configPath: string;
  runningSince: number;
  lastLoad: Load;
  process: { cpuPercent: number; window: number; rssBytes: number };
  collection: { collectors: number; samples: number; lost: number; mapBytes: number; losses: Loss[] };
  components: number;
  health: Record<State, number>;
}

export interface Component {
  name: string;
  id: string;
  label: string;
  referencesTo: string[];
  referencedBy: string[];
  health: Health;
}

export interface Value {
  type: string;
  value: unknown;
  length?: number; // of a list or text that was cut
  view?: string; // where a cut list is read in pages
}

export interface Statement {
  name: string;
  type: "attr" | "block";
  label?: string;
  value?: Value;
  body?: Statement[];
  default?: boolean;
  doc?: string;
  unit?: string;
  noEffect?: string;
}

export interface LogLine {
  time: number;
  level: string;
  message: string;
  fields: { key: string; value: string }[];
}

export interface ComponentDetail extends Component {
  doc: string;
  stability: string;
  arguments: Statement[];
  exports: Statement[];
  debugInfo: Statement[];
  place?: { file: string; line: number };
  healthHistory: HealthChange[]; // oldest first
  views: { name: string; title: string; total: number }[];
  log?: LogLine[];
}

export interface ViewPage {
  total: number;
  matching: number;
  offset: number;
  rows: Value[];
}

// In Unix milliseconds, and what there was from then to the next.
export type TimePoint = [time: number, value: number];

export interface Service {
  service: string;
  type: string;
  unit: string;
  total: number;
  profiles: number;
  samples: number;
  first: number;
  last: number;
  points?: TimePoint[];
}

export interface Services {
  from: number;
  until: number;
  step?: number; // seconds
  stores: number;
  services: Service[];
}

export interface Series {
  from: number;
  until: number;
  step: number;
  points: TimePoint[];
}

export interface FlameColumns {
  strings: string[];
  name: number[];
  module: number[];
  kind: number[];
  why: number[];
  reason: number[];
  total: number[];
  self: number[];
  parent: number[];
  beforeTotal?: number[]; // of the time before, where two are compared
  beforeSelf?: number[];
}

export interface FlameAnswer {
  from: number;
  until: number;
  total: number;
  samples: number;
  completeSamples: number;
  flame: FlameColumns;
}

export interface DiffSide {
  from: number;
  until: number;
  service: string;
  type: string;
  unit: string;
  total: number;
  duration: number; // s, from the first to the last of its profiles
}

export interface DiffAnswer {
  before: DiffSide;
  after: DiffSide;
  factor: number; // by what the values before were multiplied
  flame: FlameColumns;
}

export interface ConfigPlace {
  file: string;
  line: number; // 0: not known
}

export interface Change {
  label: string;
  before: string; // "": it was not there
  after: string; // "": it is gone
}

export interface TraceStep {
  block: string;
  index: number;
  place: ConfigPlace;
  what: string;
  why: string;
  effect: "nothing" | "changed" | "dropped";
  changes: Change[];
}

export interface Visit {
  component: string;
  place: ConfigPlace;
  dropped: boolean;
  used: boolean;
  in: Record<string, string>;
  steps: TraceStep[];
  unreached: { block: string; index: number; place: ConfigPlace }[]; // behind the step that dropped it
  unseenBy: string[]; // components that would have got it
}

export interface Explanation {
  source: string;
  place: ConfigPlace;
  cut: boolean; // not told to its end
  labels: Record<string, string>;
  visits: Visit[];
}

export interface Explanations {
  found: number;
  counted: boolean; // false: there may be more than `found`
  cut: string; // why this is not all; "": it is
  targets: Explanation[];
}

export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number, // 0: there was no answer at all
  ) {
    super(message);
  }
}

const kTimeout = 20_000;

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

async function getText(address: string, signal?: AbortSignal): Promise<string> {
  if (passwordWanted()) throw new ApiError("weir asks for a password", 401);
  const limit = AbortSignal.timeout(kTimeout);
  let answer: Response;
  try {
    answer = await fetch(plainAddress(address), { signal: signal ? AbortSignal.any([signal, limit]) : limit });
  } catch (e) {
    throw new ApiError(limit.aborted ? "no answer within 20 s" : "no connection", 0);
  }
  const text = await answer.text();
  if (answer.ok) return text;
  if (answer.status === 401) wantPassword();
  let message = text.trim() || `HTTP ${answer.status}`;
  try {
    message = JSON.parse(text).error ?? message;
  } catch {
    // An answer of something in between; its text is all there is.
  }
  throw new ApiError(message, answer.status);
}

export async function get<T>(address: string, signal?: AbortSignal): Promise<T> {
  return JSON.parse(await getText(address, signal)) as T;
}

// A POST, which the server takes from its own page only; the text of the answer, whatever its status.
export async function post(address: string): Promise<{ status: number; ok: boolean; text: string }> {
  const limit = AbortSignal.timeout(kTimeout);
  try {
    const answer = await fetch(plainAddress(address), { method: "POST", signal: limit });
    if (answer.status === 401) wantPassword();
    return { status: answer.status, ok: answer.ok, text: await answer.text() };
  } catch {
    throw new ApiError(limit.aborted ? "no answer within 20 s" : "no connection", 0);
  }
}

export interface Polled<T> {
  data?: T;
  error?: ApiError; // of the last try
  failures: number; // in a row
  failingSince: number;
}

const kLeastWhenFailing = 5_000;

// Waits until it is worth asking again; an answer that has come by itself takes the place of the next question.
type Await = (failures: number, signal: AbortSignal) => Promise<string | void>;

export function leastAfter(failures: number, least = kLeast): number {
  return failures >= 3 ? kLeastWhenFailing : least;
}

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
      if (text !== last.current || failures > 0) setState({ address, data: JSON.parse(text), failures: 0, failingSince: 0 });
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
        const error = e instanceof ApiError ? e : new ApiError(String(e), 0);
        setState((old) => ({ address, data: old.address === address ? old.data : undefined, error, failures, failingSince }));
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
  isOfThis: boolean; // it is of this one, or this one may still be answered
  question: string; // that the last answers
}

// The last answer stands until the next has come, also to another question.
export function useKept<T>(address: string, wish: Wish): Kept<T> {
  const polled = usePoll<T>(address, wish);
  const kept = useRef<{ last?: T; question: string }>({ question: "" });
  if (polled.data) kept.current = { last: polled.data, question: address };
  return { ...polled, ...kept.current, isOfThis: !polled.error || kept.current.question === address };
}

// Weir tells it by itself.
export function useStatus(): Polled<Status> {
  const begin = (): Await => {
    const seen = statusesSoFar();
    return (failures, signal) => nextStatus(seen, leastAfter(failures), signal);
  };
  return useAnswers<Status>(url("status"), begin, "");
}
