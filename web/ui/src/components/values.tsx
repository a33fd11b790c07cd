// Values of the config language, as tables (arguments, exports) and as trees (debug info).
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Statement, Value } from "../api";
import { count, plural, visible } from "../format";
import { Label } from "../parts/label";
import { Panel } from "../parts/panel";
import { entriesOf, isScalar, shortText, sizeText } from "./entries";
import { PagedView } from "./view";

function quoted(text: string): string {
  return JSON.stringify(text);
}

function Scalar({ value }: { value: Value }) {
  switch (value.type) {
    case "string":
      return (
        <span class="v-text">
          <bdi>{visible(quoted(String(value.value)))}</bdi>
          {value.length !== undefined && <span class="dim"> … of {count(value.length)} bytes</span>}
        </span>
      );
    case "number":
    case "bool":
      return <span class="v-number">{String(value.value)}</span>;
    case "null":
      return <span class="dim">null</span>;
    default:
      return <span class="v-plain">{String(value.value)}</span>;
  }
}

function Leaf({ name, children, doc }: { name: string; children: ComponentChildren; doc?: string }) {
  return (
    <li>
      <span class="leaf" title={doc}>
        <span class="key">{name}</span> = {children}
      </span>
    </li>
  );
}

function Branch({ name, size, open, children }: { name: string; size: string; open: boolean; children: ComponentChildren }) {
  return (
    <li>
      <details open={open}>
        <summary>
          <span class="key">{name}</span> <span class="dim">{size}</span>
        </summary>
        <ul>{children}</ul>
      </details>
    </li>
  );
}

const kOpenUpTo = 6;

function ValueNode({ name, value, doc }: { name: string; value: Value; doc?: string }) {
  if (isScalar(value)) {
    return (
      <Leaf name={name} doc={doc}>
        <Scalar value={value} />
      </Leaf>
    );
  }
  const entries = entriesOf(value);
  if (entries.length === 0 && !value.length) {
    return (
      <Leaf name={name} doc={doc}>
        <span class="dim">{value.type === "object" ? "{ }" : "[ ]"}</span>
      </Leaf>
    );
  }
  return (
    <Branch name={name} size={sizeText(value)} open={entries.length <= kOpenUpTo && !value.length}>
      {entries.map((entry) => (
        <ValueNode key={entry.key} name={entry.key} value={entry.value} />
      ))}
      {value.length !== undefined && <li class="dim leaf">and {count(value.length - entries.length)} more</li>}
    </Branch>
  );
}

function StatementNode({ statement }: { statement: Statement }) {
  if (statement.type === "attr") return <ValueNode name={statement.name} value={statement.value!} doc={statement.doc} />;
  const name = statement.label ? `${statement.name} ${quoted(statement.label)}` : statement.name;
  const body = statement.body ?? [];
  return (
    <Branch name={name} size={plural(body.length, "field")} open={body.length <= kOpenUpTo}>
      {body.map((inner, index) => (
        <StatementNode key={index} statement={inner} />
      ))}
    </Branch>
  );
}

export function BodyTree({ body }: { body: Statement[] }) {
  return (
    <ul class="tree">
      {body.map((statement, index) => (
        <StatementNode key={index} statement={statement} />
      ))}
    </ul>
  );
}

// ---- arguments: one row each, blocks flattened into dotted names ----

interface Line {
  name: string;
  statement: Statement;
}

function flatten(body: Statement[], prefix = ""): Line[] {
  const many = new Map<string, number>();
  for (const statement of body) many.set(statement.name, (many.get(statement.name) ?? 0) + 1);
  const seen = new Map<string, number>();
  return body.flatMap((statement) => {
    const index = seen.get(statement.name) ?? 0;
    seen.set(statement.name, index + 1);
    let name = prefix + statement.name;
    if (statement.type === "attr") return [{ name, statement }];
    if (statement.label) name += `.${statement.label}`;
    else if ((many.get(statement.name) ?? 1) > 1) name += `[${index}]`;
    const inner = statement.body ?? [];
    if (inner.length === 0) return [{ name, statement }];
    return flatten(inner, `${name}.`).map((line) => ({
      name: line.name,
      statement: statement.default ? { ...line.statement, default: true } : line.statement,
    }));
  });
}

// What a value looks like inside a row: lists one item a line.
function Inline({ component, value }: { component: string; value: Value }) {
  if (isScalar(value)) return <Scalar value={value} />;
  const entries = entriesOf(value);
  if (entries.length === 0) return <span class="dim">{value.type === "object" ? "{ }" : "[ ]"}</span>;
  if (value.type === "array") {
    return (
      <div>
        {entries.map((entry) => (
          <div key={entry.key}>
            <Inline component={component} value={entry.value} />
          </div>
        ))}
        {value.length !== undefined && <span class="dim">and {count(value.length - entries.length)} more</span>}
      </div>
    );
  }
  return (
    <span>
      {entries.map((entry) => (
        <Label key={entry.key} name={entry.key} value={shortText(entry.value)} />
      ))}
    </span>
  );
}

function ArgumentRow({ component, line }: { component: string; line: Line }) {
  const { statement } = line;
  const note = [statement.noEffect && "no effect", statement.default && "default"].filter(Boolean).join(" · ");
  return (
    <tr class={statement.default ? "default" : ""} title={statement.noEffect || statement.doc}>
      <td class="mono name">{line.name}</td>
      <td class="mono value">
        {statement.value ? <Inline component={component} value={statement.value} /> : <span class="dim">{"{ }"}</span>}
        {statement.unit && statement.value && <span class="dim"> {statement.unit}</span>}
      </td>
      <td class="dim small notecell">{note}</td>
    </tr>
  );
}

function viewsOf(lines: Line[]): { name: string; value: Value }[] {
  return lines.flatMap(({ name, statement }) => (statement.value?.view ? [{ name, value: statement.value }] : []));
}

interface BodyPanelProps {
  title: string;
  component: string;
  body: Statement[];
  empty: string;
}

// Targets are never a tree: every list that was cut is read in pages below its row.
export function BodyPanel({ title, component, body, empty }: BodyPanelProps) {
  const [hidden, setHidden] = useState(false);
  const lines = flatten(body);
  const set = lines.filter((line) => !line.statement.default);
  const defaults = lines.filter((line) => line.statement.default);
  // What the config sets comes first; both parts stay in the order of the table.
  const shown = hidden ? set : [...set, ...defaults];
  const rows = shown.filter((line) => !line.statement.value?.view);
  const action = defaults.length > 0 && (
    <button type="button" class="button quiet" aria-pressed={hidden} onClick={() => setHidden(!hidden)}>
      {hidden ? "Show defaults" : "Hide defaults"}
    </button>
  );
  return (
    <Panel title={title} fact={defaults.length > 0 ? `${defaults.length} at their default` : undefined} action={action}>
      {shown.length === 0 && <p class="pad dim">{lines.length === 0 ? empty : "All at their default."}</p>}
      {rows.length > 0 && (
        <table class="arguments">
          <tbody>
            {rows.map((line) => (
              <ArgumentRow key={line.name} component={component} line={line} />
            ))}
          </tbody>
        </table>
      )}
      {viewsOf(shown).map(({ name, value }) => (
        <PagedView key={name} component={component} view={value.view!} title={name} fact={sizeText(value)} />
      ))}
    </Panel>
  );
}
