// The parts every screen is made of.
import { type ComponentChildren, Fragment } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Loss, State } from "./api";
import type { Loaded } from "./ask";
import { clock, count, sentence } from "./format";
import { usePasswordWanted } from "./password";

const kPaths: Record<string, string> = {
  profiles: "M2.5 4h11M4.5 8h7M6.5 12h3",
  graph: "M2 2h4v4H2zM2 10h4v4H2zM10 6h4v4h-4zM6 4h1c1.5 0 1 4 3 4M6 12h1c1.5 0 1-4 3-4",
  config: "M3.5 1.8h6l3 3v9.4h-9zM9.5 1.8v3h3M5.5 8h5M5.5 11h3.5",
  reload: "M13.5 8a5.5 5.5 0 1 1-1.7-4M13.5 1.5v3.3h-3.3",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  components: "M8 1.8 13.5 5v6L8 14.2 2.5 11V5zM2.7 5.1 8 8.2l5.3-3.1M8 8.2v5.8",
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.8 10.8 14 14",
  back: "M10 3 5 8l5 5",
  theme: "M8 2.5a5.5 5.5 0 1 0 0 11zM8 2.5a5.5 5.5 0 1 1 0 11",
  keys: "M1.5 4.5h13v7h-13zM4 7h.01M6.7 7h.01M9.4 7h.01M12 7h.01M5 9.5h6",
  download: "M8 2v8M4.8 7 8 10.2 11.2 7M2.5 13.5h11",
  compare: "M5 2.5v9M2.5 9 5 11.5 7.5 9M11 13.5v-9M8.5 7 11 4.5 13.5 7",
  sandwich: "M4 2.5h8M2.5 8h11M4 13.5h8",
  wave: "M1.5 4.5h4.3c3 0 2 7 5 7h3.7M1.5 8h3.2M1.5 11.5h5.8",
  close: "M4 4l8 8M12 4l-8 8",
  targets: "M8 2a6 6 0 1 0 0 12A6 6 0 1 0 8 2zM8 5.8a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 1 0 0-4.4z",
  yes: "M3 8.5 6.5 12 13 4.5",
  no: "M4 4l8 8M12 4l-8 8",
};

export function Icon({ name }: { name: string }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={kPaths[name]} />
    </svg>
  );
}

const kWords: Record<State, string> = {
  healthy: "Healthy",
  unhealthy: "Unhealthy",
  waiting: "Waiting",
  unknown: "Starting",
  exited: "Exited",
};
const kTone: Record<State, string> = { healthy: "ok", unhealthy: "bad", waiting: "warn", unknown: "idle", exited: "bad" };

// What needs a person comes first.
export const kStatesByNeed: State[] = ["unhealthy", "exited", "waiting", "unknown", "healthy"];

export function Mark({ state }: { state: State }) {
  switch (state) {
    case "healthy":
      return <circle cx="5" cy="5" r="4" fill="currentColor" />;
    case "unhealthy":
      return <path d="M5 0 10 5 5 10 0 5z" fill="currentColor" />;
    case "waiting":
      return (
        <>
          <circle cx="5" cy="5" r="4.25" fill="none" stroke="currentColor" stroke-width="1.5" />
          <path d="M5 .75a4.25 4.25 0 0 0 0 8.5z" fill="currentColor" />
        </>
      );
    default:
      return <circle cx="5" cy="5" r="3.5" fill="none" stroke="currentColor" stroke-width="1.5" />;
  }
}

// Shape, colour and word; without the word it is there for screen readers.
export function HealthMark({ state, word = true, text }: { state: State; word?: boolean; text?: ComponentChildren }) {
  return (
    <span class={`health ${kTone[state]}`}>
      <svg viewBox="0 0 10 10" aria-hidden="true">
        <Mark state={state} />
      </svg>
      <span class={word ? "" : "sr"}>{text ?? kWords[state]}</span>
    </span>
  );
}

// The class of its colour.
export function toneOf(state: State): string {
  return kTone[state];
}

export function stateWord(state: State): string {
  return kWords[state];
}

export function Bar({ title, back, children }: { title: ComponentChildren; back?: string; children?: ComponentChildren }) {
  return (
    <div class="bar">
      {back && (
        <a class="button quiet square" href={back} aria-label="Back to the list">
          <Icon name="back" />
        </a>
      )}
      <h1>{title}</h1>
      {children}
    </div>
  );
}

export function Panel(props: { title: string; fact?: ComponentChildren; action?: ComponentChildren; children: ComponentChildren }) {
  return (
    <section class="panel" aria-label={props.title}>
      <header>
        <h2>{props.title}</h2>
        {props.fact !== undefined && <span class="dim small">{props.fact}</span>}
        <span class="grow" />
        {props.action}
      </header>
      {props.children}
    </section>
  );
}

export function Note({ state, title, children }: { state: State; title: ComponentChildren; children?: ComponentChildren }) {
  return (
    <div class={`note ${kTone[state]}`} role={state === "unhealthy" ? "alert" : "status"}>
      <HealthMark state={state} word={false} />
      <div class="grow">
        <strong>{title}</strong>
        {children}
      </div>
    </div>
  );
}

interface SearchProps {
  value: string;
  label: string;
  slash?: boolean; // the field that "/" goes to
  hint?: string; // what it takes
  wrong?: string; // the id of what says that the text is none of that
  onChange: (text: string) => void;
}

export function Search({ value, label, slash, hint, wrong, onChange }: SearchProps) {
  const clear = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    if (value) onChange("");
    else (event.currentTarget as HTMLElement).blur();
  };
  return (
    <div class="find">
      <Icon name="search" />
      <input
        type="search"
        data-slash={slash ? "" : undefined}
        value={value}
        placeholder={label}
        aria-label={label}
        title={hint}
        aria-invalid={wrong !== undefined}
        aria-describedby={wrong}
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => onChange(event.currentTarget.value)}
        onKeyDown={clear}
      />
      {slash && !value && <kbd class="hide-narrow" aria-hidden="true">/</kbd>}
    </div>
  );
}

interface Choice<T> {
  value: T;
  label: string;
}

export function Segments<T extends string | number>(props: { label: string; choices: Choice<T>[]; value: T; onChange: (value: T) => void }) {
  return (
    <div class="segments" role="group" aria-label={props.label}>
      {props.choices.map((choice) => (
        <button type="button" key={choice.value} aria-pressed={choice.value === props.value} onClick={() => props.onChange(choice.value)}>
          {choice.label}
        </button>
      ))}
    </div>
  );
}

interface ChipChoice<T> extends Choice<T> {
  look?: ComponentChildren; // instead of the label
  n?: number; // how many there are of it
  title?: string;
}

// Choices that take as many lines as they need.
export function Chips<T extends string>(props: { label: string; choices: ChipChoice<T>[]; value: T; onChange: (value: T) => void }) {
  return (
    <div class="chips" role="group" aria-label={props.label}>
      {props.choices.map(({ value, label, look, n, title }) => (
        <button type="button" class="chip" key={value} aria-pressed={value === props.value} title={title} onClick={() => props.onChange(value)}>
          {look ?? label}
          {n !== undefined && <span class="dim">{n}</span>}
        </button>
      ))}
    </div>
  );
}

// A whole screen that has something to say instead of something to show.
export function StateBox({ title, state, children }: { title: string; state?: State; children: ComponentChildren }) {
  return (
    <div class="state">
      <h2>
        {state && <HealthMark state={state} word={false} />} {title}
      </h2>
      {children}
    </div>
  );
}

// Of what comes: lines of text, rows of a table, panels of one component, nodes of the graph.
type Shape = "lines" | "rows" | "panels" | "nodes";

// Grey bars in the shape of what comes, and only when the answer takes its time.
export function Bones({ rows, height = 12, shape = "lines" }: { rows: number; height?: number; shape?: Shape }) {
  const shown = useLater(150);
  if (!shown) return null;
  return (
    <div class={`bones ${shape}`} aria-busy="true" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, i) =>
        shape === "lines" ? (
          <i key={i} style={{ height: `${height}px`, width: `${88 - ((i * 37) % 45)}%` }} />
        ) : (
          <div key={i}>
            <i />
            <i style={{ width: `${36 - ((i * 7) % 17)}%` }} />
            <i style={{ width: `${54 - ((i * 11) % 29)}%` }} />
          </div>
        ),
      )}
    </div>
  );
}

export function useLater(ms: number): boolean {
  const [passed, setPassed] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setPassed(true), ms);
    return () => clearTimeout(timer);
  }, [ms]);
  return passed;
}

// The time, again every so often, for "4 min ago".
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

// A click on what surrounds a dialog is one on the dialog, and so is one on its own edge.
function isBeside({ target, clientX: x, clientY: y }: MouseEvent, dialog: Element): boolean {
  const { left, right, top, bottom } = dialog.getBoundingClientRect();
  return target === dialog && (x < left || x > right || y < top || y > bottom);
}

// Closed by itself, it gives the focus back to what opened it, and then says that it is closed.
export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ComponentChildren }) {
  return (
    <dialog
      class="dialog"
      aria-label={title}
      ref={(element) => {
        if (element && !element.open) element.showModal();
      }}
      onClose={onClose}
      onClick={(event) => {
        if (isBeside(event, event.currentTarget)) event.currentTarget.close();
      }}
    >
      <header>
        <h2>{title}</h2>
        <button type="button" class="button quiet square" aria-label="Close" onClick={(event) => event.currentTarget.closest("dialog")!.close()}>
          <Icon name="close" />
        </button>
      </header>
      {children}
    </dialog>
  );
}

// `keys`: each key and what it does.
export function KeysDialog({ keys, onClose }: { keys: [string, string][]; onClose: () => void }) {
  return (
    <Dialog title="Keyboard" onClose={onClose}>
      <dl class="keys">
        {keys.map(([key, does]) => (
          <Fragment key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </Fragment>
        ))}
      </dl>
    </Dialog>
  );
}

export function LossTable({ losses }: { losses: Loss[] }) {
  return (
    <table>
      <tbody>
        {losses.map(({ reason, meaning, count: lost }) => (
          <tr key={reason}>
            <td class="mono">{reason}</td>
            <td>{meaning}</td>
            <td class="num">{count(lost)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function ErrorState({ what, why, children }: { what: string; why: string; children?: ComponentChildren }) {
  const ends = usePasswordWanted();
  return (
    <StateBox title={what} state="unhealthy">
      <p>{why}</p>
      {children}
      {!ends && <p class="dim small">The page tries again by itself.</p>}
    </StateBox>
  );
}

// Over what stands there of an answer, while no newer one comes.
export function NotRenewed({ since, error }: { since: number; error?: Error }) {
  if (!error) return null;
  return (
    <div class="notes">
      <Note state="waiting" title={`Not renewed since ${clock(since)}: ${sentence(error.message)}`} />
    </div>
  );
}

// Of an answer that a screen lives by: that it is on its way, why it did not come, or that it is not renewed.
export function AnswerState({ of, missing, bones }: { of: Loaded<unknown>; missing: string; bones: ComponentChildren }) {
  if (of.data) return <NotRenewed since={of.failingSince} error={of.error} />;
  return <>{of.error ? <ErrorState what={missing} why={of.error.message} /> : bones}</>;
}

// A search or filter that nothing passes, and the way back to all.
export function NothingMatches({ title, children, onClear }: { title: string; children: ComponentChildren; onClear: () => void }) {
  return (
    <StateBox title={title}>
      <p>{children}</p>
      <div>
        <button type="button" class="button" onClick={onClear}>
          Clear the search
        </button>
      </div>
    </StateBox>
  );
}

const kOneColumn = "(max-width: 1040px)";

// Whether the screen has no room for two columns.
export function isOneColumn(): boolean {
  return matchMedia(kOneColumn).matches;
}

export function useOneColumn(): boolean {
  const [query] = useState(() => matchMedia(kOneColumn));
  const [one, setOne] = useState(query.matches);
  useEffect(() => {
    const follow = () => setOne(query.matches);
    query.addEventListener("change", follow);
    return () => query.removeEventListener("change", follow);
  }, [query]);
  return one;
}

interface Hold {
  onPointerEnter: () => void;
  onPointerLeave: () => void;
  onFocusIn: (event: FocusEvent) => void;
  onFocusOut: () => void;
}

// While the pointer is over a list, or the keyboard in it, its order stands, whatever the new values say. Of a list that
// answers a `question` the rows that are gone stand too, as they were, until another is asked.
export function useSteadyOrder<T>(sorted: T[], keyOf: (item: T) => string, question?: string): [T[], Hold] {
  const [pointed, setPointed] = useState(false);
  const [focused, setFocused] = useState(false);
  const last = useRef<{ items: T[]; question?: string }>({ items: [] });
  let items = sorted;
  if ((pointed || focused) && last.current.question === question) {
    const now = new Map(sorted.map((item) => [keyOf(item), item]));
    items = last.current.items.flatMap((old) => {
      const key = keyOf(old);
      const item = now.get(key) ?? (question === undefined ? undefined : old);
      now.delete(key);
      return item === undefined ? [] : [item];
    });
    items.push(...now.values());
  }
  last.current = { items, question };
  return [
    items,
    {
      onPointerEnter: () => setPointed(true),
      onPointerLeave: () => setPointed(false),
      onFocusIn: (event) => setFocused((event.target as Element).matches(":focus-visible")),
      onFocusOut: () => setFocused(false),
    },
  ];
}
