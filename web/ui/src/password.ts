// Whether weir, or a proxy in front of it, wants a password that this page does not send, or no longer. From then on the
// page asks for nothing: each time the browser would ask the person.
import { useEffect, useState } from "preact/hooks";

export const kPasswordWanted = "weir-password-wanted"; // an event of the window
let since = 0; // Unix milliseconds; 0: it is not wanted

export function passwordWanted(): number {
  return since;
}

export function wantPassword(): void {
  if (since) return;
  since = Date.now();
  dispatchEvent(new Event(kPasswordWanted));
}

// A page that was opened as http://name:password@host/ asks without them: the browser sends them by itself, and would
// refuse an address that has them.
export function plainAddress(address: string): string {
  const plain = new URL(address, location.href);
  plain.username = plain.password = "";
  return plain.href;
}

export function usePasswordWanted(): number {
  const [state, setState] = useState(since);
  useEffect(() => {
    const follow = () => setState(since);
    follow();
    addEventListener(kPasswordWanted, follow);
    return () => removeEventListener(kPasswordWanted, follow);
  }, []);
  return state;
}
