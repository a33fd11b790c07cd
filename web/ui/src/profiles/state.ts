// What a person chose on this screen, as the address has it: service, range, comparison, and how to look at it.
import { useMemo } from "preact/hooks";
import { pushQuery, replaceQuery } from "../route";
import type { Stretch } from "./course";
import { kUsualType } from "./types";

export type Sort = "self" | "total" | "name";

// How to look at one flame graph.
export interface Look {
  search: string;
  zoom: string; // the way to the frame; "": all
  middle: string; // of the sandwich: the identity of a function; "": there is none
  sort: Sort;
}

export const kPlainLook: Look = { search: "", zoom: "", middle: "", sort: "self" };

// `isStep`: something to come back from.
export type ChangeLook = (change: Partial<Look>, isStep: boolean) => void;

export type Basis = "total" | "time" | "share"; // as the API has it

export interface Choice {
  service: string;
  type: string;
  range: number; // seconds
  at: number; // where the range ends; 0: now
  selected: Stretch | null;
  before: number | null; // when the time before begins; it is as long as what is selected
  other: string; // the service to compare with; "": the same one
  by: Basis;
  view: string;
  look: Look;
}

export const kRanges = [
  { value: 300, label: "5 min" },
  { value: 900, label: "15 min" },
  { value: 3600, label: "1 h" },
  { value: 21600, label: "6 h" },
  { value: 86400, label: "24 h" },
];
export const kViews = [
  { value: "flame", label: "Flame" },
  { value: "both", label: "Both" },
  { value: "table", label: "Table" },
];
const kBases: Basis[] = ["total", "time", "share"];
const kSorts: Sort[] = ["self", "total", "name"];

function numberOf(query: URLSearchParams, name: string): number {
  const value = Number(query.get(name));
  return Number.isFinite(value) && value > 0 ? value : 0;
}

function parse(query: URLSearchParams): Choice {
  const [from, until] = [numberOf(query, "from"), numberOf(query, "until")];
  const text = (name: string) => query.get(name) ?? "";
  return {
    service: text("service"),
    type: text("type"),
    range: kRanges.find((choice) => String(choice.value) === query.get("range"))?.value ?? 900,
    at: numberOf(query, "at"),
    selected: until > from && from > 0 ? { from, until } : null,
    before: numberOf(query, "before") || null,
    other: text("with"),
    by: kBases.find((by) => by === text("by")) ?? "total",
    view: kViews.find((choice) => choice.value === query.get("view"))?.value ?? "both",
    look: {
      search: text("q"),
      zoom: text("zoom"),
      middle: query.has("middle") ? `${text("middle")}\0${text("in")}` : "",
      sort: kSorts.find((sort) => sort === text("sort")) ?? "self",
    },
  };
}

export function isComparing(choice: Choice): boolean {
  return choice.before !== null || choice.other !== "";
}

const kUsual: Record<string, string> = { range: "900", view: "both", by: "total", sort: "self" };

// As the address spells it; what is as usual is not said.
function spelled(name: string, value: string | number | null | undefined): string {
  const text = value ? String(value) : "";
  return text === kUsual[name] ? "" : text;
}

type Change = Partial<Omit<Choice, "look">> & Partial<Look>;

const kNames: Record<keyof Omit<Change, "selected" | "middle">, string> = {
  service: "service",
  type: "type",
  range: "range",
  at: "at",
  before: "before",
  other: "with",
  by: "by",
  view: "view",
  search: "q",
  zoom: "zoom",
  sort: "sort",
};

function parametersOf(change: Change): Record<string, string> {
  const parameters: Record<string, string> = {};
  for (const [key, value] of Object.entries(change)) {
    if (key === "selected") {
      const part = value as Stretch | null;
      parameters["from"] = spelled("from", part && Math.round(part.from));
      parameters["until"] = spelled("until", part && Math.round(part.until));
    } else if (key === "middle") {
      const [name = "", module = ""] = (value as string).split("\0");
      parameters["middle"] = name;
      parameters["in"] = module;
    } else {
      const name = kNames[key as keyof typeof kNames];
      parameters[name] = spelled(name, value as string | number | null);
    }
  }
  return parameters;
}

export function change(what: Change, isStep: boolean): void {
  (isStep ? pushQuery : replaceQuery)(parametersOf(what));
}

export function useChoice(query: URLSearchParams): Choice {
  return useMemo(() => parse(query), [query]);
}

// The address of what is shown now, whenever it is opened.
export function linkTo(choice: Choice, service: string, type: string, until: number): string {
  const { look, ...rest } = choice;
  const parameters = new URLSearchParams();
  const all = parametersOf({ ...rest, ...look, service, type: type === kUsualType ? "" : type, at: choice.at || until });
  for (const [name, value] of Object.entries(all)) {
    if (value) parameters.set(name, value);
  }
  return `${location.origin}${location.pathname}#/profiles?${parameters}`;
}
