// What a component counts, as /metrics has it. Asked only while it is looked at.
import { useState } from "preact/hooks";
import { componentPath, url, usePoll } from "../ask";
import { count } from "../format";
import { Bones } from "../parts/bones";
import { Panel } from "../parts/panel";

interface Metric {
  name: string;
  help: string;
  labels: string;
  value: number | string; // infinities are text
}

const kEvery = { least: 5_000 };

function amount(value: number | string): string {
  if (typeof value === "string") return value;
  return Number.isInteger(value) ? count(value) : value.toPrecision(4);
}

function Rows({ id }: { id: string }) {
  const { data, error } = usePoll<{ metrics: Metric[] }>(url(`${componentPath(id)}/metrics`), kEvery);
  if (!data && error) return <p class="pad bad">{error.message}</p>;
  if (!data) return <Bones rows={4} />;
  if (data.metrics.length === 0) return <p class="pad dim">It counts nothing.</p>;
  return (
    <table class="metrics">
      <tbody>
        {data.metrics.map((metric) => (
          <tr key={metric.name + metric.labels} title={metric.help}>
            <td class="mono">
              {metric.name}
              {metric.labels && <span class="dim"> {metric.labels}</span>}
            </td>
            <td class="num mono">{amount(metric.value)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function Metrics({ id }: { id: string }) {
  const [open, setOpen] = useState(false);
  const action = (
    <button type="button" class="button quiet" aria-expanded={open} onClick={() => setOpen(!open)}>
      {open ? "Hide" : "Show"}
    </button>
  );
  return (
    <Panel title="Metrics" fact={open ? undefined : "as in /metrics"} action={action}>
      {open && <Rows id={id} />}
    </Panel>
  );
}
