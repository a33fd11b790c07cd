// A config text with its line numbers, and what is wrong with it under the line where it is.
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { Diagnostic } from "../api";
import { isError, markOf } from "../diagnostics";
import { HealthMark, toneOf } from "../parts/health";
import { countChanged, type DiffRow } from "./diff";
import { highlight, indexOfColumn, marked, type Word } from "./highlight";

const kTogether = 100; // lines that the browser lays out or leaves alone

function Words({ words }: { words: Word[] }) {
  return (
    <code>
      {words.map((word, index) => (word.look ? <span key={index} class={word.look}>{word.text}</span> : word.text))}
    </code>
  );
}

function Said({ diagnostic }: { diagnostic: Diagnostic }) {
  return (
    <div class="say">
      <HealthMark state={markOf(diagnostic)} text={isError(diagnostic) ? "Error: " : "Warning: "} word={false} />
      <div>
        {diagnostic.message}
        {diagnostic.notes.map((note, index) => (
          <div class="sub" key={index}>
            {note.line && `line ${note.line}: `}
            {note.message}
          </div>
        ))}
      </div>
    </div>
  );
}

function withMarks(words: Word[], line: number, diagnostics: Diagnostic[]): Word[] {
  const text = words.map((word) => word.text).join("");
  return diagnostics.reduce((all, diagnostic) => {
    const from = indexOfColumn(text, diagnostic.column ?? 1);
    const until = diagnostic.endLine === line ? indexOfColumn(text, diagnostic.endColumn ?? 1) : text.length;
    return from === undefined || until === undefined ? all : marked(all, from, until, isError(diagnostic) ? "wrong" : "doubtful");
  }, words);
}

interface LineProps {
  number: number;
  words: Word[];
  diagnostics: Diagnostic[]; // of this line
  isShown: boolean; // it is the one to look at
}

function SourceLine({ number, words, diagnostics, isShown }: LineProps) {
  const worst = diagnostics.find(isError) ?? diagnostics[0];
  const classes = ["sourceline", worst && toneOf(markOf(worst)), isShown && "shown"];
  return (
    <div data-line={number} class={classes.filter(Boolean).join(" ")}>
      <i aria-hidden="true">{number}</i>
      <Words words={worst ? withMarks(words, number, diagnostics) : words} />
      {diagnostics.map((diagnostic, index) => (
        <Said key={index} diagnostic={diagnostic} />
      ))}
    </div>
  );
}

function diagnosticsByLine(diagnostics: Diagnostic[], lines: number): Map<number, Diagnostic[]> {
  const at = new Map<number, Diagnostic[]>();
  for (const diagnostic of diagnostics) {
    // Behind the last line: the file ends where something is missing.
    const line = Math.min(diagnostic.line ?? 1, lines);
    at.set(line, [...(at.get(line) ?? []), diagnostic]);
  }
  return at;
}

interface SourceProps {
  text: string;
  diagnostics: Diagnostic[]; // of this file
  line: number; // to show; 0: none
}

export function Source({ text, diagnostics, line }: SourceProps) {
  const lines = useMemo(() => highlight(text), [text]);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (line > 0) box.current?.querySelector(`[data-line="${line}"]`)?.scrollIntoView({ block: "center" });
  }, [line, text]);
  const at = diagnosticsByLine(diagnostics, lines.length);
  const chunks = Array.from({ length: Math.ceil(lines.length / kTogether) }, (_, i) => lines.slice(i * kTogether, (i + 1) * kTogether));
  return (
    <div class="source" ref={box}>
      {chunks.map((chunk, part) => (
        <div class="chunk" key={part} style={{ containIntrinsicHeight: `auto ${chunk.length * 20}px` }}>
          {chunk.map((words, index) => {
            const number = part * kTogether + index + 1;
            return <SourceLine key={number} number={number} words={words} diagnostics={at.get(number) ?? []} isShown={number === line} />;
          })}
        </div>
      ))}
    </div>
  );
}

const kSigns: Record<DiffRow["kind"], string> = { same: " ", removed: "−", added: "+", gap: "" };
const kSpoken: Partial<Record<DiffRow["kind"], string>> = { removed: "runs: ", added: "on disk: " };

export function Difference({ rows }: { rows: DiffRow[] }) {
  const { added, removed } = countChanged(rows);
  if (added + removed === 0) return <p class="pad sub">They differ in secrets only, which are not shown.</p>;
  return (
    <div class="source difference">
      {rows.map((row, index) =>
        row.kind === "gap" ? (
          <div class="sourceline gap" key={index}>⋯</div>
        ) : (
          <div class={`sourceline ${row.kind}`} key={index}>
            <i aria-hidden="true">{row.before ?? ""}</i>
            <i aria-hidden="true">{row.after ?? ""}</i>
            <b aria-hidden="true">{kSigns[row.kind]}</b>
            <span class="sr">{kSpoken[row.kind]}</span>
            <Words words={highlight(row.text)[0] ?? []} />
          </div>
        ),
      )}
    </div>
  );
}
