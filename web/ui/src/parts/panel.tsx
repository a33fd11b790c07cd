// What a screen is divided into.
import type { ComponentChildren } from "preact";
import type { State } from "../api";
import { HealthMark, toneOf } from "./health";
import { Icon } from "./icon";

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
    <div class={`note ${toneOf(state)}`} role={state === "unhealthy" ? "alert" : "status"}>
      <HealthMark state={state} word={false} />
      <div class="grow">
        <strong>{title}</strong>
        {children}
      </div>
    </div>
  );
}
