// How bad a diagnostic is.
import type { Diagnostic, State } from "./api";

export function isError({ severity }: Diagnostic): boolean {
  return severity === "error";
}

// Whose shape and colour it has.
export function markOf(diagnostic: Diagnostic): State {
  return isError(diagnostic) ? "unhealthy" : "waiting";
}
