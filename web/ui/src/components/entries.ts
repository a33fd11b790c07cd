// What is in lists and objects of the config language.
import type { Value } from "../api";
import { plural } from "../format";

interface Entry {
  key: string;
  value: Value;
}

export function isScalar(value: Value): boolean {
  return value.type !== "array" && value.type !== "object";
}

export function entriesOf(value: Value): Entry[] {
  if (value.type === "object") return value.value as Entry[];
  return (value.value as Value[]).map((element, index) => ({ key: String(index), value: element }));
}

// As many as there are, of a list that was cut too.
export function sizeText(value: Value): string {
  return plural(value.length ?? entriesOf(value).length, value.type === "object" ? "field" : "item");
}

// A value in one line: what is in it is only counted.
export function shortText(value: Value): string {
  return isScalar(value) ? String(value.value) : sizeText(value);
}
