// The screens that the rail leads to, and "g" with a key.
import type { Route } from "./route";

interface Screen {
  name: Exclude<Route["screen"], "component" | "explain">;
  title: string;
  key: string; // behind "g"
  within?: Route["screen"]; // what is opened from it
}

export const kScreens: Screen[] = [
  { name: "profiles", title: "Profiles", key: "p" },
  { name: "graph", title: "Graph", key: "g" },
  { name: "components", title: "Components", key: "c", within: "component" },
  { name: "targets", title: "Targets", key: "t", within: "explain" },
  { name: "config", title: "Config", key: "s" },
];

export function addressOf({ name }: Screen): string {
  return `#/${name}`;
}
