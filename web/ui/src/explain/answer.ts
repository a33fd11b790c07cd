// What weir says of the targets that are meant.
import { useEffect, useState } from "preact/hooks";
import { ApiError, type Explanations, get, url } from "../api";
import { plural } from "../format";
import { announce } from "../keys";
import { type Question, parametersOf } from "./question";

export interface Asked {
  answer?: Explanations;
  error?: string;
}

const kAgain = 5_000; // ms, where nobody answered

// Asked once, and again with another `round`: what stands there does not change while it is read.
export function useAnswer(question: Question, round: string): Asked {
  const [asked, setAsked] = useState<Asked>({});
  useEffect(() => {
    setAsked({});
    if (!question.text) return undefined;
    const parameters = parametersOf(question);
    if (typeof parameters === "string") return setAsked({ error: parameters });
    const stop = new AbortController();
    let timer = 0;
    const ask = async () => {
      try {
        const answer = await get<Explanations>(url("explain", parameters), stop.signal);
        setAsked({ answer });
        announce(`${plural(answer.found, "target")} found`);
      } catch (e) {
        if (stop.signal.aborted) return;
        setAsked({ error: e instanceof Error ? e.message : String(e) });
        if (e instanceof ApiError && e.status === 0) timer = setTimeout(() => void ask(), kAgain);
      }
    };
    void ask();
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [question.kind, question.text, round]);
  return asked;
}
