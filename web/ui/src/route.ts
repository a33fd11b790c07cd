// Where the page is: "#/profiles?service=api&range=900". The address holds all
// that a person would want to send to another.
import { useEffect, useState } from "preact/hooks";

export interface Route {
  screen: "profiles" | "graph" | "components" | "component" | "targets" | "explain" | "config";
  id: string; // of a component
  query: URLSearchParams;
}

const kNamed: Route["screen"][] = ["graph", "components", "targets", "explain", "config"];

export function parse(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [screen, ...rest] = path.split("/");
  const parameters = new URLSearchParams(query);
  if (screen === "component") {
    const id = rest.map((part) => safeDecode(part)).join("/");
    if (id) return { screen, id, query: parameters };
  }
  return { screen: kNamed.find((one) => one === screen) ?? "profiles", id: "", query: parameters };
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function componentLink(id: string): string {
  return `#/component/${id.split("/").map(encodeURIComponent).join("/")}`;
}

export function profileLink(service: string): string {
  return `#/profiles?${new URLSearchParams({ service })}`;
}

export function graphLink(id: string): string {
  return `#/graph?${new URLSearchParams({ node: id })}`;
}

// To a line of the text that runs.
export function configLink(file: string, line: number): string {
  return `#/config?${new URLSearchParams({ file, line: String(line), view: "running" })}`;
}

// For a row with a link in it: a click beside the link follows it too, unless it ends the selection of some text.
export function leadingTo(link: string): (event: MouseEvent) => void {
  return (event) => {
    if (!(event.target as Element).closest("a") && !getSelection()?.toString()) location.hash = link;
  };
}

// What the address says of the current screen, changed.
function changed(changes: Record<string, string | undefined>): string {
  const [path = "#/profiles", query = ""] = (location.hash || "#/profiles").split("?", 2);
  const parameters = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes)) {
    if (value) parameters.set(name, value);
    else parameters.delete(name);
  }
  const text = parameters.toString();
  return `${path}${text ? `?${text}` : ""}`;
}

// Without a step in the history.
export function replaceQuery(changes: Record<string, string | undefined>): void {
  history.replaceState(null, "", changed(changes));
  dispatchEvent(new HashChangeEvent("hashchange"));
}

// With one, for what a person would want to come back from.
export function pushQuery(changes: Record<string, string | undefined>): void {
  const next = changed(changes);
  if (next === location.hash) return;
  history.pushState(null, "", next);
  dispatchEvent(new HashChangeEvent("hashchange"));
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => parse(location.hash));
  useEffect(() => {
    const follow = () => setRoute(parse(location.hash));
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return route;
}
