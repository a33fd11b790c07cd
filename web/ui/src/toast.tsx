// Answers what a person did, for a while; what lasts of it stands in the page too.
import { useEffect, useState } from "preact/hooks";
import type { State } from "./api";
import { HealthMark } from "./parts/health";

const kShown = 6_000; // ms
const kToasted = "weir-toast"; // an event of the window

interface Toast {
  number: number; // the same as long as it is shown
  state: State;
  title: string;
  text: string;
}

class ToastEvent extends Event {
  constructor(readonly toast: Toast) {
    super(kToasted);
  }
}

let toastsSoFar = 0;

export function toast(state: State, title: string, text = ""): void {
  dispatchEvent(new ToastEvent({ number: ++toastsSoFar, state, title, text }));
}

export function Toasts() {
  const [toasts, setToasts] = useState<Toast[]>([]);
  useEffect(() => {
    const add = (event: Event) => {
      const { toast } = event as ToastEvent;
      setToasts((all) => [...all, toast]);
      setTimeout(() => setToasts((all) => all.filter((other) => other !== toast)), kShown);
    };
    addEventListener(kToasted, add);
    return () => removeEventListener(kToasted, add);
  }, []);
  return (
    <div class="toasts" role="status">
      {toasts.map(({ number, state, title, text }) => (
        <div class="toast" key={number}>
          <HealthMark state={state} word={false} />
          <div>
            <b>{title}</b>
            {text && <div class="sub small">{text}</div>}
          </div>
        </div>
      ))}
    </div>
  );
}
