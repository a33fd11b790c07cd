// A flame graph in a file of its own: the data stands in the page, gzipped and in base64.
import { Fragment, render } from "preact";
import { useCallback, useMemo, useState } from "preact/hooks";
import type { FlameColumns, Loss } from "../api";
import { amount, moment, percent, plural, visible } from "../format";
import { useKeys } from "../keys";
import { Dialog, KeysDialog, LossTable } from "../parts/dialog";
import { Segments } from "../parts/fields";
import { Icon } from "../parts/icon";
import { Bar } from "../parts/panel";
import { StateBox } from "../parts/states";
import { Graph } from "../profiles/graph";
import { buildTree, isEmpty } from "../profiles/model";
import { type ChangeLook, kPlainLook, kViews } from "../profiles/state";
import { applyTheme, toggleTheme } from "../theme";
import "./style.css";

interface Recording {
  title: string;
  unit: string;
  from: number; // ms since 1970; 0: not known
  until: number;
  samples: number;
  completeSamples: number;
  before?: string; // what the time before is called, where there is one
  facts: [string, string][];
  losses: Loss[];
  flame: FlameColumns;
}

const kKeys: [string, string][] = [
  ["/", "Search"],
  ["Esc", "Clear the search, then zoom out by one"],
  ["← → ↑ ↓", "Move in the flame graph"],
  ["Enter", "Zoom to the frame"],
  ["s", "Callers and callees of the frame"],
  ["t", "Dark or light"],
  ["?", "This list"],
];

function FactsDialog({ recording, onClose }: { recording: Recording; onClose: () => void }) {
  return (
    <Dialog title="About this recording" onClose={onClose}>
      <dl class="facts">
        {recording.facts.map(([name, value]) => (
          <Fragment key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </Fragment>
        ))}
      </dl>
      {recording.losses.length > 0 && (
        <>
          <h2>Samples lost, by reason</h2>
          <LossTable losses={recording.losses} />
        </>
      )}
    </Dialog>
  );
}

function summary(recording: Recording): string {
  if (recording.before !== undefined) return `Before: ${recording.before}. After: ${recording.title}.`;
  const parts = [];
  if (recording.from > 0) parts.push(moment(recording.from));
  if (recording.until > recording.from) parts.push(amount((recording.until - recording.from) * 1e6, "nanoseconds"));
  if (recording.samples > 0) parts.push(plural(recording.samples, "sample"));
  if (recording.completeSamples > 0) parts.push(`${percent(recording.completeSamples / recording.samples)} of the stacks complete`);
  return `${parts.join(", ")}.`;
}

function Nothing() {
  return (
    <StateBox title="Nothing was sampled.">
      <p>What was recorded used no CPU time at the moments it was looked at. Record for longer, at a higher rate (--rate), or while it works.</p>
    </StateBox>
  );
}

function Page({ recording }: { recording: Recording }) {
  const tree = useMemo(() => buildTree(recording.flame), [recording]);
  const [view, setView] = useState("both");
  const [look, setLook] = useState(kPlainLook);
  const onLook: ChangeLook = (change) => setLook((old) => ({ ...old, ...change }));
  const [dialog, setDialog] = useState<"" | "keys" | "facts">("");
  useKeys(useCallback(() => setDialog("keys"), []));
  const lost = recording.losses.reduce((sum, loss) => sum + loss.count, 0);
  return (
    <>
      <main id="main" tabIndex={-1}>
        <Bar title={recording.before === undefined ? recording.title : `${recording.before} → ${recording.title}`}>
          <span class="grow" />
          {lost > 0 && (
            <button type="button" class="link bad nowrap" onClick={() => setDialog("facts")}>
              {plural(lost, "sample")} lost
            </button>
          )}
          {!isEmpty(tree) && <Segments label="What to show" choices={kViews} value={view} onChange={setView} />}
          <button type="button" class="button" onClick={() => setDialog("facts")}>
            About
          </button>
          <button type="button" class="button quiet square" aria-label="Keyboard" title="Keyboard" onClick={() => setDialog("keys")}>
            <Icon name="keys" />
          </button>
          <button type="button" class="button quiet square" aria-label="Dark or light" title="Dark or light" onClick={toggleTheme}>
            <Icon name="theme" />
          </button>
        </Bar>
        {isEmpty(tree) ? (
          <Nothing />
        ) : (
          <Graph tree={tree} title={recording.title} unit={recording.unit} view={view} look={look} onLook={onLook} summary={summary(recording)} />
        )}
      </main>
      {dialog === "keys" && <KeysDialog keys={kKeys} onClose={() => setDialog("")} />}
      {dialog === "facts" && <FactsDialog recording={recording} onClose={() => setDialog("")} />}
      <div id="live" class="sr" role="status" aria-live="polite" />
    </>
  );
}

async function read(): Promise<Recording> {
  const text = document.getElementById("profile")!.textContent!.trim();
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const recording = JSON.parse(await new Response(stream).text()) as Recording;
  return { ...recording, title: visible(recording.title), before: recording.before && visible(recording.before) };
}

applyTheme();
read()
  .then((recording) => render(<Page recording={recording} />, document.body))
  .catch((e) =>
    render(
      <StateBox title="This file is damaged." state="unhealthy">
        <p>Its data could not be read: {String(e)}.</p>
      </StateBox>,
      document.body,
    ),
  );
