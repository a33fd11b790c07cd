// Numbers and times for people: each with its unit, no more digits than it is worth.

const kThin = "\u2009"; // between a number and its unit

// Made once each: to make one takes longer than to write a hundred numbers with it.
const kWriters = [0, 1, 2].map((decimals) => new Intl.NumberFormat("en", { minimumFractionDigits: decimals, maximumFractionDigits: decimals }));

function digits(value: number, decimals: 0 | 1 | 2): string {
  return kWriters[decimals]!.format(value).replace(/,/g, kThin);
}

// Three figures: 0.34, 5.61, 42.1, 317.
function figures(value: number): string {
  const size = Math.abs(value);
  return digits(value, size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2);
}

export function withUnit(number: string, unit: string): string {
  return `${number}${kThin}${unit}`;
}

export function count(value: number): string {
  return digits(value, 0);
}

export function percent(share: number): string {
  if (share === 0) return withUnit("0", "%");
  const value = share * 100;
  if (value > 0 && value < 0.005) return withUnit("< 0.01", "%");
  return withUnit(figures(value), "%");
}

// How much more or less there is than before: "+12.5 %", "new", "gone".
export function changeText(before: number, after: number): string {
  if (before === after) return "=";
  if (before === 0) return "new";
  if (after === 0) return "gone";
  const share = after / before - 1;
  if (Math.abs(share) < 0.00005) return "=";
  return `${share > 0 ? "+" : "−"}${percent(Math.abs(share))}`;
}

// The class of its colour.
export function changeTone(before: number, after: number): string {
  if (Math.abs(after - before) <= 0.005 * Math.max(before, after)) return "sub";
  return after > before ? "up" : "down";
}

export function bytes(value: number): string {
  if (value < 1e6) return withUnit(figures(value / 1e3), "kB");
  if (value < 1e9) return withUnit(figures(value / 1e6), "MB");
  return withUnit(figures(value / 1e9), "GB");
}

// CPU time; the stored unit is nanoseconds.
export function cpuTime(nanoseconds: number): string {
  if (nanoseconds === 0) return withUnit("0", "s");
  const seconds = nanoseconds / 1e9;
  if (Math.abs(seconds) < 1) return withUnit(figures(seconds * 1e3), "ms");
  if (seconds < 120) return withUnit(figures(seconds), "s");
  if (seconds < 120 * 60) return withUnit(figures(seconds / 60), "min");
  return withUnit(figures(seconds / 3600), "h");
}

// The unit of CPU profiles, which have words of their own in many places.
export function isCpuTime(unit: string): boolean {
  return unit === "nanoseconds";
}

// A value of a profile in its own unit.
export function amount(value: number, unit: string): string {
  if (isCpuTime(unit) || unit === "") return cpuTime(value);
  if (unit === "bytes") return bytes(value);
  if (unit === "count") return count(value);
  return withUnit(count(value), unit);
}

// How much more or less, with its sign: "+1.2 s".
export function difference(before: number, after: number, unit: string): string {
  const sign = after > before ? "+" : after < before ? "−" : "";
  return `${sign}${amount(Math.abs(after - before), unit)}`;
}

export function cores(value: number): string {
  if (value > 0 && value < 0.005) return withUnit("< 0.01", "cores");
  return withUnit(figures(value), value > 0.995 && value < 1.005 ? "core" : "cores");
}

// How long something has been so: "12 s", "4 min", "3 h", "3 d".
export function span(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return withUnit(count(seconds), "s");
  if (seconds < 3600) return withUnit(count(Math.floor(seconds / 60)), "min");
  if (seconds < 2 * 86400) return withUnit(count(Math.floor(seconds / 3600)), "h");
  return withUnit(count(Math.floor(seconds / 86400)), "d");
}

const kSecond: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
const kDay: Intl.DateTimeFormatOptions = { day: "numeric", month: "short" };
const kMinute: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };

export function clock(ms: number): string {
  return new Date(ms).toLocaleTimeString("en", kSecond);
}

function day(ms: number): string {
  return new Date(ms).toLocaleDateString("en", kDay);
}

function isToday(ms: number): boolean {
  return new Date(ms).toDateString() === new Date().toDateString();
}

// A time of today as it is, an older one with its day.
export function moment(ms: number): string {
  if (isToday(ms)) return clock(ms);
  return `${day(ms)}, ${minute(ms)}`;
}

export function minute(ms: number): string {
  return new Date(ms).toLocaleTimeString("en", kMinute);
}

// A stretch of time: to the second where minutes would hide it, with the day where it is not today's.
export function between(from: number, until: number): string {
  const one = until - from < 600_000 ? clock : minute;
  if (isToday(from) && isToday(until)) return `${one(from)}–${one(until)}`;
  return `${day(from)}, ${one(from)}–${day(until) === day(from) ? "" : `${day(until)}, `}${one(until)}`;
}

export function plural(n: number, word: string, many = `${word}s`): string {
  return `${count(n)} ${n === 1 ? word : many}`;
}

// Of a path, or of an id in a module.
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

// Whoever names a program or a service may not turn the text around it, or hide in it.
export function visible(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

// A sentence of weir, which may hold such names.
export function sentence(text: string): string {
  return visible(text.replace(/[\n\r\t]+/g, " "));
}
