// What a person types into or chooses by.
import type { ComponentChildren } from "preact";
import { Icon } from "./icon";

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

interface ChipChoice extends Choice<string> {
  look?: ComponentChildren; // instead of the label
  n?: number; // how many there are of it
  title?: string;
}

// Choices that take as many lines as they need.
export function Chips(props: { label: string; choices: ChipChoice[]; value: string; onChange: (value: string) => void }) {
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
