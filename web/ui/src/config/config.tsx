// The config that runs, what is on the disk beside it, and what the last reload came to.
import { useMemo } from "preact/hooks";
import type { Load, Status } from "../api";
import { url, usePoll } from "../ask";
import { isError } from "../diagnostics";
import { baseName, bytes } from "../format";
import { Bones } from "../parts/bones";
import { isOneColumn } from "../parts/columns";
import { Chips, Segments } from "../parts/fields";
import { HealthMark } from "../parts/health";
import { Bar } from "../parts/panel";
import { AnswerState, StateBox } from "../parts/states";
import { replaceQuery } from "../route";
import type { ConfigAnswer, ConfigFile } from "./api";
import { Aside } from "./aside";
import { diffRows } from "./diff";
import { ReloadButton, useReload } from "./reload";
import { Difference, Source } from "./source";

const kEvery = { topic: "config", most: 10_000 } as const; // the text on the disk may be edited as well

type View = "running" | "disk" | "difference";

// What can be looked at, the first of it at first.
function viewsOf(file: ConfigFile, load?: Load): View[] {
  if (!file.isRunning) return ["disk"];
  if (file.isSame || !file.isOnDisk) return ["running"];
  return load && !load.ok ? ["disk", "difference", "running"] : ["difference", "running", "disk"];
}

const kViewNames: Record<View, string> = { running: "Running", disk: "On disk", difference: "Difference" };

// A refused load speaks of the file on the disk, one that was taken of what runs.
function speaksOf(view: View, load: Load | undefined, file: ConfigFile): boolean {
  if (!load) return false;
  return load.ok ? file.isSame || view === "running" : !file.isSame && view === "disk";
}

function Text({ file, view, load, line }: { file: ConfigFile; view: View; load?: Load; line: number }) {
  const before = file.running ?? "";
  const after = file.disk ?? "";
  const rows = useMemo(() => (view === "difference" ? diffRows(before, after) : []), [view, before, after]);
  if (view === "difference") return <Difference rows={rows} />;
  const text = view === "disk" && !file.isSame ? after : before;
  const diagnostics = speaksOf(view, load, file) ? load!.diagnostics.filter((diagnostic) => diagnostic.file === file.name) : [];
  if (text.trim() === "") {
    return (
      <StateBox title="The config is empty.">
        <p>weir runs and does nothing. Write components into <code>{file.name}</code>; it loads the file when it is saved.</p>
      </StateBox>
    );
  }
  // On a narrow screen the errors are listed above the text.
  const first = isOneColumn() ? 0 : (diagnostics.find(isError)?.line ?? 0);
  return <Source text={text} diagnostics={diagnostics} line={line || first} />;
}

function Files({ files, chosen }: { files: ConfigFile[]; chosen: ConfigFile }) {
  if (files.length < 2) return null;
  const choices = files.map(({ name, isSame }) => {
    const differs = !isSame && <HealthMark state="waiting" word={false} text="differs" />;
    return { value: name, label: baseName(name), look: <>{differs}{baseName(name)}</>, title: name };
  });
  return <Chips label="File" choices={choices} value={chosen.name} onChange={(file) => replaceQuery({ file, line: undefined })} />;
}

interface Shown {
  file?: ConfigFile;
  view?: View;
  views: View[]; // to choose from
  line: number; // to show; 0: none
  unknown: string; // the file that was asked for and is none of the config's
}

function shownOf(query: URLSearchParams, config?: ConfigAnswer, load?: Load): Shown {
  const wanted = query.get("file") ?? "";
  const named = config?.files.find((one) => one.name === wanted);
  const file = named ?? config?.files[0];
  const views = file ? viewsOf(file, load) : [];
  const view = views.find((one) => one === query.get("view")) ?? views[0];
  const unknown = named ? "" : wanted;
  return { file, view, views, unknown, line: unknown ? 0 : Number(query.get("line") ?? 0) };
}

function Reading({ config, shown, load }: { config: ConfigAnswer; shown: Shown; load?: Load }) {
  const { file, view, line, unknown } = shown;
  return (
    <div class="text" tabIndex={0} role="region" aria-label={file ? `Text of ${file.name}` : "Text"}>
      {unknown && (
        <p class="pad sub" role="status">
          The text of <code>{unknown}</code> is imported by a component, and not shown here. This is the config itself.
        </p>
      )}
      {!config.hasTexts && <p class="pad sub">The config has {bytes(config.bytes)}: too much to show here.</p>}
      {config.files.length === 0 && (
        <StateBox title="No config is loaded.">
          <p>weir runs nothing yet. It looks for {config.path || "a config"} and loads it as soon as it is there.</p>
        </StateBox>
      )}
      {config.hasTexts && file && view && <Text file={file} view={view} load={load} line={line} />}
    </div>
  );
}

export function ConfigScreen({ query, status }: { query: URLSearchParams; status?: Status }) {
  const polled = usePoll<ConfigAnswer>(url("config"), kEvery);
  const [asked, reload] = useReload();
  const config = polled.data;
  const shown = shownOf(query, config, status?.lastLoad);
  const { file, view, views } = shown;
  const choices = views.map((one) => ({ value: one, label: kViewNames[one] }));
  return (
    <>
      <Bar title="Config">
        {config && <code class="dim cut hide-narrow" title={config.path}>{config.path}</code>}
        {config && file && <Files files={config.files} chosen={file} />}
        <span class="grow" />
        {choices.length > 1 && view && (
          <Segments label="Which text" choices={choices} value={view} onChange={(next) => replaceQuery({ view: next, line: undefined })} />
        )}
        <ReloadButton asked={asked} onReload={reload} />
      </Bar>
      <AnswerState of={polled} missing="The config did not come." bones={<Bones rows={16} height={10} />} />
      {config && (
        <div class="besides">
          <Reading config={config} shown={shown} load={status?.lastLoad} />
          <Aside config={config} status={status} asked={asked} />
        </div>
      )}
    </>
  );
}
