// The config that runs, what is on the disk beside it, and what the last reload came to.
import { useMemo, useState } from "preact/hooks";
import type { Diagnostic, Load, State, Status } from "../api";
import { asApiError, post, url, usePoll } from "../ask";
import { isError, markOf } from "../diagnostics";
import { baseName, bytes, clock, count, moment, plural } from "../format";
import { Bones } from "../parts/bones";
import { isOneColumn } from "../parts/columns";
import { Chips, Segments } from "../parts/fields";
import { HealthMark } from "../parts/health";
import { Icon } from "../parts/icon";
import { Bar, Note } from "../parts/panel";
import { AnswerState, StateBox } from "../parts/states";
import { replaceQuery } from "../route";
import { toast } from "../toast";
import type { ConfigAnswer, ConfigFile } from "./api";
import { countChanged, diffRows } from "./diff";
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

// ---- beside the text ----

function Result({ load, runningSince }: { load: Load; runningSince: number }) {
  const errors = load.diagnostics.filter(isError).length;
  const warnings = load.diagnostics.length - errors;
  if (!load.ok) {
    return (
      <Note state="unhealthy" title={`Refused at ${moment(load.time)}: ${plural(errors, "error")}.`}>
        <p>Nothing was changed: weir still runs the config of {moment(runningSince)}. Cause of the load: {load.cause}.</p>
      </Note>
    );
  }
  const numbers: [number, string][] = [
    [load.added, "added"],
    [load.changed, "changed"],
    [load.removed, "removed"],
    [load.unchanged, "as they were"],
  ];
  return (
    <section>
      <HealthMark state={warnings > 0 ? "waiting" : "healthy"} text={`Loaded at ${moment(load.time)}`} />
      <p class="sub">
        Components: {numbers.filter(([n]) => n > 0).map(([n, word]) => `${count(n)} ${word}`).join(", ") || "none"}.
      </p>
      <p class="dim small">
        Took {count(Math.max(1, Math.round(load.seconds * 1000)))} ms. Cause: {load.cause}.
        {warnings > 0 && ` ${plural(warnings, "warning")}.`}
      </p>
    </section>
  );
}

function Problems({ load, files }: { load: Load; files: ConfigFile[] }) {
  const known = new Set(files.map((file) => file.name));
  if (load.diagnostics.length === 0) return null;
  const go = (diagnostic: Diagnostic) =>
    replaceQuery({ file: diagnostic.file, line: String(diagnostic.line ?? 1), view: load.ok ? "running" : "disk" });
  return (
    <section>
      <h2>{load.ok ? "Warnings" : "What is wrong"}</h2>
      <ul class="problems">
        {load.diagnostics.map((diagnostic, index) => (
          <li key={index}>
            <HealthMark state={markOf(diagnostic)} text={diagnostic.severity} word={false} />
            <div>
              {diagnostic.file && known.has(diagnostic.file) ? (
                <button type="button" class="link mono" onClick={() => go(diagnostic)}>
                  {baseName(diagnostic.file)}:{diagnostic.line}:{diagnostic.column}
                </button>
              ) : (
                diagnostic.file && <span class="mono dim">{baseName(diagnostic.file)}:{diagnostic.line}</span>
              )}
              <div>{diagnostic.message}</div>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

function differenceText(file: ConfigFile): string {
  if (!file.isRunning) return "is not loaded yet";
  if (!file.isOnDisk) return "is gone from the disk; what runs stays";
  const { added, removed } = countChanged(diffRows(file.running ?? "", file.disk ?? ""));
  if (added + removed === 0) return "differs in secrets only";
  return `has ${plural(added, "line")} that ${added === 1 ? "does" : "do"} not run, and lacks ${count(removed)} that ${removed === 1 ? "runs" : "run"}`;
}

function OnDisk({ config }: { config: ConfigAnswer }) {
  const others = config.files.filter((file) => !file.isSame);
  const texts = useMemo(() => (config.hasTexts ? others.map(differenceText) : others.map(() => "differs from what runs")), [config]);
  return (
    <section>
      <h2>The file on the disk</h2>
      {others.length === 0 && config.unreadable.length === 0 && <p class="sub">It says what runs.</p>}
      {others.map((file, index) => (
        <p class="sub" key={file.name}>
          <code>{baseName(file.name)}</code> {texts[index]}.
        </p>
      ))}
      {config.unreadable.map((text) => (
        <p class="bad" key={text}>{text}</p>
      ))}
    </section>
  );
}

// ---- reload ----

// Of a question without an answer nobody knows what became of it.
type Outcome = "done" | "refused" | "unknown";
type Asked = { state: "none" } | { state: "asking" } | { state: Outcome; time: number; text: string };

const kSaid: Record<Outcome, { mark: State; words: string }> = {
  done: { mark: "healthy", words: "Reloaded." },
  refused: { mark: "unhealthy", words: "The reload was refused." },
  unknown: { mark: "waiting", words: "The reload was not answered." },
};

function useReload(): [Asked, () => void] {
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
function Answer({ asked }: { asked: Asked }) {
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

function Aside({ config, status, asked }: { config: ConfigAnswer; status?: Status; asked: Asked }) {
  return (
    <aside class="beside" aria-label="The last load">
      <div role="status">
        <Answer asked={asked} />
      </div>
      {status && <Result load={status.lastLoad} runningSince={status.runningSince} />}
      {status && <Problems load={status.lastLoad} files={config.files} />}
      <OnDisk config={config} />
      <p class="dim small">Passwords, tokens and keys are not sent to this page: “(secret)” stands for each.</p>
    </aside>
  );
}

function Files({ files, chosen }: { files: ConfigFile[]; chosen: ConfigFile }) {
  if (files.length < 2) return null;
  const choices = files.map(({ name, isSame }) => {
    const differs = !isSame && <HealthMark state="waiting" word={false} text="differs" />;
    return { value: name, label: baseName(name), look: <>{differs}{baseName(name)}</>, title: name };
  });
  return <Chips label="File" choices={choices} value={chosen.name} onChange={(file) => replaceQuery({ file, line: undefined })} />;
}

export function ConfigScreen({ query, status }: { query: URLSearchParams; status?: Status }) {
  const polled = usePoll<ConfigAnswer>(url("config"), kEvery);
  const [asked, reload] = useReload();
  const config = polled.data;
  const asFor = query.get("file") ?? "";
  const named = config?.files.find((one) => one.name === asFor);
  const file = named ?? config?.files[0];
  const views = file ? viewsOf(file, status?.lastLoad) : [];
  const view = views.find((one) => one === query.get("view")) ?? views[0];
  return (
    <>
      <Bar title="Config">
        {config && <code class="dim cut hide-narrow" title={config.path}>{config.path}</code>}
        {config && file && <Files files={config.files} chosen={file} />}
        <span class="grow" />
        {views.length > 1 && view && (
          <Segments label="Which text" choices={views.map((one) => ({ value: one, label: kViewNames[one] }))} value={view} onChange={(next) => replaceQuery({ view: next, line: undefined })} />
        )}
        <button type="button" class="button main" aria-disabled={asked.state === "asking" ? "true" : undefined} onClick={() => asked.state !== "asking" && reload()}>
          <Icon name="reload" />
          {asked.state === "asking" ? "Reloading" : "Reload"}
        </button>
      </Bar>
      <AnswerState of={polled} missing="The config did not come." bones={<Bones rows={16} height={10} />} />
      {config && (
        <div class="besides">
          <div class="text" tabIndex={0} role="region" aria-label={file ? `Text of ${file.name}` : "Text"}>
            {asFor && !named && (
              <p class="pad sub" role="status">
                The text of <code>{asFor}</code> is imported by a component, and not shown here. This is the config itself.
              </p>
            )}
            {!config.hasTexts && <p class="pad sub">The config has {bytes(config.bytes)}: too much to show here.</p>}
            {config.files.length === 0 && (
              <StateBox title="No config is loaded.">
                <p>weir runs nothing yet. It looks for {config.path || "a config"} and loads it as soon as it is there.</p>
              </StateBox>
            )}
            {config.hasTexts && file && view && <Text file={file} view={view} load={status?.lastLoad} line={asFor && !named ? 0 : Number(query.get("line") ?? 0)} />}
          </div>
          <Aside config={config} status={status} asked={asked} />
        </div>
      )}
    </>
  );
}
