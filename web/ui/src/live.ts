// What weir tells the page without being asked: one stream of events for all of it, open while the page is seen.
// Where there is none (too many are open, something in between keeps events back, weir is gone) the page asks again
// and again instead, and a stream is tried for now and then.

import { kPasswordWanted, passwordWanted, plainAddress } from "./password";

// Of questions that have other answers when it changes; weir says which has.
export type Topic = "components" | "component" | "graph" | "config" | "profiles" | "targets";

const kFirstTry = 1_000; // ms to the next, twice as long each time
const kLastTry = 60_000;
const kSilence = 25_000; // weir says something every 15 s
const kPatience = 5_000; // for the first event

const changes = new Map<string, number>();
const listeners = new Set<() => void>();
let source: EventSource | undefined;
let open = false;
let status = ""; // the last that came
let statuses = 0;
let since = "";
let again = kFirstTry;
let timer: ReturnType<typeof setTimeout> | undefined;

function tell(): void {
  for (const listener of [...listeners]) listener();
}

function later(ms: number, what: () => void): void {
  clearTimeout(timer);
  timer = setTimeout(what, ms);
}

function close(): void {
  clearTimeout(timer);
  source?.close();
  source = undefined;
  open = false;
}

function fail(): void {
  close();
  later(again, connect);
  again = Math.min(2 * again, kLastTry);
  tell();
}

function hear(): void {
  open = true;
  again = kFirstTry;
  later(kSilence, fail);
}

function connect(): void {
  close();
  if (document.hidden || passwordWanted()) return;
  source = new EventSource(plainAddress(`api/v0/web/events${since && `?since=${since}`}`));
  source.onerror = fail;
  source.addEventListener("status", (event) => {
    hear();
    status = event.data;
    statuses += 1;
    tell();
  });
  source.addEventListener("changed", (event) => {
    hear();
    since = event.lastEventId;
    for (const topic of JSON.parse(event.data) as Topic[]) changes.set(topic, changesOf(topic) + 1);
    tell();
  });
  later(kPatience, fail);
}

// Once, for the page.
export function goLive(): void {
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) close();
    else connect();
    tell();
  });
  // Who still hears of changes would be told what the password is to keep from them.
  addEventListener(kPasswordWanted, close);
  // A stream whose other end is out of reach just stays silent: questions find that out sooner.
  addEventListener("offline", fail);
  addEventListener("online", connect);
  connect();
}

// Somebody has had an answer after failures: whoever was gone is back.
export function isBack(): void {
  if (!source && !document.hidden) connect();
}

export function changesOf(topic: Topic): number {
  return changes.get(topic) ?? 0;
}

// Waits for as long as `left` says, in ms, which is asked again whenever something happens; while the page is not
// seen, until it is.
function wait(left: () => number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) return done();
    let wake: ReturnType<typeof setTimeout> | undefined;
    const end = () => {
      clearTimeout(wake);
      listeners.delete(look);
      signal.removeEventListener("abort", end);
      done();
    };
    const look = () => {
      clearTimeout(wake);
      if (document.hidden) return;
      const ms = left();
      if (ms <= 0) end();
      else if (ms < Infinity) wake = setTimeout(look, ms);
    };
    listeners.add(look);
    signal.addEventListener("abort", end);
    look();
  });
}

export const kLeast = 2_000;

export interface Wish {
  topic?: Topic; // none: it is time alone that counts
  least?: number; // ms between two questions
  most?: number; // ms after which it is asked even if weir says nothing of the topic
}

// Until it is worth asking again what was asked when the topic had changed so often.
export function untilDue({ topic, least = kLeast, most = Infinity }: Wish, seen: number, signal: AbortSignal): Promise<void> {
  const begun = Date.now();
  // A stream that is being opened says what has changed meanwhile.
  const isQuiet = () => source && topic && changesOf(topic) === seen;
  return wait(() => begun + (isQuiet() ? most : least) - Date.now(), signal);
}

export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return untilDue({ least: ms }, 0, signal);
}

export function statusesSoFar(): number {
  return statuses;
}

// The next status that weir tells, after so many; "" where it tells none, and it is time to ask.
export async function nextStatus(seen: number, least: number, signal: AbortSignal): Promise<string> {
  const begun = Date.now();
  await wait(() => (!open ? begun + least - Date.now() : statuses === seen ? Infinity : 0), signal);
  return statuses === seen ? "" : status;
}
