// Answers what a person did, for a while; what lasts of it stands in the page too.
import { useEffect, useState } from "preact/hooks";
import type { State } from "./api";
import { HealthMark } from "./parts";

const kShown = 6_000; // ms

interface Toast {
  state: State;
  title: string;
  text: string;
}

class ToastEvent extends Event {
  constructor(readonly toast: Toast) {
    super("weir-toast");
  }
}

export function toast(state: State, title: string, text = ""): void {
  dispatchEvent(new ToastEvent({ state, title, text }));
}

export function Toasts() {
  const [toasts, setToasts] = useState<Toast[]>([]);
  useEffect(() => {
    const add = (event: Event) => {
      const { toast } = event as ToastEvent;
      setToasts((all) => [...all, toast]);
      setTimeout(() => setToasts((all) => all.filter((other) => other !== toast)), kShown);
    };
    addEventListener("weir-toast", add);
    return () => removeEventListener("weir-toast", add);
  }, []);
  return (
    <div class="toasts" role="status">
      {toasts.map(({ state, title, text }, index) => (
        <div class="toast" key={index}>
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
