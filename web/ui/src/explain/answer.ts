// What weir says of the targets that are meant.
import { useEffect, useState } from "preact/hooks";
import type { Explanations } from "../api";
import { type ApiError, get, untilAnswered, url } from "../ask";
import { plural } from "../format";
import { announce } from "../keys";
import { type Question, parametersOf } from "./question";

interface Explained {
  answer?: Explanations;
  error?: string;
}

// Nobody answered, or weir had too much to do.
function isWorthAgain(error: ApiError): boolean {
  return error.status === 0 || error.status === 503;
}

// Asked once, and again with another `round`: what stands there does not change while it is read.
export function useExplanations(question: Question, round: string): Explained {
  const [explained, setExplained] = useState<Explained>({});
  useEffect(() => {
    setExplained({});
    if (!question.text) return;
    const parameters = parametersOf(question);
    if (typeof parameters === "string") {
      setExplained({ error: parameters });
      return;
    }
    const stop = new AbortController();
    const fail = (error: ApiError) => {
      setExplained({ error: error.message });
      return isWorthAgain(error);
    };
    const ask = async () => {
      const answer = await untilAnswered(() => get<Explanations>(url("explain", parameters), stop.signal), stop.signal, fail);
      if (!answer) return;
      setExplained({ answer });
      announce(`${plural(answer.found, "target")} found`);
    };
    void ask();
    return () => stop.abort();
  }, [question.kind, question.text, round]);
  return explained;
}
