// What weir says of the targets that are meant.
import { useEffect, useState } from "preact/hooks";
import { ApiError, type Explanations, get, leastAfter, url } from "../api";
import { plural } from "../format";
import { announce } from "../keys";
import { untilDue } from "../live";
import { type Question, parametersOf } from "./question";

export interface Asked {
  answer?: Explanations;
  error?: string;
}

// Nobody answered, or weir had too much to do.
function isWorthAgain(error: ApiError): boolean {
  return error.status === 0 || error.status === 503;
}

// Asked once, and again with another `round`: what stands there does not change while it is read.
export function useAnswer(question: Question, round: string): Asked {
  const [asked, setAsked] = useState<Asked>({});
  useEffect(() => {
    setAsked({});
    if (!question.text) return undefined;
    const parameters = parametersOf(question);
    if (typeof parameters === "string") return setAsked({ error: parameters });
    const stop = new AbortController();
    const ask = async () => {
      for (let failures = 1; !stop.signal.aborted; ++failures) {
        try {
          const answer = await get<Explanations>(url("explain", parameters), stop.signal);
          setAsked({ answer });
          return announce(`${plural(answer.found, "target")} found`);
        } catch (e) {
          if (stop.signal.aborted) return;
          setAsked({ error: e instanceof Error ? e.message : String(e) });
          if (!(e instanceof ApiError) || !isWorthAgain(e)) return;
        }
        await untilDue({ least: leastAfter(failures) }, 0, stop.signal);
      }
    };
    void ask();
    return () => stop.abort();
  }, [question.kind, question.text, round]);
  return asked;
}
