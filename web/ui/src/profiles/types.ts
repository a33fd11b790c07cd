// The types of profiles that are collected, as people call them.
import type { Services } from "../api";

export const kUsualType = "process_cpu";

const kWords: Record<string, string> = {
  process_cpu: "CPU",
  "process_cpu:samples": "CPU samples",
  "memory:inuse_space": "Memory",
  "memory:inuse_objects": "Objects",
  "memory:alloc_space": "Allocated",
  "memory:alloc_objects": "Allocations",
  goroutines: "Goroutines",
  "goroutine:goroutine": "Goroutines",
  "goroutines:goroutine": "Goroutines",
  "mutex:delay": "Lock waits",
  "mutex:contentions": "Lock contentions",
  "block:delay": "Blocked",
  "block:contentions": "Blocks",
};

export function typeWord(type: string): string {
  return kWords[type] ?? (type || "any type");
}

// CPU time first; the others by name.
export function typesOf(answer: Services): string[] {
  const types = [...new Set(answer.services.map((service) => service.type || kUsualType))];
  return types.sort((a, b) => Number(b === kUsualType) - Number(a === kUsualType) || a.localeCompare(b, "en"));
}
