// A reload that a person asks for here, and what became of it.
import { useState } from "preact/hooks";
import type { State } from "../api";
import { asApiError, post } from "../ask";
import { clock } from "../format";
import { Icon } from "../parts/icon";
import { Note } from "../parts/panel";
import { toast } from "../toast";

// Of a question without an answer nobody knows what became of it.
type Outcome = "done" | "refused" | "unknown";
export type Asked = { state: "none" } | { state: "asking" } | { state: Outcome; time: number; text: string };

const kSaid: Record<Outcome, { mark: State; words: string }> = {
  done: { mark: "healthy", words: "Reloaded." },
  refused: { mark: "unhealthy", words: "The reload was refused." },
  unknown: { mark: "waiting", words: "The reload was not answered." },
};

export function useReload(): [Asked, () => void] {
  const [asked, setAsked] = useState<Asked>({ state: "none" });
  const end = (state: Outcome, text: string) => {
    setAsked({ state, time: Date.now(), text });
    toast(kSaid[state].mark, kSaid[state].words, state === "done" ? "" : firstLine(text));
  };
  const ask = async () => {
    setAsked({ state: "asking" });
    try {
      const { status, ok, text } = await post("-/reload");
      // Above, it is something in between that speaks.
      end(ok ? "done" : status < 500 ? "refused" : "unknown", text || `HTTP ${status}`);
    } catch (e) {
      end("unknown", asApiError(e).message);
    }
  };
  return [asked, () => void ask()];
}

function firstLine(text: string): string {
  return text.trim().split("\n")[0] ?? "";
}

// Stands until the next reload is asked for.
export function ReloadAnswer({ asked }: { asked: Asked }) {
  if (asked.state === "none" || asked.state === "asking") return null;
  if (asked.state === "done") return <Note state="healthy" title={`Reloaded at ${clock(asked.time)}.`} />;
  const became = asked.state === "refused" ? "was refused" : "was not answered";
  return (
    <Note state={kSaid[asked.state].mark} title={`The reload of ${clock(asked.time)} ${became}.`}>
      <p class="mono">{firstLine(asked.text)}</p>
      {asked.state === "unknown" && <p>It may have been applied all the same: the last load below says so once weir answers.</p>}
    </Note>
  );
}

export function ReloadButton({ asked, onReload }: { asked: Asked; onReload: () => void }) {
  const isAsking = asked.state === "asking";
  // Not disabled: that would take the focus from who has pressed it.
  return (
    <button type="button" class="button main" aria-disabled={isAsking ? "true" : undefined} onClick={() => !isAsking && onReload()}>
      <Icon name="reload" />
      {isAsking ? "Reloading" : "Reload"}
    </button>
  );
}
